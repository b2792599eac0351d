"""Other names for the medicines of a case: the model has to read the name, since it cannot be known by heart."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from redline.records import Case

__all__ = ["medicines", "swapped"]

_NAME = re.compile(r"[A-Za-z]{5,}")


def medicines(cases: Iterable[Case]) -> tuple[str, ...]:
    """First words of the charts' medications, in small letters, sorted.

    >>> from redline.records import ChartSummary
    >>> medicines([Case("a", "", ChartSummary(medications=("Aspirin 81 mg daily", "Metformin 1000 mg")))])
    ('aspirin', 'metformin')
    """
    return tuple(sorted({name for case in cases for name in _names(case)}))


def _names(case: Case) -> list[str]:
    return [m.group().lower() for text in case.chart.medications if (m := _NAME.match(text))]


def swapped(case: Case, text: str, pool: Sequence[str], rng: random.Random) -> tuple[Case, str]:
    """Case and reply with every medicine of the chart replaced by one from `pool`, the same one everywhere.

    Left as they are where the pool is too small.
    """
    own = list(dict.fromkeys(_names(case)))
    others = [name for name in pool if name not in own]
    if not own or len(others) < len(own):
        return case, text
    instead = dict(zip(own, rng.sample(others, len(own)), strict=True))
    pattern = re.compile(rf"\b(?:{'|'.join(own)})\b", re.IGNORECASE)

    def change(found: re.Match[str]) -> str:
        new = instead[found.group().lower()]
        return new.capitalize() if found.group()[0].isupper() else new

    def through(words: str) -> str:
        return pattern.sub(change, words)

    chart = replace(
        case.chart,
        problems=tuple(through(x) for x in case.chart.problems),
        medications=tuple(through(x) for x in case.chart.medications),
        allergies=tuple(through(x) for x in case.chart.allergies),
        notes=through(case.chart.notes),
        text=through(case.chart.text),
    )
    return replace(case, message=through(case.message), chart=chart), through(text)
