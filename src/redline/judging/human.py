"""People as a judge and as a theme classifier: an annotation file holds the verdicts."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redline.corpus.rows import Row, read_rows
from redline.errors import InputError, Problem
from redline.judging.questions import ContentQuestion, Direction, Scope, ThemeQuestion
from redline.records import Status, ThemeVerdict, Verdict, digest
from redline.taxonomy import Taxonomy
from redline.units import normalise_unit

__all__ = ["HumanJudge", "HumanThemeJudge", "pair_digest"]

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
        """From what stands after `human:`: `FILE` for `from_file`, `EDITS.jsonl+PAIRS.jsonl` for `from_files`, and
        `NAME@EDITS.jsonl+PAIRS.jsonl` for what the annotator NAME decided in them.

        A `+` or `@` in the name of a file that exists is part of the name.
        """
        if "+" not in spec or Path(spec).exists():
            return cls.from_file(spec)
        annotator, edits, pairs = _files_of(spec)
        return cls.from_files(edits, pairs, annotator)

    @classmethod
    def from_files(cls, edits: str | Path, pairs: str | Path, annotator: str | None = None) -> HumanJudge:
        """From the two forms of the corpus: `edits` with pair, annotator, deleted and added, `pairs` with the texts.

        The judge of all annotators is called `human`, the one of a single `annotator` `human:NAME`.
        A mark may be null (undecided: `missing`, unless another annotator decided).  An annotation with a `digest` was made
        on the very texts with this `pair_digest`.  `InputError` lists every line of both files that does not fit.
        """
        problems: list[Problem] = []
        known = _pairs(pairs, problems)
        votes: dict[Key, list[float]] = defaultdict(list)
        first: dict[tuple[str, str], int] = {}
        rows, names = 0, set()
        for row in read_rows(edits, problems):
            rows += 1
            name = _name(row)
            names.add(name)
            id_ = row.fields.get("pair")
            if not isinstance(id_, str | int) or str(id_) not in known:
                what = "is missing or no id" if not isinstance(id_, str | int) else f"is {id_!r}, which {pairs} lacks"
                problems.append(Problem(row.file, row.line, "pair", what))
                continue
            draft, reference = known[str(id_)]
            if (line := first.setdefault((str(id_), name), row.line)) != row.line:
                problems.append(
                    Problem(row.file, row.line, "pair", f"was annotated by the same in line {line} already")
                )
            if row.fields.get("digest") not in (None, pair_digest(draft, reference)):
                problems.append(Problem(row.file, row.line, "digest", "was made on other texts; annotate them anew"))
            deleted = _marks(row, "deleted", draft, problems, null=True)
            added = _marks(row, "added", reference, problems, null=True)
            if annotator is None or name == _one_form(annotator):
                _vote(votes, Direction.DELETE, draft, reference, deleted)
                _vote(votes, Direction.ADD, reference, draft, added)
        _check_rows(edits, rows, names, annotator, problems)
        if problems:
            raise InputError(
                problems, hint="Annotations have pair, deleted and added; pairs have id, draft and reference."
            )
        return cls.of(votes, "human" if annotator is None else f"human:{_one_form(annotator)}")

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


@dataclass(frozen=True)
class HumanThemeJudge:
    """Themes that people gave the units of texts; `missing` for a unit that nobody labelled.

    Of several annotators `p` is the share who give a theme; set are the themes that more than half of them give, else the one that
    most give (the first in the taxonomy's order among equals).  No theme is the residual one.  Names as of `HumanJudge`.
    """

    answers: Mapping[tuple[tuple[str, ...], int], tuple[tuple[str, ...], ...]]
    taxonomy: Taxonomy
    source: str
    name: str = "human"
    batch: int = 100_000
    scope: Scope = Scope.PAIR

    @property
    def signature(self) -> str:
        return f"{self.name}@{self.source}"

    @property
    def themes(self) -> tuple[str, ...]:
        """Keys that this classifier knows: those of its taxonomy."""
        return self.taxonomy.keys

    @classmethod
    def from_spec(cls, spec: str, taxonomy: Taxonomy) -> HumanThemeJudge:
        """From what stands after `human:`: `[NAME@]LABELS.jsonl+TEXTS.jsonl`, two files in the forms of the corpus.

        `InputError` lists every line of both files that does not fit.
        """
        annotator, labels, texts = _files_of(spec)
        problems: list[Problem] = []
        known = _labelled_texts(texts, problems)
        votes: dict[tuple[tuple[str, ...], int], list[tuple[str, ...]]] = defaultdict(list)
        rows, names = 0, set()
        for row in read_rows(labels, problems):
            rows += 1
            name = _name(row)
            names.add(name)
            units = known.get(str(row.fields.get("text_id")))
            said: Any = row.fields.get("themes")
            if units is None:
                problems.append(Problem(row.file, row.line, "text_id", f"is missing, or {texts} does not have it"))
            elif row.fields.get("digest") not in (None, digest(list(units))):
                problems.append(Problem(row.file, row.line, "digest", "was made on another text; label it anew"))
            elif not _are_themes(said, len(units), taxonomy):
                what = f"is not a list of {len(units)} lists of keys of the taxonomy, one a unit"
                problems.append(Problem(row.file, row.line, "themes", what))
            elif annotator is None or name == _one_form(annotator):
                for i, keys in enumerate(said):
                    votes[units, i].append(tuple(keys))
        _check_rows(labels, rows, names, annotator, problems)
        if problems:
            raise InputError(
                problems, hint="Labels have text_id, annotator and themes; texts have text_id and sentences."
            )
        return cls.of(votes, taxonomy, "human" if annotator is None else f"human:{_one_form(annotator)}")

    @classmethod
    def of(
        cls, votes: Mapping[tuple[tuple[str, ...], int], Sequence[Sequence[str]]], taxonomy: Taxonomy, name: str = "human"
    ) -> HumanThemeJudge:  # fmt: skip
        """From each annotator's themes of a unit (text in normal form, place); `source` is the digest of all, and of the taxonomy's
        keys.
        """
        answers = {k: tuple(taxonomy.order(taxonomy.as_set(keys)) for keys in v) for k, v in votes.items()}
        content = sorted([list(own), i, [list(keys) for keys in v]] for (own, i), v in answers.items())
        return cls(answers, taxonomy, digest([content, list(taxonomy.keys), taxonomy.residual], length=8), name)

    def judge(self, questions: Sequence[ThemeQuestion]) -> list[ThemeVerdict]:
        """The annotators' themes."""
        return [self._one(q) for q in questions]

    def _one(self, question: ThemeQuestion) -> ThemeVerdict:
        said = self.answers.get((_normal(question.own), question.index))
        if said is None:
            return ThemeVerdict(Status.MISSING, detail="nobody labelled this unit")
        shares = {key: sum(key in keys for keys in said) / len(said) for key in self.taxonomy.keys}
        return ThemeVerdict(Status.OK, shares, self.taxonomy.majority(said))


def pair_digest(draft: Sequence[str], reference: Sequence[str]) -> str:
    """What an annotation was made on: digest of both texts as units in normal form.

    >>> pair_digest(["Rest  well."], []) == pair_digest(["Rest well."], []) != pair_digest([], ["Rest well."])
    True
    """
    return digest([[normalise_unit(u) for u in side] for side in (draft, reference)])


def _files_of(spec: str) -> tuple[str | None, str, str]:
    """(annotator, file of decisions, file of texts) of `[NAME@]DECISIONS+TEXTS`."""
    name, at, rest = spec.partition("@")
    named = _cuts(name, rest) if at and name and not set("+/\\") & set(name) else []
    plain = _cuts(None, spec)
    for cuts in (plain, named):
        if there := [cut for cut in cuts if Path(cut[1]).exists() and Path(cut[2]).exists()]:
            return there[-1]
    return (named or plain)[-1]


def _cuts(name: str | None, files: str) -> list[tuple[str | None, str, str]]:
    return [(name, files[:i], files[i + 1 :]) for i, sign in enumerate(files) if sign == "+"]


def _one_form(name: str) -> str:
    """One person, however the name was typed."""
    return unicodedata.normalize("NFC", name.strip())


def _name(row: Row) -> str:
    return _one_form(str(row.fields.get("annotator", "")))


def _check_rows(path: str | Path, rows: int, names: set[str], annotator: str | None, problems: list[Problem]) -> None:
    """One more problem where a file is empty, or nothing in it is by the `annotator`."""
    if not rows and not problems:
        problems.append(Problem(str(path), None, None, "is empty"))
    elif annotator is not None and _one_form(annotator) not in names:
        known = ", ".join(sorted(repr(n) for n in names if len(n) <= 64))
        problems.append(Problem(str(path), None, "annotator", f"is never {annotator!r}; the annotators are {known}"))


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


def _labelled_texts(path: str | Path, problems: list[Problem]) -> dict[str, tuple[str, ...]]:
    """Units in normal form by the text's id."""
    known: dict[str, tuple[str, ...]] = {}
    for row in read_rows(path, problems):
        id_ = row.fields.get("text_id")
        if not isinstance(id_, str | int):
            problems.append(Problem(row.file, row.line, "text_id", "is missing, expected a text or a whole number"))
        elif str(id_) in known:
            problems.append(Problem(row.file, row.line, "text_id", "stands in a line above as well"))
        else:
            known[str(id_)] = _normal(_texts(row, "sentences", problems))
    return known


def _are_themes(value: Any, count: int, taxonomy: Taxonomy) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(keys, list) and all(isinstance(k, str) and k in taxonomy for k in keys) for keys in value)
    )


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
