"""Static vectors distilled from the encoder: a vector a token, a text is their weighted mean.

In the manner of model2vec (Tulkens and van Dongen 2024): the encoder reads every token alone, once.  What is particular to
the texts is learned from them: weights a / (a + p) (smooth inverse frequency: Arora, Liang and Ma, ICLR 2017), and a
projection that whitens the tokens as they occur, so that what all messages share stops counting.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.encoder import EncoderCard
from redline.records import digest
from redline.retrieval.tokens import TokenEncoder

__all__ = ["StaticEmbedder", "StaticVectors"]

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]


@dataclass(frozen=True)
class StaticEmbedder:
    """The recipe: `width` of the vectors, `sif` is a of the weights, `ridge` how far the whitening is held back.

    Fitted on texts in which token t occurs c(t) times, with T tokens in all and a vocabulary of V:

        p(t) = (c(t) + 1) / (T + V),  w(t) = sif / (sif + p(t)),  q(t) ~ c(t) w(t) with sum 1,
        m = sum q x,  C = sum q (x - m)(x - m)',
        P = the `width` main axes of C + ridge tr(C) / n I, each over the root of its variance,
        vector of a text ~ sum over its tokens of w(t) (x(t) - m) P, scaled to length 1,

    x(t) being the encoder's vector, of n numbers.  Defaults chosen on the material named in `docs/benchmarks.md`.
    """

    card: EncoderCard
    width: int = 256
    sif: float = 1e-3
    ridge: float = 0.1

    @cached_property
    def tokens(self) -> TokenEncoder:
        """Tokenizer and encoder."""
        return TokenEncoder(self.card)

    @property
    def digest(self) -> str:
        return f"static:1|encoder@{self.card.digest}|width:{self.width}|sif:{self.sif:g}|ridge:{self.ridge:g}"

    def fit(self, texts: Sequence[str]) -> StaticVectors:
        """Vectors for these texts and others like them; depends on how often each token occurs, not on the texts' order."""
        counts = self.tokens.counts(texts)
        ids = np.flatnonzero(counts)
        known = counts[ids]
        each = self.tokens.vectors(ids.tolist()).astype(np.float64)
        share = known * _weights(known, int(known.sum()) + self.tokens.size, self.sif)
        share = share / max(float(share.sum()), 1e-300)
        mean = share @ each
        projection = _whitening(each - mean, share, self.width, self.ridge)
        table = ((each - mean) @ projection).astype(np.float16)
        return StaticVectors(self, ids, known, table, mean, projection)

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> StaticVectors:
        """The fitted vectors with these arrays."""
        made = StaticVectors(self, **{name: arrays[name] for name in _ARRAYS})  # type: ignore[arg-type]
        axes = made.projection.shape[1]
        if not len(made.ids) == len(made.counts) == len(made.table) or made.table.shape[1] != axes:
            raise ValueError("the token table does not fit its tokens")
        return made


_ARRAYS = ("ids", "counts", "table", "mean", "projection")


@dataclass(frozen=True, eq=False)
class StaticVectors:
    """Fitted: `table` (tokens, width) float16 of the tokens `ids`, which occurred `counts` times.

    A token that did not occur has the weight of the rarest; its vector is asked of the encoder when it is first met, and
    kept: the same numbers as if it had been in the table.  Safe to use from several threads.
    """

    recipe: StaticEmbedder
    ids: NDArray[np.int64]
    counts: NDArray[np.int64]
    table: NDArray[np.float16]
    mean: Wide
    projection: Wide
    _met: dict[int, Floats] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @cached_property
    def digest(self) -> str:
        """Of the recipe and the counts, which decide everything else: the same on every machine."""
        return f"{self.recipe.digest}|fit:{digest([self.ids.tolist(), self.counts.tolist()])}"

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """What `StaticEmbedder.restore` needs."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @cached_property
    def _total(self) -> int:
        return int(self.counts.sum()) + self.recipe.tokens.size

    @cached_property
    def _rows(self) -> Floats:
        """The table, each token's row times its weight."""
        weights = _weights(self.counts, self._total, self.recipe.sif)
        return np.asarray(self.table * weights[:, None], dtype=np.float32)

    @cached_property
    def _place(self) -> NDArray[np.int64]:
        """(vocabulary,): the row of each token, -1 for those that the table lacks."""
        place = np.full(self.recipe.tokens.size, -1, dtype=np.int64)
        place[self.ids] = np.arange(len(self.ids))
        return place

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(texts, width) float32; a text's vector does not depend on what it is asked with."""
        made = np.zeros((len(texts), self.projection.shape[1]), dtype=np.float32)
        for row, ids in zip(made, self.recipe.tokens.ids(texts), strict=True):
            if ids:
                place = self._place[ids]
                found = self._rows[place[place >= 0]].sum(axis=0, dtype=np.float64)
                for token in np.asarray(ids)[place < 0].tolist():
                    found += self._late(token)
                row[:] = found / max(float(np.linalg.norm(found)), 1e-9)
        return made

    def _late(self, token: int) -> Floats:
        """The weighted row of a token that the table lacks."""
        with self._lock:
            if token not in self._met:
                each = self.recipe.tokens.vectors([token]).astype(np.float64)
                half = ((each - self.mean) @ self.projection).astype(np.float16)
                weight = _weights(np.zeros(1), self._total, self.recipe.sif)
                self._met[token] = np.asarray(half * weight[:, None], dtype=np.float32)[0]
            return self._met[token]


def _weights(counts: NDArray[Any], total: int, sif: float) -> Wide:
    return np.asarray(sif / (sif + (counts + 1.0) / total))


def _whitening(centred: Wide, share: Wide, width: int, ridge: float) -> Wide:
    """(n, width): main axes of the tokens as they occur, largest first, scaled; the largest entry of an axis is positive."""
    spread = (centred * share[:, None]).T @ centred
    level = float(np.trace(spread)) / len(spread)
    if level <= 0:  # no text, or one token only
        return np.eye(len(spread))[:, :width]
    variance, axes = np.linalg.eigh(spread + ridge * level * np.eye(len(spread)))
    variance, axes = variance[::-1][:width], axes[:, ::-1][:, :width]
    signs = np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0))
    return np.asarray(axes * signs / np.sqrt(variance))
