"""People as a judge: an annotation file holds the verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redline.corpus.rows import Row, read_rows
from redline.errors import InputError, Problem
from redline.judging.questions import ContentQuestion, Direction, Scope
from redline.records import Status, Verdict, digest
from redline.units import normalise_unit

__all__ = ["HumanJudge"]

Key = tuple[Direction, tuple[str, ...], tuple[str, ...], int]


@dataclass(frozen=True)
class HumanJudge:
    """Answers from annotated pairs; `missing` for a unit that nobody annotated.

    Several annotators of one unit are averaged: `p_edit` is the share who would edit it, `hard` their
    majority (a tie counts as an edit), `votes` what each said.
    """

    answers: Mapping[Key, tuple[float, ...]]
    source: str
    name: str = "human"
    batch: int = 100_000
    scope: Scope = Scope.PAIR

    @property
    def signature(self) -> str:
        return f"human@{self.source}"

    @classmethod
    def from_file(cls, path: str | Path) -> HumanJudge:
        """From a JSONL file, one line an annotator and pair.

        `{"draft": [unit, ...], "reference": [unit, ...], "deleted": [0/1, ...], "added": [0/1, ...],
        "annotator": ...}`; `InputError` lists every line that does not fit.
        """
        problems: list[Problem] = []
        votes: dict[Key, list[float]] = defaultdict(list)
        rows = 0
        for row in read_rows(path, problems):
            rows += 1
            sides = {name: _texts(row, name, problems) for name in ("draft", "reference")}
            marks = {
                "deleted": _marks(row, "deleted", sides["draft"], problems),
                "added": _marks(row, "added", sides["reference"], problems),
            }
            draft, reference = _normal(sides["draft"]), _normal(sides["reference"])
            for i, mark in enumerate(marks["deleted"]):
                votes[Direction.DELETE, draft, reference, i].append(mark)
            for i, mark in enumerate(marks["added"]):
                votes[Direction.ADD, reference, draft, i].append(mark)
        if not rows and not problems:
            problems.append(Problem(str(path), None, None, "is empty"))
        if problems:
            raise InputError(problems, hint="An annotation line has draft, reference, deleted and added.")
        content = sorted([d.value, *own, *other, str(i), *map(str, v)] for (d, own, other, i), v in votes.items())
        return cls({k: tuple(v) for k, v in votes.items()}, digest(content, length=8))

    def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        """The annotators' verdicts."""
        return [self._one(q) for q in questions]

    def _one(self, question: ContentQuestion) -> Verdict:
        key = (question.direction, _normal(question.own), _normal(question.other), question.index)
        votes = self.answers.get(key)
        if votes is None:
            return Verdict(Status.MISSING, detail="nobody annotated this unit")
        share = sum(votes) / len(votes)
        return Verdict(Status.OK, share, share >= 0.5, votes=votes if len(votes) > 1 else ())


def _normal(units: Sequence[str]) -> tuple[str, ...]:
    return tuple(normalise_unit(u) for u in units)


def _texts(row: Row, name: str, problems: list[Problem]) -> tuple[str, ...]:
    value: Any = row.fields.get(name)
    if isinstance(value, list) and all(isinstance(u, str) for u in value):
        return tuple(value)
    problems.append(Problem(row.file, row.line, name, "is missing or not a list of texts"))
    return ()


def _marks(row: Row, name: str, units: tuple[str, ...], problems: list[Problem]) -> list[float]:
    value: Any = row.fields.get(name)
    if not isinstance(value, list) or any(m not in (0, 1) for m in value):
        problems.append(Problem(row.file, row.line, name, "is missing or not a list of 0 and 1"))
        return []
    if len(value) != len(units):
        problems.append(Problem(row.file, row.line, name, f"has {len(value)} marks for {len(units)} units"))
        return []
    return [float(m) for m in value]
