"""The encoder's vocabulary: tokens of a text, and what the encoder makes of each token alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from redline.encoder import EncoderCard
from redline.encoder.sessions import SessionPool, cores
from redline.retrieval.words import speakable
from redline.units import normalise_unit

__all__ = ["TokenEncoder"]

_TEXTS = 512
_TOKENS = 64


class TokenEncoder:
    """Tokenizer and first graph of one encoder folder; nothing is loaded before the first question.

    Safe to use from several threads.
    """

    def __init__(self, card: EncoderCard) -> None:
        self.card = card
        self._lock = threading.Lock()

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        self.card.check_files()
        made = Tokenizer.from_file(str(self.card.folder / "tokenizer.json"))
        made.no_truncation()
        made.no_padding()
        return made

    @cached_property
    def size(self) -> int:
        """Tokens in the vocabulary."""
        return int(self._tokenizer.get_vocab_size())

    @cached_property
    def _silent(self) -> frozenset[int]:
        """Tokens that say nothing: the special ones, that for unknown words among them."""
        return frozenset(i for i, token in self._tokenizer.get_added_tokens_decoder().items() if token.special)

    @cached_property
    def _session(self) -> SessionPool:
        return SessionPool(self.card.folder / "units.onnx", 1)

    def ids(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """The tokens of each text that say something, in order; in blocks, so that memory does not grow with the texts."""
        for start in range(0, len(texts), _TEXTS):
            block = [normalise_unit(speakable(t)) for t in texts[start : start + _TEXTS]]
            for found in self._tokenizer.encode_batch_fast(block, add_special_tokens=False):
                yield [i for i in found.ids if i not in self._silent]

    def counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """(vocabulary,): how often each token occurs."""
        total = np.zeros(self.size, dtype=np.int64)
        for ids in self.ids(texts):
            np.add.at(total, ids, 1)
        return total

    def vectors(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """(ids, encoder's width): the mean of the encoder's vectors for a text of that token alone, not scaled.

        About 1 ms a token and core: the whole vocabulary takes a minute at most.
        """
        first, last = self._tokenizer.encode("").ids
        blocks = [
            np.asarray([[first, i, last] for i in ids[start : start + _TOKENS]], dtype=np.int64)
            for start in range(0, len(ids), _TOKENS)
        ] or [np.asarray([[first, last, last]], dtype=np.int64)]  # for its width
        with self._lock:  # one at a time: two would load two sets of sessions
            size = min(cores(), len(blocks))
            pool = self._session if size == 1 else SessionPool(self.card.folder / "units.onnx", size)
            made = pool.map(lambda row: pool.run({"ids": row, "mask": np.ones(row.shape, dtype=bool)})[0], blocks)
        return np.asarray(np.concatenate(made).mean(axis=1)[: len(ids)], dtype=np.float32)
