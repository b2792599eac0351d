"""Annotations as a table that a spreadsheet can edit: one row a unit, read back with every problem named."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redline.annotation.annotated import Annotation
from redline.annotation.decisions import Made
from redline.annotation.names import annotator_name, shown_name
from redline.annotation.to_label import PairToLabel
from redline.errors import InputError, Problem, UsageError
from redline.files import open_atomic, read_lines
from redline.units import normalise_unit

__all__ = ["COLUMNS", "guarded", "read_sheet", "sheet_rows", "unguarded", "write_sheet"]

COLUMNS = ("pair", "annotator", "side", "number", "text", "decision", "digest")
WORDS = {"draft": ("keep", "delete"), "reference": ("carried", "add")}
ACCEPTED = {
    "draft": ({"keep", "kept", "k"}, {"delete", "deleted", "d"}),
    "reference": ({"carried", "carry", "c"}, {"add", "added", "a"}),
}
NO, YES = {"0", "0.0", "no", "n", "false"}, {"1", "1.0", "yes", "y", "true"}
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guarded(cell: str) -> str:
    """`cell` that no spreadsheet takes for a formula: an apostrophe before what starts with = + - @, tab or return.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("Rest.")
    ("'=1+1", "''=1+1", 'Rest.')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given.

    >>> unguarded(guarded("=1+1")), unguarded(guarded("'=1+1")), unguarded("'Tis so.")
    ('=1+1', "'=1+1", "'Tis so.")
    """
    return cell[1:] if _GUARDED.match(cell) else cell


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
    with open_atomic(path) as file:
        file.write("\ufeff")
        writer = csv.writer(file, lineterminator="\n")
        rows = -1
        for row in sheet_rows(made):
            writer.writerow(row)
            rows += 1
    return rows


def read_sheet(path: str | Path, pairs: Sequence[PairToLabel], annotator: str | None = None) -> list[Made]:
    """Annotations of a table; `annotator` for one without that column.  `InputError` lists every problem with its place.

    Columns in any order, separated by `,` `;` or tab, a BOM or not; decisions in words, 0/1 or yes/no (yes is an edit) in any case;
    empty is undecided.  A pair of which nothing is decided is left out.  Refused: unknown pairs, changed texts, missing units,
    rows that come twice, rows that contradict each other.
    """
    reader = _Sheet(str(path), {p.id: p for p in pairs}, annotator)
    for line, cells in _lines(Path(path), reader.problems, annotator):
        reader.take(line, cells)
    return reader.made()


@dataclass
class _Sheet:
    file: str
    pairs: dict[str, PairToLabel]
    annotator: str | None
    problems: list[Problem] = field(default_factory=list)
    marks: dict[tuple[str, str], dict[tuple[str, int], tuple[int, bool | None]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    digests: dict[str, str] = field(default_factory=dict)

    def take(self, line: int, cells: dict[str, str]) -> None:
        """One row."""
        pair = self.pairs.get(cells["pair"])
        side = cells["side"].strip().lower()
        if pair is None:
            return self.add(line, "pair", f"is {shown_name(cells['pair'])}, which the pairs do not have")
        if side not in WORDS:
            return self.add(line, "side", "is neither draft nor reference")
        units = dict(pair.sides())[side]
        number = cells["number"].strip().removesuffix(".0")
        if not number.isdecimal() or not 1 <= int(number) <= len(units):
            return self.add(line, "number", f"is no sentence of the {side} of {pair.id!r}, which has {len(units)}")
        self._check_texts(line, cells, pair, units[int(number) - 1])
        try:
            name = annotator_name(cells.get("annotator") or self.annotator or "")
        except UsageError as error:
            return self.add(line, "annotator", str(error))
        mark = self._mark(line, side, cells["decision"])
        known = self.marks[name, pair.id]
        first = known.setdefault((side, int(number)), (line, mark))
        if first[0] != line:
            what = "is that of" if first[1] == mark else "contradicts"
            self.add(line, "decision", f"{what} line {first[0]}, about the same sentence")
        return None

    def made(self) -> list[Made]:
        """The annotations, once every pair is whole."""
        found = []
        for (name, id_), known in self.marks.items():
            pair = self.pairs[id_]
            wanted = [(side, i + 1) for side, units in pair.sides() for i in range(len(units))]
            if missing := [f"{side} {number}" for side, number in wanted if (side, number) not in known]:
                line = min(line for line, _ in known.values())
                self.add(
                    line, "number", f"of pair {id_!r} by {name!r} these sentences have no row: {', '.join(missing)}"
                )
            elif any(mark is not None for _, mark in known.values()):
                deleted = tuple(known["draft", i + 1][1] for i in range(len(pair.draft)))
                added = tuple(known["reference", i + 1][1] for i in range(len(pair.reference)))
                found.append(Made(pair, Annotation(name, deleted, added)))
        if not found and not self.problems:
            self.problems.append(Problem(self.file, None, None, "decides nothing"))
        if self.problems:
            self.problems.sort(key=lambda p: p.line or 0)
            raise InputError(self.problems, hint="Nothing was written.")
        return found

    def add(self, line: int, column: str, message: str) -> None:
        """One problem."""
        self.problems.append(Problem(self.file, line, column, message))

    def _check_texts(self, line: int, cells: dict[str, str], pair: PairToLabel, unit: str) -> None:
        digest = self.digests.setdefault(pair.id, pair.digest)
        if cells["digest"].strip() not in (digest, f"d{digest}"):
            self.add(
                line, "digest", f"the texts of pair {pair.id!r} are not those that were annotated; annotate it anew"
            )
        elif normalise_unit(cells["text"]) != normalise_unit(unit):
            self.add(line, "text", "is not the sentence of the pair: it was changed, or the number was")

    def _mark(self, line: int, side: str, cell: str) -> bool | None:
        word = cell.strip().lower()
        if not word:
            return None
        for value in (False, True):
            if word in ACCEPTED[side][value] or word in (NO, YES)[value]:
                return value
        self.add(line, "decision", f"of a {side} sentence is {' or '.join(WORDS[side])} (or 0 or 1), or empty")
        return None


def _lines(path: Path, problems: list[Problem], annotator: str | None) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, cells by column) of every row; the header says the separator."""
    try:
        text = b"\n".join(line for _, line in read_lines(path)).decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problems.append(Problem(str(path), line, None, "is not UTF-8; export the table as UTF-8 CSV"))
        return
    told = re.match(r"sep=(.)\n", text, re.IGNORECASE)
    body = text[told.end() :] if told else text
    head = body.partition("\n")[0]
    separator = told[1] if told else max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    skipped, header = int(told is not None), None
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            problems.append(Problem(str(path), line, None, f"is not CSV: {error}"))
            return
        if not any(c.strip() for c in cells):
            continue
        if header is None:
            header = [c.strip().lower() for c in cells]
            if not _usable(header, path, line, problems, annotator):
                return
        elif len(cells) != len(header):
            problems.append(Problem(str(path), line, None, f"has {len(cells)} cells, the header has {len(header)}"))
        else:
            yield line, {k: unguarded(v) for k, v in zip(header, cells, strict=True)}
    if header is None:
        problems.append(Problem(str(path), None, None, "is empty"))


def _usable(header: list[str], path: Path, line: int, problems: list[Problem], annotator: str | None) -> bool:
    missing = [c for c in COLUMNS if c not in header and not (c == "annotator" and annotator)]
    for name in missing:
        more = "; name who decided with --annotator" if name == "annotator" else ""
        problems.append(Problem(str(path), line, name, f"is no column of the table{more}"))
    doubled = sorted({c for c in header if c and header.count(c) > 1})
    problems += [Problem(str(path), line, name, "is a column twice") for name in doubled]
    return not missing and not doubled
