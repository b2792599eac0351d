"""Vectors of texts: kept in float16, searched exactly.

The cosine of every text with the query is one matrix product.  numpy multiplies float16 one number at a time, so the first search
makes a float32 copy (1 KB a text at width 256), which appended indexes share.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from redline.retrieval.fusion import top

__all__ = ["TextVectors", "VectorSegment"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

_MARGIN = 16
_FEW = 4
_BLOCK = 512


@dataclass(frozen=True)
class VectorSegment:
    """(texts, width) float16, in memory or mapped from a file."""

    half: NDArray[np.float16]

    @cached_property
    def single(self) -> Floats:
        """The same numbers as float32."""
        return np.asarray(self.half, dtype=np.float32)

    @cached_property
    def spoken(self) -> NDArray[np.bool_]:
        """(texts,): which texts have a vector at all."""
        return np.asarray(self.half.any(axis=1))


@dataclass(frozen=True)
class TextVectors:
    """Vectors of all texts of some segments, numbered through in order."""

    segments: tuple[VectorSegment, ...]

    @cached_property
    def _spoken(self) -> NDArray[np.bool_]:
        return np.concatenate([s.spoken for s in self.segments])

    def ranked(self, query: Floats, allowed: NDArray[np.bool_], n: int) -> Numbers:
        """The `n` allowed texts with a vector of highest cosine with `query`, best first; equal ones in order of number.

        The last digits of a matrix product depend on where a row stands, so the best and a few more are multiplied
        again one by one in float64: the ranking does not depend on how the index grew.
        """
        if not query.any():
            return np.zeros(0, dtype=np.int64)
        numbers, cosines = self._cosines(query, allowed & self._spoken)
        near = np.sort(numbers[top(cosines, n + _MARGIN)])
        exact = np.sum(self._rows(near).astype(np.float64) * query.astype(np.float64), axis=1)
        return near[top(exact, n)]

    def _cosines(self, query: Floats, allowed: NDArray[np.bool_]) -> tuple[Numbers, Floats]:
        numbers = np.flatnonzero(allowed).astype(np.int64)
        if len(numbers) * _FEW < len(allowed):  # picking some rows beats reading all, in blocks that stay in the cache
            blocks = [numbers[i : i + _BLOCK] for i in range(0, len(numbers), _BLOCK)] or [numbers]
            return numbers, np.concatenate([self._rows(b) @ query for b in blocks])
        return numbers, np.concatenate([s.single @ query for s in self.segments])[numbers]

    def _rows(self, numbers: Numbers) -> Floats:
        parts, start = [], 0
        for segment in self.segments:
            end = start + len(segment.half)
            low, high = np.searchsorted(numbers, [start, end])
            parts.append(segment.single[numbers[low:high] - start])
            start = end
        return np.concatenate(parts)
