"""A Hugging Face causal language model in this process, with an adapter where one is named."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redline.chat.batching import Batcher
from redline.chat.contract import ChatMessage, ChatRequest, ChatResult, Sampling, Usage
from redline.chat.draws import OwnDraws
from redline.chat.prices import Prices
from redline.chat.template import ChatTemplate
from redline.chat.weights import check_extra, find_folder, load, read_window, weights_digest
from redline.errors import UsageError
from redline.records import Status

__all__ = ["HfModel"]


@dataclass(frozen=True, slots=True)
class _Prompt:
    ids: tuple[int, ...]
    sampling: Sampling
    seed: int


class HfModel:
    """The model in `source` (a folder, or a name in the local Hugging Face cache) with the adapter in `adapter`.

    Nothing is fetched from the network unless `download` is true, and no code of the folder is run.  Requests that
    come together are generated together, `batch` at most, padded on the left.  At temperature 0 the likeliest token
    is taken; else each request draws with its own generator, seeded with the request's digest (which holds the
    sampling seed): the same request gives the same text in any company, up to the rounding of padded batches.
    Tokenizer and weights are read at the first use.  `device` is `cpu`, `cuda` or `auto`.
    """

    prices = Prices()

    def __init__(
        self, source: str, adapter: str | None = None, *, title: str = "", batch: int = 8, window: int | None = None,
        device: str = "auto", download: bool = False,
    ) -> None:  # fmt: skip
        check_extra()
        if device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"there is no device {device!r}; write auto, cpu or cuda")
        self.folder = find_folder(source, download=download)
        self.adapter = find_folder(adapter, download=download, wanted="adapter_config.json") if adapter else None
        self.name = title or _short(source) + (f"+{_short(adapter)}" if adapter else "")
        self.window = window or read_window(self.folder)
        self.concurrent = 2 * batch  # so that a full batch waits while one runs
        self._device = device
        self._lock = threading.Lock()
        self._template: ChatTemplate | None = None
        self._loaded: tuple[Any, str] | None = None
        self._digest = ""
        self._batcher: Batcher[_Prompt, ChatResult] = Batcher(self._run, size=lambda p: len(p.ids), limit=batch)

    @property
    def digest(self) -> str:
        """Of the content of configuration, tokenizer, weights and adapter; all files are read once for it."""
        with self._lock:
            if not self._digest:
                self._digest = weights_digest([self.folder, *([self.adapter] if self.adapter else [])])
            return self._digest

    def tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the prompt with its chat template, exact."""
        return len(self._chat_template().encode(messages))

    async def complete(self, request: ChatRequest) -> ChatResult:
        """One completion; a prompt that leaves no room for `max_tokens` is `too_long` and not run."""
        begun = time.monotonic()
        ids = tuple(self._chat_template().encode(request.messages))
        if self.window is not None and len(ids) + request.sampling.max_tokens > self.window:
            detail = f"{len(ids)} tokens and {request.sampling.max_tokens} for the reply, the window has {self.window}"
            return ChatResult(Status.TOO_LONG, detail=detail)
        seed = int(request.digest[:15], 16)
        result = await self._batcher.submit(_Prompt(ids, request.sampling, seed))
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
        """Generate for one batch, in the batcher's thread; in halves where it does not fit into memory."""
        import torch

        model, device = self._loaded = self._loaded or load(self.folder, self.adapter, self._device)
        try:
            return self._generate(model, device, prompts)
        except torch.OutOfMemoryError:
            if len(prompts) == 1:
                return [ChatResult(Status.TOO_LONG, detail=f"does not fit into the memory of {device}")]
        middle = len(prompts) // 2
        return [*self._run(prompts[:middle]), *self._run(prompts[middle:])]

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
