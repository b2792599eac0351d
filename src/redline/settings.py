"""TOML files of settings: text in, a checked pydantic model or every problem with line and field out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from redline.errors import InputError, Problem, did_you_mean

__all__ = ["Place", "read_settings"]

Place = tuple[str | int, ...]
"""Where in a file: table, number in a list of tables, key."""
Settings = TypeVar("Settings", bound=BaseModel)

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*[\"']?([\w-]+)[\"']?(?:\.[\w.-]+)?\s*=")


def read_settings(path: str | Path, model: type[Settings]) -> tuple[Settings, dict[Place, int]]:
    """The settings in `path`, and the line of each table and key for problems that the caller finds."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise InputError.single(str(path), f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError.single(str(path), "is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        message = re.sub(r" \(at .*\)$", "", str(error))
        line = int(found[1]) if found else max(1, text.count("\n"))  # else "at end of document"
        raise InputError.single(str(path), f"is not TOML: {message}", line=line) from None
    try:
        spec = model.model_validate(data)
    except ValidationError as error:
        lines = dict(_lines(text))
        items = error.errors(include_url=False)
        inside = {item["loc"][0] for item in items if len(item["loc"]) > 1}  # an entry that is wrong counts as none
        problems = [
            _problem(path, i, lines, model) for i in items if i["type"] != "too_short" or i["loc"][0] not in inside
        ]
        first = {(p.line, p.field): p for p in reversed(problems)}  # a value that may be missing is refused twice
        raise InputError(list(reversed(first.values()))) from None
    return spec, dict(_lines(text))


def _problem(path: Path, item: Any, lines: dict[Place, int], model: type[BaseModel]) -> Problem:
    loc: Place = tuple(item["loc"])
    line = next((lines[loc[:n]] for n in range(len(loc), 0, -1) if loc[:n] in lines), None)
    field = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".")
    return Problem(str(path), line, field, _words(item, loc, model))


def _words(item: Any, loc: Place, model: type[BaseModel]) -> str:
    kind = item["type"]
    if kind == "extra_forbidden":
        known = _fields(loc[:-1], model)
        return f"is unknown; {did_you_mean(str(loc[-1]), known, 'known here')}"
    if kind == "missing":
        return "is missing"
    if kind == "too_short":
        return "needs at least one entry"
    if kind == "string_pattern_mismatch":
        return "may hold letters, digits, and . _ + - only"
    if kind == "tuple_type":
        return "should be a list"
    message: str = item["msg"][:1].lower() + item["msg"][1:]
    return message.replace("input should be", "should be")


def _fields(loc: Place, table: Any) -> list[str]:
    """Field names of the table that `loc` points to."""
    for part in loc:
        if isinstance(part, int):
            continue
        annotation = table.model_fields[part].annotation
        table = next(
            (a for a in (annotation, *getattr(annotation, "__args__", ())) if hasattr(a, "model_fields")), None
        )
        if table is None:
            return []
    return list(table.model_fields)


def _lines(text: str) -> Iterator[tuple[Place, int]]:
    """Line of each table and key: enough to point a person at the place, not a second TOML parser."""
    table: Place = ()
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            name = header[2]
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                table = (name, counts[name])
            else:
                table = tuple(name.split("."))
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, key[1]), number
