"""A Hugging Face causal language model in this process, with an adapter where one is named."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redline.chat.adapters import AdapterInfo, check_shapes
from redline.chat.adapters.choice import AdapterSet, adapter_set
from redline.chat.adapters.resident import Resident
from redline.chat.batching import Batcher
from redline.chat.contract import AdapterChoice, ChatMessage, ChatRequest, ChatResult, Sampling, Usage
from redline.chat.draws import OwnDraws
from redline.chat.prices import Prices
from redline.chat.template import ChatTemplate
from redline.chat.weights import check_extra, find_folder, load, read_window, weights_digest
from redline.errors import UsageError
from redline.records import Status, digest

__all__ = ["HfModel"]


@dataclass(frozen=True, slots=True)
class _Prompt:
    ids: tuple[int, ...]
    sampling: Sampling
    seed: int
    adapter: str


class HfModel:
    """The model in `source` (a folder, or a name in the local Hugging Face cache) with the adapter in `adapter`, or with
    one for each clinician where `adapter` is a folder with `clinicians.json` (`personal` is then true).

    Nothing is fetched from the network unless `download` is true, and no code of the folder is run.  Requests that
    come together are generated together, `batch` at most, padded on the left.  At temperature 0 the likeliest token
    is taken; else each request draws with its own generator, seeded with the request's digest (which holds the
    sampling seed): the same request gives the same text in any company, up to the rounding of padded batches.
    Tokenizer and weights are read at the first use.  `device` is `cpu`, `cuda` or `auto`.  An adapter that does not fit
    is a `UsageError` here, by names and shapes; at the first use also by the base's content, unless `other_base`.
    """

    prices = Prices()

    def __init__(
        self, source: str, adapter: str | AdapterSet | None = None, *, title: str = "", batch: int = 8, window: int | None = None,
        device: str = "auto", download: bool = False, other_base: bool = False,
    ) -> None:  # fmt: skip
        check_extra()
        if device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"there is no device {device!r}; write auto, cpu or cuda")
        self.folder = find_folder(source, download=download)
        named = adapter if isinstance(adapter, str) else ""
        given = adapter if isinstance(adapter, AdapterSet) else AdapterSet()
        self._adapters = adapter_set(named, download=download) if named else given
        for folder in self._adapters.folders.values():
            check_shapes(folder, self.folder)
        self.name = title or _short(source) + (f"+{_short(named)}" if named else "")
        self.window = window or read_window(self.folder)
        self.concurrent = 2 * batch  # so that a full batch waits while one runs
        self._device, self._other_base = device, other_base
        self._lock = threading.Lock()
        self._template: ChatTemplate | None = None
        self._loaded: Resident | None = None
        self._digest = ""
        self._batcher: Batcher[_Prompt, ChatResult] = Batcher(self._run, size=lambda p: len(p.ids), limit=batch)

    @property
    def digest(self) -> str:
        """Of the content of configuration, tokenizer, weights and adapters; all files of the base are read once for it."""
        with self._lock:
            if not self._digest:
                own = weights_digest([self.folder])
                self._digest = digest([own, self._adapters.digest]) if self._adapters.folders else own
            return self._digest

    @property
    def adapter(self) -> AdapterInfo | None:
        """The one adapter, where there is one for everybody."""
        return self._adapters.single

    @property
    def personal(self) -> bool:
        """Whether clinicians have adapters of their own."""
        return self._adapters.personal

    def adapter_for(self, clinician: str | None) -> AdapterChoice:
        """Which adapter answers for `clinician`."""
        return self._adapters.choose(clinician)

    def tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the prompt with its chat template, exact."""
        return len(self._chat_template().encode(messages))

    async def complete(self, request: ChatRequest) -> ChatResult:
        """One completion; a prompt that leaves no room for `max_tokens` is `too_long` and not run."""
        begun = time.monotonic()
        adapter = self._adapters.named(request)
        ids = tuple(self._chat_template().encode(request.messages))
        if self.window is not None and len(ids) + request.sampling.max_tokens > self.window:
            detail = f"{len(ids)} tokens and {request.sampling.max_tokens} for the reply, the window has {self.window}"
            return ChatResult(Status.TOO_LONG, detail=detail)
        seed = int(request.digest[:15], 16)
        result = await self._batcher.submit(_Prompt(ids, request.sampling, seed, adapter))
        return replace(result, seconds=time.monotonic() - begun)

    async def close(self) -> None:
        """Let go of the weights; a later call loads them again."""
        self._batcher.close()
        self._loaded = None

    def _chat_template(self) -> ChatTemplate:
        with self._lock:
            if self._template is None:
                self._template = ChatTemplate(self.folder)
            return self._template

    def _run(self, prompts: Sequence[_Prompt]) -> list[ChatResult]:
        """Generate for one batch, in the batcher's thread: adapter by adapter, since one is active at a time."""
        if self._loaded is None:
            self._loaded = Resident(self.folder, *load(self.folder, self._device), other_base=self._other_base)
        found: dict[int, ChatResult] = {}
        for adapter in dict.fromkeys(p.adapter for p in prompts):
            places = [i for i, p in enumerate(prompts) if p.adapter == adapter]
            with self._loaded.using(adapter, self._adapters.folders.get(adapter)) as model:
                answers = self._fitting(model, self._loaded.device, [prompts[i] for i in places])
            found |= dict(zip(places, answers, strict=True))
        return [found[i] for i in range(len(prompts))]

    def _fitting(self, model: Any, device: str, prompts: Sequence[_Prompt]) -> list[ChatResult]:
        """In halves where it does not fit into memory."""
        import torch

        try:
            return self._generate(model, device, prompts)
        except torch.OutOfMemoryError:
            if len(prompts) == 1:
                return [ChatResult(Status.TOO_LONG, detail=f"does not fit into the memory of {device}")]
        middle = len(prompts) // 2
        return [*self._fitting(model, device, prompts[:middle]), *self._fitting(model, device, prompts[middle:])]

    def _generate(self, model: Any, device: str, prompts: Sequence[_Prompt]) -> list[ChatResult]:
        import torch
        from transformers import LogitsProcessorList

        template = self._chat_template()
        length = max(len(p.ids) for p in prompts)
        padded = [[template.pad] * (length - len(p.ids)) + list(p.ids) for p in prompts]
        mask = [[0] * (length - len(p.ids)) + [1] * len(p.ids) for p in prompts]
        with torch.inference_mode():
            generated = model.generate(
                input_ids=torch.tensor(padded, device=device),
                attention_mask=torch.tensor(mask, device=device),
                do_sample=False,  # the draws are in the processor
                max_new_tokens=max(p.sampling.max_tokens for p in prompts),
                pad_token_id=template.pad,
                logits_processor=LogitsProcessorList([OwnDraws([(p.sampling, p.seed) for p in prompts])]),
            )
        ends = _ends(model.generation_config.eos_token_id, template.end)
        rows = generated[:, length:].tolist()
        return [_result(template, p, row, ends) for p, row in zip(prompts, rows, strict=True)]


def _short(source: str) -> str:
    return Path(source).name or source


def _ends(of_model: int | list[int] | None, of_tokenizer: int | None) -> frozenset[int]:
    """Tokens that end an answer."""
    many = of_model if isinstance(of_model, list) else [of_model]
    return frozenset(t for t in (*many, of_tokenizer) if t is not None)


def _result(template: ChatTemplate, prompt: _Prompt, row: Sequence[int], ends: frozenset[int]) -> ChatResult:
    """The text up to the first end or to the request's own `max_tokens`; the batch ran to the longest one's."""
    kept = list(row[: prompt.sampling.max_tokens])
    end = next((i for i, token in enumerate(kept) if token in ends), None)
    finish = "length" if end is None else "stop"
    usage = Usage(len(prompt.ids), len(kept) if end is None else end + 1)
    return ChatResult(Status.OK, template.decode(kept if end is None else kept[:end]), finish, usage)
