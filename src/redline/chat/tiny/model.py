"""`tiny:` as a chat model: no torch, no network, no key."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from redline.chat.batching import Batcher
from redline.chat.contract import ChatMessage, ChatRequest, ChatResult, Usage
from redline.chat.prices import Prices
from redline.chat.tiny.card import TinyCard, bundled_tiny, read_card
from redline.chat.tiny.memory import Prefixes
from redline.chat.tiny.network import Network
from redline.chat.tiny.sampling import generator_of
from redline.chat.tiny.shape import Shape
from redline.chat.tiny.tokens import TinyTokens
from redline.chat.tiny.weights import read_tensors
from redline.chat.tiny.writing import Answered, Asked, write
from redline.records import Status, digest

__all__ = ["TinyModel"]

_ARITHMETIC = 1
"""Raise it where a change of the code can change a text that the same weights write."""


class _Loaded:
    """Tokenizer and network of a folder whose files are what the card says."""

    def __init__(self, card: TinyCard) -> None:
        card.check_files()
        self.tokens = TinyTokens.read(card.folder / "tokenizer.json")
        self.network = Network(Shape.read(card.folder / "config.json"), read_tensors(card.folder / "model.safetensors"))


class TinyModel:
    """The demonstration model in `folder`, else the one that ships with the package.

    Its drafts are often wrong and must not be shown to patients.  At the first use the files are checked against the
    card's digests; `InputError` says which one is damaged.  Requests that wait together are written side by side.
    """

    def __init__(self, folder: str | Path | None = None, *, name: str = "tiny") -> None:
        self._name = name
        self._card = read_card(bundled_tiny() if folder is None else folder)
        self._lock = threading.Lock()
        self._read: _Loaded | None = None
        self._prefixes = Prefixes()  # only the batcher's one thread uses it
        self._batcher: Batcher[Asked, Answered] = Batcher(
            self._write, size=lambda asked: len(asked.ids), limit=self.concurrent
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        return digest([self._card.digest, _ARITHMETIC])

    @property
    def window(self) -> int:
        return self._loaded.network.shape.window

    @property
    def concurrent(self) -> int:
        return 32

    @property
    def prices(self) -> Prices:
        return Prices()

    def tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Exact."""
        return len(self._loaded.tokens.prompt(messages))

    async def complete(self, request: ChatRequest) -> ChatResult:
        """The reply; `too_long` where the prompt and `max_tokens` more do not fit into the window."""
        started = time.perf_counter()
        ids, most = tuple(self._loaded.tokens.prompt(request.messages)), request.sampling.max_tokens
        if len(ids) + most > self.window:
            said = f"the prompt has {len(ids)} tokens and the reply may have {most}; the window holds {self.window}"
            return ChatResult(Status.TOO_LONG, usage=Usage(len(ids)), detail=said)
        answer = await self._batcher.submit(Asked(ids, request.sampling, generator_of(request)))
        return ChatResult(
            Status.OK,
            self._loaded.tokens.text(answer.ids).strip(),
            "stop" if answer.ended else "length",
            Usage(len(ids), len(answer.ids)),
            time.perf_counter() - started,
        )

    async def close(self) -> None:
        """Let the worker thread end; a later call starts another."""
        self._batcher.close()

    @property
    def _loaded(self) -> _Loaded:
        with self._lock:
            if self._read is None:
                self._read = _Loaded(self._card)
            return self._read

    def _write(self, asked: Sequence[Asked]) -> list[Answered]:
        return write(self._loaded.network, asked, self._prefixes)
