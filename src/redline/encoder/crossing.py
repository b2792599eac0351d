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
_SHARED = 4


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
    found = np.full(len(questions), -np.inf)
    shares = _shares(questions)
    results = pool.map(lambda share: _run(pool, [questions[n][0] for n in share[1]], share[0]), shares)
    for (_, numbers), values in zip(shares, results, strict=True):
        for number, value in zip(numbers, values, strict=True):
            found[number] = max(found[number], value)
    return found


def _shares(
    questions: Sequence[tuple[UnitStates, Sequence[NDArray[np.float16]]]],
) -> list[tuple[NDArray[np.float16], list[int]]]:
    """Each piece with a few of the units asked about it: enough to widen its numbers seldom, few enough for all cores."""
    shares: list[tuple[NDArray[np.float16], list[int]]] = []
    for number, (_, text) in enumerate(questions):
        for place, piece in enumerate(text):
            last = shares[place - len(text)] if len(shares) >= len(text) else None
            if last is not None and last[0] is piece and len(last[1]) < _SHARED:
                last[1].append(number)
            else:
                shares.append((piece, [number]))
    return shares


def _run(pool: SessionPool, units: Sequence[UnitStates], other: NDArray[np.float16]) -> list[float]:
    """One run a unit: units together would have to be padded, which moves the last digits."""
    wide = other.astype(np.float32)
    starts = [unit.lower[0].astype(np.float32)[None] for unit in units]
    masks = [np.ones(start.shape[:2], dtype=bool) for start in starts]
    return [
        float(pool.run({"unit": start, "mask": mask, "mean": unit.mean[None], "other": wide})[0][0])
        for unit, start, mask in zip(units, starts, masks, strict=True)
    ]
