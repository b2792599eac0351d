"""From logs to the corpus' forms: who decided what, with the places where they cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from redline.annotation.annotated import Annotation
from redline.annotation.log import Log
from redline.annotation.problems import refuse
from redline.annotation.reading import read_annotated_pairs, read_pairs_to_label
from redline.annotation.session import Item, Question, Session, in_order
from redline.annotation.to_label import PairToLabel
from redline.corpus import TextRules
from redline.errors import Problem

__all__ = [
    "Made",
    "Overlap",
    "Progress",
    "blank",
    "edit_row",
    "edits_of",
    "progress",
    "read_edits",
    "sessions",
]


@dataclass(frozen=True, slots=True)
class Made:
    """One annotator's decisions about one pair."""

    pair: PairToLabel
    annotation: Annotation

    @property
    def undecided(self) -> int:
        """Units that are still open."""
        return sum(mark is None for mark in (*self.annotation.deleted, *self.annotation.added))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an annotator is: items with every unit decided, with some, all; units decided and all; notes."""

    annotator: str
    complete: int
    begun: int
    items: int
    decided: int
    units: int
    notes: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two annotators have both decided.  How they decided is not said: they may still be at work."""

    first: str
    second: str
    items: int
    units: int


def sessions(
    logs: Sequence[Log], items: Sequence[Item], where: str | Path, *, themes: Collection[str] | None = None
) -> dict[str, Session]:  # fmt: skip
    """Each annotator's state; `InputError` with every event that is not about `items` (or names none of `themes`), and every
    log that comes twice.

    Logs of one call are of one kind.
    """
    known = {item.id: item for item in items}
    problems = [p for log in logs for p in log.check(known, where, themes)]
    first: dict[str, str] = {}
    for log in logs:
        if log.kind != logs[0].kind:
            problems.append(Problem(log.path, 1, "log", f"is of {log.kind}, {logs[0].path} is of {logs[0].kind}"))
        if log.annotator in first:
            problems.append(
                Problem(
                    log.path, 1, "annotator", f"is {log.annotator!r} as in {first[log.annotator]}; give one of them"
                )
            )
        first.setdefault(log.annotator, log.path)
    refuse(problems, "Nothing was written.")
    return {log.annotator: Session.of(items, log.events) for log in logs}


def edits_of(states: Mapping[str, Session], pairs: Sequence[PairToLabel]) -> list[Made]:
    """Annotations of every pair of which an annotator has decided anything, by annotator, in the order of the pairs."""
    found = []
    for annotator, state in states.items():
        for pair in pairs:
            deleted, added = (_marks(state, pair.id, side, len(units)) for side, units in pair.sides())
            if any(mark is not None for mark in (*deleted, *added)):
                found.append(Made(pair, Annotation(annotator, deleted, added)))
    return found


def blank(pairs: Sequence[PairToLabel], annotator: str) -> list[Made]:
    """Annotations in which nothing is decided yet, in this annotator's order."""
    return [
        Made(p, Annotation(annotator, (None,) * len(p.draft), (None,) * len(p.reference)))
        for p in in_order(pairs, annotator)
    ]


def read_edits(path: str | Path, pairs_file: str | Path, *, rules: TextRules | None = None) -> list[Made]:
    """Annotations of a file in the corpus' `edits_*` form; a mark may be null.  `InputError` as `read_annotated_pairs`."""
    pairs = {p.id: p for p in read_pairs_to_label(pairs_file, rules=rules)}
    return [
        Made(pairs[found.id], annotation)
        for found in read_annotated_pairs(pairs_file, path, undecided=True, rules=rules)
        for annotation in found.annotations
    ]


def edit_row(made: Made) -> dict[str, Any]:
    """A line of the corpus' `edits_*` form, with the digest of the texts; null for an undecided unit."""
    return {
        "pair": made.pair.id, "annotator": made.annotation.annotator,
        "deleted": [_bit(m) for m in made.annotation.deleted], "added": [_bit(m) for m in made.annotation.added],
        "digest": made.pair.digest,
    }  # fmt: skip


def progress(states: Mapping[str, Session], items: Sequence[Item]) -> tuple[list[Progress], list[Overlap]]:
    """How far each annotator is, and what every two have in common."""
    done = {name: _by_item(state, items) for name, state in states.items()}
    each = []
    for name, state in states.items():
        counts = list(done[name].values())
        each.append(
            Progress(
                name, sum(0 < units == n for n, units in counts), sum(0 < n < units for n, units in counts),
                len(items), *state.counts, len(state.notes),
            )
        )  # fmt: skip
    shared = [
        Overlap(
            a, b, sum(0 < n == units == done[b][id_][0] for id_, (n, units) in done[a].items()),
            len(states[a].decided.keys() & states[b].decided.keys()),
        )
        for a, b in combinations(states, 2)
    ]  # fmt: skip
    return each, shared


def _by_item(state: Session, items: Sequence[Item]) -> dict[str, tuple[int, int]]:
    """(decided, all) units of each item."""
    found = {}
    for item in items:
        asked = [Question(item.id, side, i) for side, units in item.sides() for i in range(len(units))]
        found[item.id] = sum(q in state.decided for q in asked), len(asked)
    return found


def _marks(state: Session, id_: str, side: str, count: int) -> tuple[bool | None, ...]:
    values = [state.decided.get(Question(id_, side, i)) for i in range(count)]
    return tuple(None if value is None else bool(value) for value in values)


def _bit(mark: bool | None) -> int | None:
    return None if mark is None else int(mark)
