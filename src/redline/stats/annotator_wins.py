"""Who is closer to the other annotators, the judge or the annotator who steps out?  Unit by unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Similarity", "Wins", "annotator_wins"]

Similarity = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.floating]]
"""Similarities of the codes of two raters, entry by entry: higher is closer."""


@dataclass(frozen=True, slots=True)
class Wins:
    """For one annotator: `counted` (n,) units, and who won them (n,): 1.0 for both on a tie, 0.0 where not counted."""

    counted: NDArray[np.bool_]
    judges: NDArray[np.float64]
    theirs: NDArray[np.float64]


def annotator_wins(
    judge: NDArray[Any] | Sequence[Any], people: NDArray[Any] | Sequence[Any], names: Sequence[str],
    similarity: Similarity | None = None,
) -> list[Wins]:  # fmt: skip
    """The wins of the judge and of each annotator, measured on the other annotators (names (raters,) in column order).

    >>> wins = annotator_wins([1, 1, -1], [[1, 1, 0], [1, 1, 1], [0, 0, 0]], ["A", "B", "C"])
    >>> wins[2].counted.tolist(), wins[2].judges.tolist(), wins[2].theirs.tolist()
    ([True, True, False], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0])
    """
    judges = np.asarray(judge)
    codes = np.asarray(people)
    if judges.ndim != 1 or codes.shape != (len(judges), len(names)) or not len(names):
        raise ValueError(
            f"needs judge (n,) and people (n, annotators) with a name a column, got {judges.shape}, {codes.shape} "
            f"and {len(names)} names"
        )
    alike = similarity or _equal
    columns = [codes[:, k] for k in range(codes.shape[1])]
    with_judge = [_similar(judges, column, alike) for column in columns]
    pairs: dict[tuple[int, int], NDArray[np.float64]] = {}
    for a in range(len(columns)):
        for b in range(a):
            pairs[a, b] = pairs[b, a] = _similar(columns[a], columns[b], alike)
    return [_wins(j, judges, columns, with_judge, pairs) for j in range(len(columns))]


def _wins(
    j: int, judge: NDArray[Any], columns: Sequence[NDArray[Any]], with_judge: Sequence[NDArray[np.float64]],
    pairs: dict[tuple[int, int], NDArray[np.float64]],
) -> Wins:  # fmt: skip
    others = [k for k in range(len(columns)) if k != j]
    asked = _known(judge) & _known(columns[j])
    size, near_judge, near_them = (np.zeros(len(judge)) for _ in range(3))
    for k in others:
        coded = asked & _known(columns[k])
        size += coded
        near_judge += np.where(coded, with_judge[k], 0.0)
        near_them += np.where(coded, pairs[j, k], 0.0)
    counted = size > 0
    gap = (near_judge - near_them) / np.where(counted, size, 1.0)  # rounding must not turn a tie into a win
    return Wins(counted, (counted & (gap >= -1e-9)).astype(np.float64), (counted & (gap <= 1e-9)).astype(np.float64))


def _similar(a: NDArray[Any], b: NDArray[Any], alike: Similarity) -> NDArray[np.float64]:
    known = _known(a) & _known(b)
    found = np.zeros(len(a))
    if known.any():
        found[known] = alike(a[known], b[known])
    return found


def _known(codes: NDArray[Any]) -> NDArray[np.bool_]:
    if codes.dtype == object:
        return np.array([c is not None and c != -1 for c in codes], dtype=bool)
    return np.asarray(codes >= 0)


def _equal(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(a == b, dtype=np.float64)
