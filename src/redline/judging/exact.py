"""The floor among judges: a unit is carried only where the other text says it in nearly the same letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from redline.judging.questions import ContentQuestion, Scope
from redline.records import Status, Verdict
from redline.units import normalise_unit

__all__ = ["ExactJudge", "equal_unit"]


def equal_unit(unit: str, other: Sequence[str]) -> int | None:
    """Index of the unit of `other` that is the same after normalisation, case and final stop; or None.

    >>> equal_unit("Drink  water.", ["Rest.", "- drink water"])
    1
    """
    mine = _bare(unit)
    for index, candidate in enumerate(other):
        if _bare(candidate) == mine:
            return index
    return None


@lru_cache(maxsize=1 << 14)  # each unit of a text is compared with every unit asked about that text
def _bare(unit: str) -> str:
    normal = normalise_unit(unit)
    return normal.casefold().rstrip(" .!") or normal


@dataclass(frozen=True)
class ExactJudge:
    """Kept when equal, or at least `near` (0 to 100) similar in characters; certain either way.

    Numbers must agree: "20 mg" and "25 mg" differ in one letter and in the dose.

    >>> q = ContentQuestion
    >>> from redline.judging.questions import Direction
    >>> [v.p_edit for v in ExactJudge().judge([q(Direction.DELETE, ("Rest.", "Take 20 mg."), ("Take 25 mg.", "rest"), i)
    ...     for i in (0, 1)])]
    [0.0, 1.0]
    """

    near: float = 92.0
    name: str = "exact"
    batch: int = 4096
    scope: Scope = Scope.UNIT

    @property
    def signature(self) -> str:
        return f"exact@near{self.near:g}"

    def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        """One certain verdict a question."""
        return [self._one(q) for q in questions]

    def _one(self, question: ContentQuestion) -> Verdict:
        found = equal_unit(question.unit, question.other)
        if found is None:
            mine = _bare(question.unit)
            for index, candidate in enumerate(question.other):
                theirs = _bare(candidate)
                if fuzz.ratio(mine, theirs) >= self.near and _digits(mine) == _digits(theirs):
                    found = index
                    break
        kept = found is not None
        return Verdict(Status.OK, 0.0 if kept else 1.0, not kept, found)


def _digits(text: str) -> list[str]:
    return "".join(c if c.isdigit() or c == "." else " " for c in text).split()
