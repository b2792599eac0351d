"""The two line forms that other programs write for us: pairs and texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redline.corpus import TextRules
from redline.corpus.rows import Row, read_rows
from redline.errors import InputError, Problem
from redline.judging import Pair
from redline.units import unit_texts

__all__ = ["read_pairs", "read_texts"]


def read_pairs(path: Path, rules: TextRules) -> list[Pair]:
    """Lines `{"id", "draft", "reference"}`; each text a string or a list of unit strings, kept as it is."""
    problems: list[Problem] = []
    pairs = []
    for row in _rows(path, rules, problems):
        draft, reference = (_units(row, field, rules, problems) for field in ("draft", "reference"))
        pairs.append(Pair(_id(row), draft, reference))
    _finish(path, problems, len(pairs))
    return pairs


def read_texts(path: Path, rules: TextRules) -> list[tuple[str | int, tuple[str, ...]]]:
    """Lines `{"id", "text"}`; text a string or a list."""
    problems: list[Problem] = []
    texts = [(_id(row), _units(row, "text", rules, problems)) for row in _rows(path, rules, problems)]
    _finish(path, problems, len(texts))
    return texts


def _rows(path: Path, rules: TextRules, problems: list[Problem]) -> list[Row]:
    """All rows, with missing, unusable and doubled ids reported."""
    seen: dict[str, int] = {}
    rows = []
    for row in read_rows(path, problems):
        rows.append(row)
        value = row.fields.get("id")
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            problems.append(Problem(row.file, row.line, "id", "is missing, expected a text or a whole number"))
        elif message := rules.problem(str(value)):
            problems.append(Problem(row.file, row.line, "id", message))
        elif str(value) in seen:
            problems.append(Problem(row.file, row.line, "id", f"is the id of line {seen[str(value)]} as well"))
        else:
            seen[str(value)] = row.line
    return rows


def _id(row: Row) -> str | int:
    value: str | int = row.fields.get("id", "")
    return value


def _units(row: Row, field: str, rules: TextRules, problems: list[Problem]) -> tuple[str, ...]:
    value: Any = row.fields.get(field)
    if isinstance(value, str):
        texts = [value]
    elif isinstance(value, list) and all(isinstance(u, str) for u in value):
        texts = value
    else:
        what = "is missing" if field not in row.fields else "is neither a text nor a list of texts"
        problems.append(Problem(row.file, row.line, field, what))
        return ()
    for number, text in enumerate(texts):
        if message := rules.problem(text):
            where = field if isinstance(value, str) else f"{field}[{number}]"
            problems.append(Problem(row.file, row.line, where, message))
        elif isinstance(value, list) and not text.strip():
            problems.append(Problem(row.file, row.line, f"{field}[{number}]", "is an empty unit"))
    if isinstance(value, str):
        return unit_texts(value) if value.strip() and rules.problem(value) is None else ()
    return tuple(texts)


def _finish(path: Path, problems: list[Problem], count: int) -> None:
    if not count and not problems:
        problems.append(Problem(str(path), None, None, "is empty"))
    if problems:
        raise InputError(problems, hint="Nothing was written.")
