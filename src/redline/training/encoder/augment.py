"""Training questions made from others: strangers, copies, and swapped numbers or negations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from redline.training.encoder.examples import Passage, Question

__all__ = ["with_strangers"]

_NUMBER = re.compile(r"\b\d+(?:\.\d+)?\b")
_DO = (
    (re.compile(r"\bDo not\b|\bDon't\b"), "Please do"),
    (re.compile(r"\bdo not\b|\bdon't\b"), "do"),
    (re.compile(r"\bis not\b|\bisn't\b"), "is"),
    (re.compile(r"\bstop\b"), "keep taking"),
    (re.compile(r"\bStop\b"), "Keep taking"),
)


def with_strangers(passages: Sequence[Passage], part: float, swaps: bool, rng: np.random.Generator) -> list[Passage]:
    """The passages with a few more questions each, new ones every epoch.

    * a unit of a passage under another key: not carried (units of empathy and farewell fit anywhere, so these
      are trusted little);
    * a unit of the passage itself: carried;
    * a unit of the passage with another number or turned around: not carried.
    """
    result = []
    for passage in passages:
        extra: list[Question] = []
        expected = part * max(len(passage.questions), 4)
        for _ in range(rng.poisson(expected)):
            other = passages[int(rng.integers(len(passages)))]
            if other.key != passage.key and other.units:
                extra.append(Question(other.units[int(rng.integers(len(other.units)))], 0.0, 0.4))
        for _ in range(rng.poisson(expected / 2)):
            extra.append(Question(passage.units[int(rng.integers(len(passage.units)))], 1.0, 0.4))
        if swaps:
            unit = passage.units[int(rng.integers(len(passage.units)))]
            turned = _swapped(unit, rng)
            if turned is not None and rng.random() < 0.5:
                extra.append(Question(turned, 0.0, 0.4))
        result.append(replace(passage, questions=(*passage.questions, *extra)) if extra else passage)
    return result


def _swapped(unit: str, rng: np.random.Generator) -> str | None:
    numbers = list(_NUMBER.finditer(unit))
    if numbers and rng.random() < 0.7:
        found = numbers[int(rng.integers(len(numbers)))]
        value = float(found.group())
        other = value * float(rng.choice([0.5, 2.0, 3.0])) + (1 if value < 3 else 0)
        return unit[: found.start()] + f"{other:g}" + unit[found.end() :]
    for pattern, instead in _DO:
        if pattern.search(unit):
            return pattern.sub(instead, unit, count=1)
    return None
