"""Cross-attention: the tokens of a unit look at those of the other text, as in the encoder's own last layers.

The last layers run a second time for a unit, now with the other text's tokens among the keys.  The other text's states
are those that its units have alone, so they are made once a unit and not once a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.encoder.buckets import padded
from redline.encoder.sessions import SessionPool

__all__ = ["UnitStates", "crossed", "pieces"]

Floats = NDArray[np.float32]

_MOST_TOKENS = 2048
_SCORES_A_RUN = 400_000
_KEY = 64  # what a token of keys and values weighs, in attention scores
_MOST_A_RUN = 256


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
    by_text: dict[int, list[int]] = {}
    for number, (_, text) in enumerate(questions):
        by_text.setdefault(id(text), []).append(number)
    work = [
        (numbers, piece)
        for asked in by_text.values()
        for piece in questions[asked[0]][1]
        for numbers in _batches(asked, [questions[i][0].lower.shape[1] for i in asked], piece.shape[1])
    ]
    found = np.full(len(questions), -np.inf)
    results = pool.map(lambda w: _run(pool, [questions[i][0] for i in w[0]], w[1]), work)
    for (numbers, _), values in zip(work, results, strict=True):
        np.maximum.at(found, numbers, values)
    return found


def _batches(numbers: Sequence[int], lengths: Sequence[int], other: int) -> list[list[int]]:
    """Questions of one text by length, so that attention scores, keys and values of a run stay within a budget.

    A run pads to its longest unit.  A new one begins where padding would cost more than making the other text's keys
    and values again (a token of theirs takes about a sixth of a token of a unit).
    """
    result: list[list[int]] = []
    longest = 0
    for i in sorted(range(len(numbers)), key=lambda i: (lengths[i], numbers[i])):
        held = len(result[-1]) if result else _MOST_A_RUN
        cost, padding = (lengths[i] + _KEY) * (other + lengths[i]) * (held + 1), held * (lengths[i] - longest)
        if held == _MOST_A_RUN or cost > _SCORES_A_RUN or padding > other / 6 + 2:
            result.append([])
        result[-1].append(numbers[i])
        longest = lengths[i]
    return result


def _run(pool: SessionPool, units: Sequence[UnitStates], other: NDArray[np.float16]) -> NDArray[np.float64]:
    start, mask = padded([u.lower[0] for u in units])
    inputs = {"unit": start, "mask": mask, "mean": np.stack([u.mean for u in units])}
    inputs["other"] = other.astype(np.float32)
    return pool.run(inputs)[0].astype(np.float64)
