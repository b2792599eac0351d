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

__all__ = ["HumanJudge", "pair_digest"]

Key = tuple[Direction, tuple[str, ...], tuple[str, ...], int]


@dataclass(frozen=True)
class HumanJudge:
    """Answers from annotated pairs; `missing` for a unit that nobody annotated.

    Several annotators of one unit are averaged: `p_edit` is the share who would edit it, `hard` their
    majority (a tie counts as an edit), `votes` what each said.  The signature is `name@source`: one annotator's verdicts
    are those of the judge `human:NAME`.
    """

    answers: Mapping[Key, tuple[float, ...]]
    source: str
    name: str = "human"
    batch: int = 100_000
    scope: Scope = Scope.PAIR

    @property
    def signature(self) -> str:
        return f"{self.name}@{self.source}"

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
            _vote(votes, Direction.DELETE, sides["draft"], sides["reference"], marks["deleted"])
            _vote(votes, Direction.ADD, sides["reference"], sides["draft"], marks["added"])
        if not rows and not problems:
            problems.append(Problem(str(path), None, None, "is empty"))
        if problems:
            raise InputError(problems, hint="An annotation line has draft, reference, deleted and added.")
        return cls.of(votes)

    @classmethod
    def from_spec(cls, spec: str) -> HumanJudge:
        """From what stands after `human:`: `FILE` for `from_file`, `EDITS.jsonl+PAIRS.jsonl` for `from_files`.

        A `+` in the name of a file that exists is part of the name.
        """
        if "+" not in spec or Path(spec).exists():
            return cls.from_file(spec)
        places = [i for i, sign in enumerate(spec) if sign == "+"]
        there = [i for i in places if Path(spec[:i]).exists() and Path(spec[i + 1 :]).exists()]
        at = (there or places)[-1]
        return cls.from_files(spec[:at], spec[at + 1 :])

    @classmethod
    def from_files(cls, edits: str | Path, pairs: str | Path) -> HumanJudge:
        """From the two forms of the corpus: `edits` with pair, annotator, deleted and added, `pairs` with the texts.

        A mark may be null (undecided: `missing`, unless another annotator decided).  An annotation with a `digest` was made
        on the very texts with this `pair_digest`.  `InputError` lists every line of both files that does not fit.
        """
        problems: list[Problem] = []
        known = _pairs(pairs, problems)
        votes: dict[Key, list[float]] = defaultdict(list)
        first: dict[tuple[str, str], int] = {}
        rows = 0
        for row in read_rows(edits, problems):
            rows += 1
            id_ = row.fields.get("pair")
            if not isinstance(id_, str | int) or str(id_) not in known:
                what = "is missing or no id" if not isinstance(id_, str | int) else f"is {id_!r}, which {pairs} lacks"
                problems.append(Problem(row.file, row.line, "pair", what))
                continue
            draft, reference = known[str(id_)]
            if (line := first.setdefault((str(id_), str(row.fields.get("annotator"))), row.line)) != row.line:
                problems.append(
                    Problem(row.file, row.line, "pair", f"was annotated by the same in line {line} already")
                )
            if row.fields.get("digest") not in (None, pair_digest(draft, reference)):
                problems.append(Problem(row.file, row.line, "digest", "was made on other texts; annotate them anew"))
            _vote(votes, Direction.DELETE, draft, reference, _marks(row, "deleted", draft, problems, null=True))
            _vote(votes, Direction.ADD, reference, draft, _marks(row, "added", reference, problems, null=True))
        if not rows and not problems:
            problems.append(Problem(str(edits), None, None, "is empty"))
        if problems:
            raise InputError(
                problems, hint="Annotations have pair, deleted and added; pairs have id, draft and reference."
            )
        return cls.of(votes)

    @classmethod
    def of(cls, votes: Mapping[Key, Sequence[float]], name: str = "human") -> HumanJudge:
        """From votes (0 or 1) by question, texts in normal form; `source` is their digest."""
        content = sorted([d.value, *own, *other, str(i), *map(str, v)] for (d, own, other, i), v in votes.items())
        return cls({k: tuple(v) for k, v in votes.items()}, digest(content, length=8), name)

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


def pair_digest(draft: Sequence[str], reference: Sequence[str]) -> str:
    """What an annotation was made on: digest of both texts as units in normal form.

    >>> pair_digest(["Rest  well."], []) == pair_digest(["Rest well."], []) != pair_digest([], ["Rest well."])
    True
    """
    return digest([[normalise_unit(u) for u in side] for side in (draft, reference)])


def _vote(
    votes: dict[Key, list[float]], direction: Direction, own: Sequence[str], other: Sequence[str],
    marks: Sequence[float | None],
) -> None:  # fmt: skip
    mine, theirs = _normal(own), _normal(other)
    for i, mark in enumerate(marks):
        if mark is not None:
            votes[direction, mine, theirs, i].append(mark)


def _pairs(path: str | Path, problems: list[Problem]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    known: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for row in read_rows(path, problems):
        id_ = row.fields.get("id")
        if not isinstance(id_, str | int):
            problems.append(Problem(row.file, row.line, "id", "is missing, expected a text or a whole number"))
        elif str(id_) in known:
            problems.append(Problem(row.file, row.line, "id", "stands in a line above as well"))
        else:
            known[str(id_)] = _texts(row, "draft", problems), _texts(row, "reference", problems)
    return known


def _normal(units: Sequence[str]) -> tuple[str, ...]:
    return tuple(normalise_unit(u) for u in units)


def _texts(row: Row, name: str, problems: list[Problem]) -> tuple[str, ...]:
    value: Any = row.fields.get(name)
    if isinstance(value, list) and all(isinstance(u, str) for u in value):
        return tuple(value)
    problems.append(Problem(row.file, row.line, name, "is missing or not a list of texts"))
    return ()


def _marks(
    row: Row, name: str, units: tuple[str, ...], problems: list[Problem], *, null: bool = False
) -> list[float | None]:  # fmt: skip
    value: Any = row.fields.get(name)
    if not isinstance(value, list) or any(m not in (0, 1) and not (null and m is None) for m in value):
        what = "is missing or not a list of 0 and 1" + (" (or null)" if null else "")
        problems.append(Problem(row.file, row.line, name, what))
        return []
    if len(value) != len(units):
        problems.append(Problem(row.file, row.line, name, f"has {len(value)} marks for {len(units)} units"))
        return []
    return [None if m is None else float(m) for m in value]
