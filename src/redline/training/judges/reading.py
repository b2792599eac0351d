"""A user's own annotations, in the forms of the corpus' files; every problem of both files in one error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redline.corpus import TextRules
from redline.corpus.rows import Row, read_rows
from redline.errors import InputError, Problem, UsageError, did_you_mean
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.training.judges.annotated import AnnotatedPair, Annotation, ThemedText

__all__ = ["KINDS", "read_material"]

KINDS = ("judge", "themes")


def read_material(
    kind: str, texts: str | Path, annotations: str | Path, *, taxonomy: Taxonomy | None = None
) -> list[AnnotatedPair] | list[ThemedText]:
    """Annotated pairs (`judge`) or labelled texts (`themes`); texts that nobody annotated are left out.

    `judge`: lines `{"id", "case", "draft": [unit, ...], "reference": [unit, ...]}` and lines `{"pair", "annotator",
    "deleted": [0/1, ...], "added": [0/1, ...]}`.  `themes`: lines `{"text_id", "case", "sentences": [unit, ...]}` (without
    `case`, what stands before the first colon of `text_id`) and lines `{"text_id", "annotator", "themes": [[key, ...],
    ...]}`.  `InputError` lists every line that does not fit; the bundled test split is refused by `prepare`.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no material for {kind!r}; write {' or '.join(KINDS)}")
    problems: list[Problem] = []
    reader = _Reader(problems)
    found = (
        reader.pairs(texts, annotations)
        if kind == "judge"
        else reader.themes(texts, annotations, taxonomy or default_taxonomy())
    )
    if not found and not problems:
        problems.append(Problem(str(annotations), None, None, f"annotates nothing of {texts}"))
    if problems:
        hint = {
            "judge": "Pairs have id, case, draft and reference; annotations have pair, annotator, deleted and added.",
            "themes": "Texts have text_id and sentences; labels have text_id, annotator and themes.",
        }
        raise InputError(problems, hint=hint[kind])
    return found


class _Reader:
    """Fields of rows; what does not fit is appended to `problems`, without repeating any text."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.rules = TextRules()

    def pairs(self, texts: str | Path, annotations: str | Path) -> list[AnnotatedPair]:
        """Pairs with at least one annotation."""
        known = {
            id_: (self.name(row, "case"), self.units(row, "draft"), self.units(row, "reference"))
            for id_, row in self.by_id(texts, "id")
        }
        marks: dict[str, list[Annotation]] = {}
        for id_, row, annotator in self.annotated(annotations, "pair", set(known)):
            _, draft, reference = known[id_]
            sides = (self.marks(row, "deleted", len(draft)), self.marks(row, "added", len(reference)))
            marks.setdefault(id_, []).append(Annotation(annotator, *sides))
        if self.problems:
            return []
        return [AnnotatedPair(i, case, d, r, tuple(marks[i])) for i, (case, d, r) in known.items() if i in marks]

    def themes(self, texts: str | Path, annotations: str | Path, taxonomy: Taxonomy) -> list[ThemedText]:
        """Texts with at least one annotator's labels."""
        known = {
            id_: (self.name(row, "case") if "case" in row.fields else id_.split(":")[0], self.units(row, "sentences"))
            for id_, row in self.by_id(texts, "text_id")
        }
        labels: dict[str, list[tuple[tuple[str, ...], ...]]] = {}
        for id_, row, _ in self.annotated(annotations, "text_id", set(known)):
            labels.setdefault(id_, []).append(self.keys(row, "themes", len(known[id_][1]), taxonomy))
        if self.problems:
            return []
        return [ThemedText(i, case, units, tuple(labels[i])) for i, (case, units) in known.items() if i in labels]

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
            id_, annotator = self.name(row, field), self.name(row, "annotator")
            if not id_ or not annotator:
                continue
            if id_ not in known:
                self.add(row, field, f"is {id_!r}, which the other file does not have")
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

    def marks(self, row: Row, field: str, count: int) -> tuple[bool, ...]:
        """One 0 or 1 a unit."""
        value: Any = row.fields.get(field)
        if not isinstance(value, list) or any(m not in (0, 1) for m in value):
            self.add(row, field, "is missing" if value is None else "is not a list of 0 and 1")
        elif len(value) != count:
            self.add(row, field, f"has {len(value)} marks for {count} units")
        else:
            return tuple(bool(m) for m in value)
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
                        self.add(row, f"{field}[{number}]", f"names the unknown theme {key!r}; {close}")
            return tuple(tuple(keys) for keys in value)
        return ((),) * count

    def add(self, row: Row, field: str, message: str) -> None:
        """One problem of a row."""
        self.problems.append(Problem(row.file, row.line, field, message))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(x, str) for x in value)
