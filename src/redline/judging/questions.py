"""What a judge is asked.  One question is about one unit; a batch of questions is the only input of a judge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from redline.records import digest
from redline.units import normalise_unit

__all__ = ["ContentQuestion", "Direction", "Pair", "Scope", "ThemeQuestion", "pair_questions"]


class Direction(StrEnum):
    """Which edit a content question asks about."""

    DELETE = "delete"  # a draft unit, against the reference
    ADD = "add"  # a reference unit, against the draft


class Scope(StrEnum):
    """How much of a question a judge's answer depends on; it decides what the verdict's key covers."""

    UNIT = "unit"  # the unit and the other text
    PAIR = "pair"  # the unit's own text as well (a language model that reads both texts in one call)


@dataclass(frozen=True)
class Pair:
    """A draft and a reference, as units; `id` is handed through as it came."""

    id: str | int
    draft: tuple[str, ...]
    reference: tuple[str, ...]


@dataclass(frozen=True)
class ContentQuestion:
    """Would the clinician edit unit `index` of `own`, given `other`?

    DELETE: `own` is the draft and `other` the reference; ADD: the other way round.  In both directions the
    answer is yes when `other` does not carry the unit's content.
    """

    direction: Direction
    own: tuple[str, ...]
    other: tuple[str, ...]
    index: int

    @property
    def unit(self) -> str:
        """The text of the unit asked about."""
        return self.own[self.index]

    def key(self, signature: str, scope: Scope, repetition: int) -> dict[str, str | int]:
        """The parts that make up the verdict's key; equal parts, equal verdict."""
        parts: dict[str, str | int] = {
            "judge": signature,
            "direction": self.direction.value,
            "unit": text_digest(self.unit),
            "other": units_digest(self.other),
            "repetition": repetition,
        }
        if scope is Scope.PAIR:
            parts["own"] = units_digest(self.own)
            parts["index"] = self.index
        return parts


@dataclass(frozen=True)
class ThemeQuestion:
    """Which themes has unit `index` of `own`?"""

    own: tuple[str, ...]
    index: int

    @property
    def unit(self) -> str:
        """The text of the unit asked about."""
        return self.own[self.index]

    def key(self, signature: str, scope: Scope, repetition: int) -> dict[str, str | int]:
        """The parts that make up the verdict's key."""
        parts: dict[str, str | int] = {
            "judge": signature,
            "direction": "theme",
            "unit": text_digest(self.unit),
            "other": "",
            "repetition": repetition,
        }
        if scope is Scope.PAIR:
            parts["own"] = units_digest(self.own)
            parts["index"] = self.index
        return parts


@lru_cache(maxsize=1 << 16)
def text_digest(text: str) -> str:
    """Digest of a unit in normal form."""
    return digest(normalise_unit(text), length=24)


@lru_cache(maxsize=1 << 14)
def units_digest(units: tuple[str, ...]) -> str:
    """Digest of a whole text as its units in normal form, in order."""
    return digest([normalise_unit(u) for u in units], length=24)


def pair_questions(pair: Pair) -> list[ContentQuestion]:
    """All content questions of a pair: draft units first, then reference units.

    >>> [(q.direction.value, q.unit) for q in pair_questions(Pair("1", ("a",), ("b", "c")))]
    [('delete', 'a'), ('add', 'b'), ('add', 'c')]
    """
    return [ContentQuestion(Direction.DELETE, pair.draft, pair.reference, i) for i in range(len(pair.draft))] + [
        ContentQuestion(Direction.ADD, pair.reference, pair.draft, i) for i in range(len(pair.reference))
    ]
