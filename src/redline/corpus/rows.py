"""Rows of any file form: (line number, field -> value), read without trusting the file.

One reader a form; all of them report every unreadable line in one pass instead of stopping at the first.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from redline.errors import InputError, Problem
from redline.files import read_lines

__all__ = ["SUFFIXES", "Row", "read_rows", "table_text"]

SUFFIXES = (".jsonl", ".jsonl.gz", ".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file: where it stood and its fields; values are as the form gives them."""

    file: str
    line: int
    fields: dict[str, Any]


def read_rows(path: str | Path, problems: list[Problem]) -> Iterator[Row]:
    """Rows of a JSONL, CSV or Parquet file; what cannot be read is appended to `problems`.

    A file that does not exist or has another form raises `InputError` at once.
    """
    path = Path(path)
    name = path.name.lower()
    if name.endswith((".jsonl", ".jsonl.gz", ".ndjson")):
        yield from _jsonl(path, problems)
    elif name.endswith(".csv"):
        yield from _csv(path, problems)
    elif name.endswith(".parquet"):
        yield from _parquet(path)
    else:
        raise InputError.single(
            str(path), "has a form that redline does not read", hint=f"It reads {', '.join(SUFFIXES)}."
        )


def _no_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is not JSON")


def _jsonl(path: Path, problems: list[Problem]) -> Iterator[Row]:
    for number, raw in read_lines(path):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        except UnicodeDecodeError as error:
            problems.append(Problem(str(path), number, None, f"is not UTF-8 (byte {error.start + 1} of the line)"))
            continue
        except (ValueError, RecursionError) as error:
            problems.append(Problem(str(path), number, None, f"is not one JSON object: {_short(error)}"))
            continue
        if not isinstance(value, dict):
            problems.append(Problem(str(path), number, None, f"is a JSON {_kind(value)}, expected an object"))
            continue
        yield Row(str(path), number, value)


def table_text(path: Path, problems: list[Problem]) -> str | None:
    """The text of a CSV file; None, and a problem with its line, where it is not UTF-8."""
    try:
        return b"\n".join(line for _, line in read_lines(path)).decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problems.append(Problem(str(path), line, None, "is not UTF-8; export the table as UTF-8 CSV"))
        return None


def _csv(path: Path, problems: list[Problem]) -> Iterator[Row]:
    text = table_text(path, problems)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text), strict=True)
    header: list[str] | None = None
    while True:
        before = reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem(str(path), reader.line_num, None, f"is not CSV: {error}"))
            return
        if not any(cells):
            continue
        if header is None:
            header = [c.strip() for c in cells]
            if len(set(header)) != len(header):
                problems.append(Problem(str(path), before + 1, None, "names a column twice"))
                return
        elif len(cells) != len(header):
            problems.append(
                Problem(str(path), before + 1, None, f"has {len(cells)} cells, the header has {len(header)}")
            )
        else:
            yield Row(str(path), before + 1, {k: v for k, v in zip(header, cells, strict=True) if v != ""})


def _parquet(path: Path) -> Iterator[Row]:
    import duckdb  # a second to import; only Parquet needs it

    if not path.is_file():
        raise InputError.single(str(path), "does not exist" if not path.exists() else "is a folder, expected a file")
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    try:
        cursor = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in cursor.description or []]
        number = 0
        while batch := cursor.fetchmany(4096):
            for values in batch:
                number += 1
                fields = {k: v for k, v in zip(names, values, strict=True) if v is not None}
                yield Row(str(path), number, fields)
    except duckdb.Error as error:
        raise InputError.single(str(path), f"is not a readable Parquet file ({_short(error)})") from None
    finally:
        connection.close()


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


def _kind(value: Any) -> str:
    names: dict[type, str] = {list: "list", str: "text", bool: "boolean", int: "number", float: "number"}
    return names.get(type(value), "null")
