"""A user's own annotations, in the forms of the corpus' files; every problem of both files in one error."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from redline.annotation.annotated import AnnotatedPair, Annotation, ThemedText
from redline.annotation.names import shown_name
from redline.annotation.problems import refuse
from redline.annotation.to_label import PairToLabel, TextToLabel
from redline.corpus import TextRules
from redline.corpus.rows import Row, read_rows
from redline.errors import Problem, did_you_mean
from redline.judging.human import pair_digest
from redline.taxonomy import Taxonomy, default_taxonomy

__all__ = ["pair_digest", "read_annotated_pairs", "read_pairs_to_label", "read_texts_to_label", "read_themed_texts"]

RAREST = 1e-9
"""Least probability that a pair can have been drawn with: one divided by it is a weight, and squares of weights are summed."""


def read_annotated_pairs(
    pairs: str | Path, annotations: str | Path, *, undecided: bool = False, rules: TextRules | None = None
) -> list[AnnotatedPair]:  # fmt: skip
    """Annotated pairs; those that nobody annotated are left out.

    `pairs`: lines `{"id", "case", "draft": [unit, ...], "reference": [unit, ...]}`, where known with `draft_source`,
    `reference_source` and the sampling `probability`.  `annotations`: lines `{"pair", "annotator", "deleted": [0/1, ...],
    "added": [0/1, ...]}`; with `undecided` a mark may be null as well.  An annotation that carries a `digest` was made on
    the very texts with this `pair_digest`, or is refused.  `InputError` lists every line that does not fit.
    """
    problems: list[Problem] = []
    found = _Reader(problems, undecided=undecided, rules=rules).pairs(pairs, annotations)
    _refuse(
        problems, found, annotations, pairs,
        "Pairs have id, case, draft and reference; annotations have pair, annotator, deleted and added.",
    )  # fmt: skip
    return found


def read_themed_texts(
    texts: str | Path, labels: str | Path, *, taxonomy: Taxonomy | None = None, rules: TextRules | None = None
) -> list[ThemedText]:  # fmt: skip
    """Labelled texts; those that nobody labelled are left out.

    `texts`: lines `{"text_id", "case", "sentences": [unit, ...]}` (without `case`, what stands before the first colon of
    `text_id`).  `labels`: lines `{"text_id", "annotator", "themes": [[key, ...], ...]}`, with a
    `digest` where they were made by `redline annotate`: then the text must be the same.  `InputError` lists every line that does
    not fit.
    """
    problems: list[Problem] = []
    found = _Reader(problems, rules=rules).themes(texts, labels, taxonomy or default_taxonomy())
    _refuse(
        problems, found, labels, texts,
        "Texts have text_id and sentences; labels have text_id, annotator and themes.",
    )  # fmt: skip
    return found


def read_pairs_to_label(pairs: str | Path, *, rules: TextRules | None = None) -> list[PairToLabel]:
    """Pairs in the order of the file, annotated or not.  `InputError` lists every line that does not fit.

    Lines as `read_annotated_pairs` takes them; a line with a `digest` must still have the texts that it had when the pair
    was drawn.
    """
    problems: list[Problem] = []
    reader = _Reader(problems, rules=rules)
    found = [reader.to_label(id_, row) for id_, row in reader.by_id(pairs, "id")]
    refuse(problems, "Pairs have id, case, draft and reference.")
    return found


def read_texts_to_label(texts: str | Path, *, rules: TextRules | None = None) -> list[TextToLabel]:
    """Texts in the order of the file, as `read_themed_texts` takes them.  `InputError` lists every line that does not fit."""
    problems: list[Problem] = []
    reader = _Reader(problems, rules=rules)
    found = [
        TextToLabel(id_, reader.case_of(id_, row), reader.units(row, "sentences"))
        for id_, row in reader.by_id(texts, "text_id")
    ]
    refuse(problems, "Texts have text_id and sentences.")
    return found


def _refuse(problems: list[Problem], found: Sequence[object], annotations: Any, texts: Any, hint: str) -> None:
    if not found and not problems:
        problems.append(Problem(str(annotations), None, None, f"annotates nothing of {texts}"))
    refuse(problems, hint)


class _Reader:
    """Fields of rows; what does not fit is appended to `problems`, without repeating any text."""

    def __init__(
        self, problems: list[Problem], *, undecided: bool = False, rules: TextRules | None = None
    ) -> None:  # fmt: skip
        self.problems = problems
        self.undecided = undecided
        self.rules = rules or TextRules()

    def pairs(self, texts: str | Path, annotations: str | Path) -> list[AnnotatedPair]:
        """Pairs with at least one annotation."""
        known = {id_: self.pair(id_, row) for id_, row in self.by_id(texts, "id")}
        if not known:  # every annotation would be about a pair that is not there
            return []
        marks: dict[str, list[Annotation]] = {}
        for id_, row, annotator in self.annotated(annotations, "pair", set(known)):
            draft, reference = known[id_]["draft"], known[id_]["reference"]
            made_on = row.fields.get("digest")
            if made_on is not None and made_on != pair_digest(draft, reference):
                self.add(
                    row, "digest", f"the texts of pair {id_!r} are not those that were annotated; annotate it anew"
                )
            sides = (self.marks(row, "deleted", len(draft)), self.marks(row, "added", len(reference)))
            marks.setdefault(id_, []).append(Annotation(annotator, *sides))
        if self.problems:
            return []
        return [AnnotatedPair(annotations=tuple(marks[i]), **fields) for i, fields in known.items() if i in marks]

    def pair(self, id_: str, row: Row) -> dict[str, Any]:
        """Everything of an `AnnotatedPair` but its annotations."""
        probability = row.fields.get("probability")
        if probability is not None and not (_is_number(probability) and RAREST <= probability <= 1):
            self.add(row, "probability", f"is no number from {RAREST:g} to 1")
        sources = {name: self.source(row, name) for name in ("draft_source", "reference_source")}
        return {
            "id": id_, "case": self.name(row, "case"), "draft": self.units(row, "draft"),
            "reference": self.units(row, "reference"), **sources, "probability": probability,
        }  # fmt: skip

    def to_label(self, id_: str, row: Row) -> PairToLabel:
        """A pair before it is annotated."""
        found = PairToLabel(**self.pair(id_, row), stratum=self.source(row, "stratum"))
        if row.fields.get("digest") not in (None, found.digest):
            self.add(row, "digest", "the texts are not those that were drawn; draw or write the pair anew")
        return found

    def case_of(self, id_: str, row: Row) -> str:
        """The case of a text: its own field, or what stands before the first colon of its id."""
        return self.name(row, "case") if "case" in row.fields else id_.split(":")[0]

    def source(self, row: Row, field: str) -> str:
        """Who wrote a side, where the row says it."""
        return self.name(row, field) if row.fields.get(field) else ""

    def themes(self, texts: str | Path, annotations: str | Path, taxonomy: Taxonomy) -> list[ThemedText]:
        """Texts with at least one annotator's labels."""
        known = {
            id_: (self.case_of(id_, row), self.units(row, "sentences")) for id_, row in self.by_id(texts, "text_id")
        }
        if not known:
            return []
        labels: dict[str, dict[str, tuple[tuple[str, ...], ...]]] = {}
        for id_, row, annotator in self.annotated(annotations, "text_id", set(known)):
            if row.fields.get("digest") not in (None, TextToLabel(id_, *known[id_]).digest):
                self.add(row, "digest", f"the text {id_!r} is not the one that was labelled; label it anew")
            labels.setdefault(id_, {})[annotator] = self.keys(row, "themes", len(known[id_][1]), taxonomy)
        if self.problems:
            return []
        return [
            ThemedText(i, case, units, tuple(labels[i].values()), tuple(labels[i]))
            for i, (case, units) in known.items()
            if i in labels
        ]

    def by_id(self, path: str | Path, field: str) -> Iterator[tuple[str, Row]]:
        """(id, row) of every row whose id is there and new; an empty file is a problem."""
        first: dict[str, int] = {}
        rows = 0
        for row in read_rows(path, self.problems):
            rows += 1
            id_ = self.name(row, field)
            if id_ in first:
                self.add(row, field, f"is the {field} of line {first[id_]} as well")
            elif id_:
                first[id_] = row.line
                yield id_, row
        if not rows and not self.problems:
            self.problems.append(Problem(str(path), None, None, "is empty"))

    def annotated(self, path: str | Path, field: str, known: set[str]) -> Iterator[tuple[str, Row, str]]:
        """(id, row, annotator) of every row about a known id that this annotator has not annotated before."""
        first: dict[tuple[str, str], int] = {}
        for row in read_rows(path, self.problems):
            id_ = self.name(row, field)
            annotator = unicodedata.normalize("NFC", self.name(row, "annotator").strip())  # one person, however typed
            if not id_ or not annotator:
                continue
            if id_ not in known:
                self.add(row, field, f"is {shown_name(id_)}, which the other file does not have")
            elif (line := first.setdefault((id_, annotator), row.line)) != row.line:
                self.add(row, field, f"was annotated by {annotator!r} in line {line} already")
            else:
                yield id_, row, annotator

    def name(self, row: Row, field: str) -> str:
        """An id: a text or a whole number."""
        value: Any = row.fields.get(field)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str) or not value.strip():
            self.add(row, field, "is missing, expected a text or a whole number" if value is None else "is no text")
            return ""
        if message := self.rules.problem(value):
            self.add(row, field, message)
        return value

    def units(self, row: Row, field: str) -> tuple[str, ...]:
        """A list of texts, none of them empty."""
        value: Any = row.fields.get(field)
        if not isinstance(value, list) or not all(isinstance(u, str) for u in value):
            self.add(row, field, "is missing" if value is None else "is not a list of texts (one a sentence)")
            return ()
        for number, text in enumerate(value):
            message = self.rules.problem(text) if text.strip() else "is an empty unit"
            if message:
                self.add(row, f"{field}[{number}]", message)
        return tuple(value)

    def marks(self, row: Row, field: str, count: int) -> tuple[bool | None, ...]:
        """One 0 or 1 a unit, or null where undecided ones are taken."""
        value: Any = row.fields.get(field)
        allowed = (0, 1, None) if self.undecided else (0, 1)
        if not isinstance(value, list) or any(m not in allowed for m in value):
            self.add(row, field, "is missing" if value is None else f"is not a list of 0 and 1{self._null()}")
        elif len(value) != count:
            self.add(row, field, f"has {len(value)} marks for {count} units")
        else:
            return tuple(None if m is None else bool(m) for m in value)
        return (False,) * count

    def keys(self, row: Row, field: str, count: int, taxonomy: Taxonomy) -> tuple[tuple[str, ...], ...]:
        """One list of theme keys a unit."""
        value: Any = row.fields.get(field)
        if not isinstance(value, list) or not all(_are_texts(keys) for keys in value):
            self.add(row, field, "is missing" if value is None else "is not a list of lists of theme keys")
        elif len(value) != count:
            self.add(row, field, f"has labels of {len(value)} units, the text has {count}")
        else:
            for number, keys in enumerate(value):
                for key in keys:
                    if key not in taxonomy:
                        close = did_you_mean(key, taxonomy.keys, "known")
                        self.add(row, f"{field}[{number}]", f"names the unknown theme {shown_name(key)}; {close}")
            return tuple(tuple(keys) for keys in value)
        return ((),) * count

    def _null(self) -> str:
        return " (or null)" if self.undecided else ""

    def add(self, row: Row, field: str, message: str) -> None:
        """One problem of a row."""
        self.problems.append(Problem(row.file, row.line, field, message))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(x, str) for x in value)
