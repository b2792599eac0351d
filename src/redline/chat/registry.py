"""Names of models, as a person writes them, to chat models."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from redline.chat.contract import ChatModel
from redline.chat.local import HfModel
from redline.chat.openai_model import OpenAiModel
from redline.chat.prices import Prices
from redline.chat.recorded import RecordedModel
from redline.errors import UsageError

__all__ = ["FORMS", "ModelOptions", "chat_model", "model_names"]

FORMS = {
    "openai": "openai:MODEL@http://HOST:PORT/v1",
    "hf": "hf:FOLDER_OR_NAME, or hf:FOLDER_OR_NAME+ADAPTER_FOLDER (or a folder with clinicians.json)",
    "recorded": "recorded:NAME, or recorded:FILE.jsonl",
    "tiny": "tiny, or tiny:FOLDER",
}
"""How each kind of model is written."""


@dataclass(frozen=True)
class ModelOptions:
    """What a model that is named in one word may still need.

    `concurrent` is the most requests in flight (for `hf` the largest batch), `timeout` in seconds for one attempt,
    `window` the context in tokens where the model cannot say, `tokenizer` a tokenizer.json for exact counts at an
    endpoint, `name` the model's name in tables (empty: a short one of its own).  `other_base` takes an adapter of `hf`
    although it was made for other weights of the same shape.
    """

    allow_remote: frozenset[str] = frozenset()
    prices: Prices = Prices()
    concurrent: int = 8
    timeout: float = 120.0
    key_variable: str = "OPENAI_API_KEY"
    window: int | None = None
    download: bool = False
    name: str = ""
    tokenizer: Path | None = None
    device: str = "auto"
    other_base: bool = False


def model_names() -> tuple[str, ...]:
    """Built-in kinds of models and those of installed packages (entry points `redline.chat`)."""
    return (*FORMS, *sorted(e.name for e in entry_points(group="redline.chat")))


def chat_model(spec: str, options: ModelOptions | None = None) -> ChatModel:
    """The model that `spec` names.  Nothing is sent and no weights are loaded before the first request.

    An installed package's entry point is called with what stands behind the colon and the options.

    >>> chat_model("openai:my-model@http://localhost:8000/v1").name
    'my-model'
    >>> chat_model("recorded:frontier-llm").name
    'frontier-llm'
    """
    name, _, rest = spec.partition(":")
    options = options or ModelOptions()
    makers: Mapping[str, Callable[[str, ModelOptions], ChatModel]] = {
        "openai": _openai,
        "hf": _hf,
        "recorded": _recorded,
        "tiny": _tiny,
    }
    if name in makers:
        return makers[name](rest, options)
    for entry in entry_points(group="redline.chat"):
        if entry.name == name:
            made: ChatModel = entry.load()(rest, options)
            return made
    close = difflib.get_close_matches(name, model_names(), 1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    raise UsageError(f"there is no kind of model {name!r}; {meant}Write one of: " + "; ".join(FORMS.values()))


def _openai(rest: str, options: ModelOptions) -> ChatModel:
    model, at, url = rest.rpartition("@")
    if not at or not model:
        raise UsageError(f"write {FORMS['openai']}")
    return OpenAiModel(
        url, model, options.allow_remote, title=options.name, prices=options.prices, concurrent=options.concurrent,
        timeout=options.timeout, key_variable=options.key_variable, window=options.window, tokenizer=options.tokenizer,
    )  # fmt: skip


def _hf(rest: str, options: ModelOptions) -> ChatModel:
    source, plus, adapter = rest.rpartition("+")
    if not plus or Path(rest).is_dir():  # a folder's own name may hold a plus sign
        source, adapter = rest, ""
    if not source:
        raise UsageError(f"write {FORMS['hf']}")
    return HfModel(
        source, adapter or None, title=options.name, batch=options.concurrent, window=options.window,
        device=options.device, download=options.download, other_base=options.other_base,
    )  # fmt: skip


def _recorded(rest: str, options: ModelOptions) -> ChatModel:
    if not rest:
        raise UsageError(f"write {FORMS['recorded']}")
    if Path(rest).is_file():
        return RecordedModel.from_file(rest, name=options.name)
    path, mark, model = rest.rpartition("#")
    if mark and Path(path).is_file():
        return RecordedModel.from_file(path, model=model, name=options.name)
    return RecordedModel.bundled(rest, name=options.name)


def _tiny(rest: str, options: ModelOptions) -> ChatModel:
    # By name, because the tiny model brings an inference session that nothing else here needs.
    tiny: Any = importlib.import_module("redline.chat.tiny")
    made: ChatModel = tiny.TinyModel(rest or None, name=options.name or "tiny")
    return made
