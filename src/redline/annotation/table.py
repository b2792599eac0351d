"""Tables of one row a unit that a spreadsheet can edit: nothing runs as a formula, every problem is named with its place."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from redline.annotation.names import annotator_name, shown_name
from redline.annotation.problems import refuse
from redline.annotation.session import Item
from redline.corpus.rows import table_text
from redline.errors import Problem, UsageError
from redline.files import open_atomic
from redline.units import normalise_unit

__all__ = ["Form", "guarded", "read_table", "unguarded", "write_table"]

I = TypeVar("I", bound=Item)  # noqa: E741
V = TypeVar("V")

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


@dataclass(frozen=True)
class Form(Generic[V]):
    """What a table is about: its columns, the columns of the item's id and of the decision, the noun for an item.

    `value(side, cell)` is the decision in a cell, None for an open one; `ValueError` in words where it is none.  A table without
    a column `side` is about items of the only side `side`.
    """

    columns: tuple[str, ...]
    id: str
    decision: str
    what: str
    done: str
    value: Callable[[str, str], V | None]
    side: str = ""


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


def write_table(path: str | Path, rows: Iterable[Sequence[str]]) -> int:
    """Write `rows` (the header first) as UTF-8 CSV, with the mark that makes spreadsheets read it as UTF-8; returns how many
    follow the header.
    """
    with open_atomic(path) as file:
        file.write("\ufeff")
        writer = csv.writer(file, lineterminator="\n")
        count = -1
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def read_table(
    path: str | Path, items: Mapping[str, I], form: Form[V], annotator: str | None = None
) -> list[tuple[I, str, dict[str, tuple[V | None, ...]]]]:
    """(item, annotator, decisions by side) of a table; `items` by what stands in the column of their id.

    Columns in any order, separated by `,` `;` or tab, a BOM or not.  An item of which nothing is decided is left out.
    `InputError` lists every problem with its place: unknown items, changed texts, missing units, rows that come twice or
    contradict each other.
    """
    reader = _Reader(str(path), items, form, annotator)
    for line, cells in _lines(Path(path), reader.problems, form, annotator):
        reader.take(line, cells)
    return reader.made()


@dataclass
class _Reader(Generic[I, V]):
    file: str
    items: Mapping[str, I]
    form: Form[V]
    annotator: str | None
    problems: list[Problem] = field(default_factory=list)
    marks: dict[tuple[str, str], dict[tuple[str, int], tuple[int, V | None]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    digests: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def take(self, line: int, cells: dict[str, str]) -> None:
        """One row."""
        id_ = cells[self.form.id]
        item = self.items.get(id_)
        if item is None:
            return self.add(line, self.form.id, f"is {shown_name(id_)}, which the {self.form.what}s do not have")
        side = self.form.side or cells["side"].strip().lower()
        units = dict(item.sides()).get(side)
        if units is None:
            return self.add(line, "side", "is neither " + " nor ".join(name for name, _ in item.sides()))
        number = cells["number"].strip().removesuffix(".0")
        if not number.isdecimal() or not 1 <= int(number) <= len(units):
            return self.add(line, "number", f"is no sentence of the {side} of {id_!r}, which has {len(units)}")
        self._check_texts(line, cells, item, units[int(number) - 1])
        try:
            name = annotator_name(cells.get("annotator") or self.annotator or "")
        except UsageError as error:
            return self.add(line, "annotator", str(error))
        value = None
        try:
            value = self.form.value(side, cells[self.form.decision])
        except ValueError as error:
            self.add(line, self.form.decision, str(error))
        first = self.marks[name, id_].setdefault((side, int(number)), (line, value))
        if first[0] != line:
            what = "is that of" if first[1] == value else "contradicts"
            self.add(line, self.form.decision, f"{what} line {first[0]}, about the same sentence")
        return None

    def made(self) -> list[tuple[I, str, dict[str, tuple[V | None, ...]]]]:
        """The decisions, once every item is whole."""
        found = []
        for (name, id_), known in self.marks.items():
            item = self.items[id_]
            wanted = [(side, i + 1) for side, units in item.sides() for i in range(len(units))]
            if missing := [f"{side} {number}" for side, number in wanted if (side, number) not in known]:
                line = min(line for line, _ in known.values())
                lacking = f"these sentences have no row: {', '.join(missing)}"
                self.add(line, "number", f"of {self.form.what} {id_!r} by {name!r} {lacking}")
            elif any(value is not None for _, value in known.values()):
                sides = {side: tuple(known[side, i + 1][1] for i in range(len(units))) for side, units in item.sides()}
                found.append((item, name, sides))
        if not found and not self.problems:
            self.problems.append(Problem(self.file, None, None, "decides nothing"))
        refuse(sorted(self.problems, key=lambda p: p.line or 0), "Nothing was written.")
        return found

    def add(self, line: int, column: str, message: str) -> None:
        """One problem."""
        self.problems.append(Problem(self.file, line, column, message))

    def _check_texts(self, line: int, cells: dict[str, str], item: I, unit: str) -> None:
        id_ = cells[self.form.id]
        digest = self.digests.setdefault(id_, item.digest)
        if cells["digest"].strip() not in (digest, f"d{digest}"):
            if id_ not in self.changed:  # once: all its rows have the digest of other texts
                self.changed.add(id_)
                what = f"the texts of {self.form.what} {id_!r} are not those that were {self.form.done}"
                self.add(line, "digest", f"{what}; {'annotate' if self.form.done == 'annotated' else 'label'} it anew")
        elif normalise_unit(cells["text"]) != normalise_unit(unit):
            self.add(line, "text", f"is not the sentence of the {self.form.what}: it was changed, or the number was")


def _lines(
    path: Path, problems: list[Problem], form: Form[V], annotator: str | None
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, cells by column) of every row; the header says the separator."""
    text = table_text(path, problems)
    if text is None:
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
            if not _usable(header, path, line, problems, form, annotator):
                return
        elif len(cells) != len(header):
            problems.append(Problem(str(path), line, None, f"has {len(cells)} cells, the header has {len(header)}"))
        else:
            yield line, {k: unguarded(v) for k, v in zip(header, cells, strict=True)}
    if header is None:
        problems.append(Problem(str(path), None, None, "is empty"))


def _usable(
    header: list[str], path: Path, line: int, problems: list[Problem], form: Form[V], annotator: str | None
) -> bool:
    missing = [c for c in form.columns if c not in header and not (c == "annotator" and annotator)]
    if form.id in missing and form.decision in missing:
        said = f"is no table of {form.what}s: its columns are {', '.join(form.columns)}"
        problems.append(Problem(str(path), line, None, said))
        return False
    for name in missing:
        more = "; name who decided with --annotator" if name == "annotator" else ""
        problems.append(Problem(str(path), line, name, f"is no column of the table{more}"))
    doubled = sorted({c for c in header if c and header.count(c) > 1})
    problems += [Problem(str(path), line, name, "is a column twice") for name in doubled]
    return not missing and not doubled
