"""What the encoder learns from: passages with labelled statements, and sentences with themes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Passage", "Question", "ThemeExample", "held_out", "share"]


@dataclass(frozen=True, slots=True)
class Question:
    """Is this unit's content carried by the passage?

    `carried` is 1 or 0, or the share of the unit's facts where it was labelled so; `weight` is how much the label is
    trusted.
    """

    unit: str
    carried: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Passage:
    """A text as units, and statements asked about it.

    `key` is what a split goes by (a case, a question of a public set): all passages with one key stand on
    the same side.
    """

    source: str
    key: str
    units: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class ThemeExample:
    """A sentence with its theme keys; `key` and `source` as in `Passage`."""

    key: str
    text: str
    themes: frozenset[str]
    source: str = "replies"


def share(key: str, salt: str) -> float:
    """A number in [0, 1) from the content of `key` alone."""
    return int.from_bytes(hashlib.sha256(f"{salt}:{key}".encode()).digest()[:8], "big") / 2**64


def held_out(passages: Iterable[Passage], part: float, salt: str) -> tuple[list[Passage], list[Passage]]:
    """(kept, held out) by key; `part` is the share of keys held out."""
    kept: list[Passage] = []
    out: list[Passage] = []
    for passage in passages:
        (out if share(passage.key, salt) < part else kept).append(passage)
    return kept, out


def count(passages: Sequence[Passage]) -> int:
    """Number of labelled statements."""
    return sum(len(p.questions) for p in passages)
