"""Several ranked lists to one, by ranks alone.

Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): score(d) = sum over lists of w / (k + rank of d), ranks
from 1, k = 60.  Scores of different scales need no calibration, and one list's outlier cannot drown the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fused", "fuse", "top"]

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fused:
    """Items best first, their scores, and `ranks[list, item]` from 1, 0 where a list does not have the item."""

    items: Numbers
    scores: NDArray[np.float64]
    ranks: Numbers


def top(scores: NDArray[np.floating], n: int) -> Numbers:
    """Positions of the `n` highest scores, best first; equal scores in order of position.

    >>> top(np.asarray([1.0, 3.0, 1.0, 3.0]), 3).tolist()
    [1, 3, 0]
    """
    places = np.arange(len(scores))
    if n < len(scores):
        least = np.partition(scores, len(scores) - n)[len(scores) - n]
        places = np.flatnonzero(scores >= least)  # all that tie with the last, so that position can decide
    return np.asarray(places[np.argsort(-scores[places], kind="stable")][:n], dtype=np.int64)


def fuse(lists: Sequence[Numbers], *, k: float = 60.0, weights: Sequence[float] | None = None) -> Fused:
    """One list out of `lists` of item numbers, best first; items of equal score in order of their number.

    >>> found = fuse([np.asarray([7, 3]), np.asarray([3, 9])])
    >>> found.items.tolist(), found.scores.round(5).tolist(), found.ranks.tolist()
    ([3, 7, 9], [0.03252, 0.01639, 0.01613], [[2, 1, 0], [1, 0, 2]])
    """
    items = np.unique(np.concatenate([np.asarray(x, dtype=np.int64) for x in lists]))
    ranks = np.zeros((len(lists), len(items)), dtype=np.int64)
    for row, found in zip(ranks, lists, strict=True):
        row[np.searchsorted(items, found)] = np.arange(1, len(found) + 1)
    given = np.ones(len(lists)) if weights is None else np.asarray(weights, dtype=np.float64)
    scores = np.where(ranks > 0, given[:, None] / (k + ranks), 0.0).sum(axis=0)
    order = np.argsort(-scores, kind="stable")
    return Fused(items[order], scores[order], ranks[:, order])
