"""Edit decisions as a table that a spreadsheet can edit: one row a unit, read back with every problem named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from redline.annotation.annotated import Annotation
from redline.annotation.decisions import Made
from redline.annotation.table import Form, guarded, read_table, write_table
from redline.annotation.to_label import PairToLabel

__all__ = ["COLUMNS", "read_sheet", "sheet_rows", "write_sheet"]

COLUMNS = ("pair", "annotator", "side", "number", "text", "decision", "digest")
WORDS = {"draft": ("keep", "delete"), "reference": ("carried", "add")}
ACCEPTED = {
    "draft": ({"keep", "kept", "k"}, {"delete", "deleted", "d"}),
    "reference": ({"carried", "carry", "c"}, {"add", "added", "a"}),
}
NO, YES = {"0", "0.0", "no", "n", "false"}, {"1", "1.0", "yes", "y", "true"}


def sheet_rows(made: Iterable[Made]) -> Iterator[tuple[str, ...]]:
    """The header, then a row a unit: draft sentences, then reference sentences; an open decision is empty.

    The digest is written with a `d` in front: sixteen digits alone a spreadsheet would round.
    """
    yield COLUMNS
    for one in made:
        marks = {"draft": one.annotation.deleted, "reference": one.annotation.added}
        made_on = f"d{one.pair.digest}"
        for side, units in one.pair.sides():
            for i, (text, mark) in enumerate(zip(units, marks[side], strict=True)):
                word = "" if mark is None else WORDS[side][mark]
                cells = (one.pair.id, one.annotation.annotator, side, str(i + 1), text, word, made_on)
                yield tuple(guarded(c) for c in cells)


def write_sheet(path: str | Path, made: Iterable[Made]) -> int:
    """Write the table as UTF-8 CSV, with the mark that makes spreadsheets read it as UTF-8; returns the number of units."""
    return write_table(path, sheet_rows(made))


def read_sheet(path: str | Path, pairs: Sequence[PairToLabel], annotator: str | None = None) -> list[Made]:
    """Annotations of a table; `annotator` for one without that column.  `InputError` lists every problem with its place.

    Columns in any order, separated by `,` `;` or tab, a BOM or not; decisions in words, 0/1 or yes/no (yes is an edit) in any case;
    empty is undecided.  A pair of which nothing is decided is left out.  Refused: unknown pairs, changed texts, missing units,
    rows that come twice, rows that contradict each other.
    """
    form = Form(COLUMNS, "pair", "decision", "pair", "annotated", _mark)
    return [
        Made(pair, Annotation(name, marks["draft"], marks["reference"]))
        for pair, name, marks in read_table(path, {p.id: p for p in pairs}, form, annotator)
    ]


def _mark(side: str, cell: str) -> bool | None:
    word = cell.strip().lower()
    if not word:
        return None
    for value in (False, True):
        if word in ACCEPTED[side][value] or word in (NO, YES)[value]:
            return value
    raise ValueError(f"of a {side} sentence is {' or '.join(WORDS[side])} (or 0 or 1), or empty")
