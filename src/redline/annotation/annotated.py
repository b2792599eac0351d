"""Pairs with people's edit decisions, and texts with people's themes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redline.judging import Pair
from redline.taxonomy import Taxonomy

__all__ = ["AnnotatedPair", "Annotation", "ThemedText", "edit_share"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotator's decisions about a pair: which draft units are deleted, which reference units are added.

    None where this annotator left a unit undecided (a set that labels one side only, an annotation broken off).
    """

    annotator: str
    deleted: tuple[bool | None, ...]
    added: tuple[bool | None, ...]

    @property
    def complete(self) -> bool:
        """Whether every unit is decided."""
        return None not in self.deleted and None not in self.added


@dataclass(frozen=True, slots=True)
class AnnotatedPair:
    """A draft and a reference as units, with at least one annotation.  All pairs of a `case` stay on one side of a split.

    `draft_source` is the system or the clinician that wrote the draft, `reference_source` the clinician of the reference,
    `probability` with which `redline annotate sample` drew the pair; each where the file says so.

    Where several annotators decided, the majority counts, and a tie is an edit (as for `HumanJudge`).  One training
    example an annotator would ask one prompt for contradicting answers, and would count a pair by how many read it.

    >>> marks = (Annotation("a", (True,), ()), Annotation("b", (False,), ()), Annotation("c", (False,), ()))
    >>> AnnotatedPair("p1", "s1", ("Rest.",), (), marks).deleted
    (False,)
    """

    id: str
    case: str
    draft: tuple[str, ...]
    reference: tuple[str, ...]
    annotations: tuple[Annotation, ...]
    draft_source: str = ""
    reference_source: str = ""
    probability: float | None = None

    def __post_init__(self) -> None:
        sizes = {(len(a.deleted), len(a.added)) for a in self.annotations}
        if sizes != {(len(self.draft), len(self.reference))}:
            raise ValueError(f"pair {self.id}: every annotation has one mark a unit, and there is at least one")

    @property
    def pair(self) -> Pair:
        """As judges take it."""
        return Pair(self.id, self.draft, self.reference)

    @property
    def deleted(self) -> tuple[bool, ...]:
        """Which draft units are deleted.  `ValueError` where nobody decided about one of them."""
        return _majority([a.deleted for a in self.annotations])

    @property
    def added(self) -> tuple[bool, ...]:
        """Which reference units are added.  `ValueError` where nobody decided about one of them."""
        return _majority([a.added for a in self.annotations])


@dataclass(frozen=True, slots=True)
class ThemedText:
    """A text as units, and each annotator's themes of every unit (`labels[annotator][unit]`), at least one's.

    `annotators` are their names in the same order; empty where the labels are the writer's own.
    """

    id: str
    case: str
    units: tuple[str, ...]
    labels: tuple[tuple[tuple[str, ...], ...], ...]
    annotators: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.labels or any(len(one) != len(self.units) for one in self.labels):
            raise ValueError(f"text {self.id}: every annotator gives each unit its themes, and there is at least one")

    def themes(self, taxonomy: Taxonomy) -> tuple[tuple[str, ...], ...]:
        """Themes of each unit: those that more than half of the annotators give it, else the one that most give it (the
        first in the taxonomy's order among equals).  No theme is the residual theme; beside another one it is left out.
        """
        return tuple(taxonomy.majority([one[i] for one in self.labels]) for i in range(len(self.units)))


def edit_share(marks: Sequence[bool | None]) -> float | None:
    """Share of those who decided about a unit who edit it; None where nobody decided.

    >>> edit_share([True, None, False]), edit_share([None])
    (0.5, None)
    """
    decided = [mark for mark in marks if mark is not None]
    return sum(decided) / len(decided) if decided else None


def _majority(marks: Sequence[Sequence[bool | None]]) -> tuple[bool, ...]:
    return tuple(_most([mark for mark in unit if mark is not None]) for unit in zip(*marks, strict=True))


def _most(decided: Sequence[bool]) -> bool:
    if not decided:
        raise ValueError("nobody decided about this unit")
    return 2 * sum(decided) >= len(decided)
