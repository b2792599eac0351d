"""Cross-attention: the tokens of a unit look at those of the other text, as in the encoder's own last layers.

The last layers run a second time for a unit, now with the other text's tokens among the keys.  The other text's states
are those that its units have alone, so they are made once a unit and not once a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.encoder.sessions import SessionPool

__all__ = ["UnitStates", "crossed", "pieces"]

Floats = NDArray[np.float32]

_MOST_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class UnitStates:
    """Of one unit: `lower` (layers, n, width) before each of the last layers, `mean` (width,) after the last."""

    lower: NDArray[np.float16]
    mean: Floats


def pieces(units: Sequence[UnitStates], most: int = _MOST_TOKENS) -> list[NDArray[np.float16]]:
    """A text as one or more tables (layers, m, width) of at most `most` tokens (or one unit) each.

    A question about a text of several pieces is answered by the piece that carries most of it.
    """
    groups: list[list[UnitStates]] = []
    size = most + 1
    for unit in units:
        length = unit.lower.shape[1]
        if size + length > most:
            groups.append([])
            size = 0
        groups[-1].append(unit)
        size += length
    return [np.concatenate([u.lower for u in group], axis=1) for group in groups]


def crossed(
    pool: SessionPool, questions: Sequence[tuple[UnitStates, Sequence[NDArray[np.float16]]]]
) -> NDArray[np.float64]:
    """What cross-attention adds to the logit of each (unit, pieces of its text)."""
    work = [(number, unit, piece) for number, (unit, text) in enumerate(questions) for piece in text]
    found = np.full(len(questions), -np.inf)
    results = pool.map(lambda w: _run(pool, w[1], w[2]), work)
    for (number, _, _), value in zip(work, results, strict=True):
        found[number] = max(found[number], value)
    return found


def _run(pool: SessionPool, unit: UnitStates, other: NDArray[np.float16]) -> float:
    start = unit.lower[0].astype(np.float32)[None]
    inputs = {"unit": start, "mask": np.ones(start.shape[:2], dtype=bool), "mean": unit.mean[None]}
    return float(pool.run({**inputs, "other": other.astype(np.float32)})[0][0])
