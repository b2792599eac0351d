"""Study files: TOML in, a checked `StudySpec` or every problem with line and field out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from redline.errors import InputError, Problem, did_you_mean
from redline.study.spec import StudySpec

__all__ = ["read_study"]

Path_ = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*[\"']?([\w-]+)[\"']?(?:\.[\w.-]+)?\s*=")


def read_study(path: str | Path) -> StudySpec:
    """The study in `path`; relative paths in it are taken from the folder that the file stands in."""
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
        spec = StudySpec.model_validate(data)
    except ValidationError as error:
        lines = dict(_lines(text))
        items = error.errors(include_url=False)
        inside = {item["loc"][0] for item in items if len(item["loc"]) > 1}  # an entry that is wrong counts as none
        problems = [_problem(path, i, lines) for i in items if i["type"] != "too_short" or i["loc"][0] not in inside]
        first = {(p.line, p.field): p for p in reversed(problems)}  # a value that may be missing is refused twice
        raise InputError(list(reversed(first.values()))) from None
    doubled = list(_doubled(path, spec, dict(_lines(text))))
    if doubled:
        raise InputError(doubled)
    return _rooted(spec, path.parent)


def _rooted(spec: StudySpec, folder: Path) -> StudySpec:
    """Relative files that lie beside the study file, as paths from here."""

    def rooted(name: str | None) -> str | None:
        if name is None or not name or name == "bundled" or name.startswith("hf:"):
            return name
        beside = folder / name
        if Path(name).is_absolute() or not beside.exists():
            return str(Path(name).resolve()) if Path(name).exists() else name
        return str(beside.resolve())

    corpora = tuple(c.model_copy(update={"path": rooted(c.path), "learn": rooted(c.learn)}) for c in spec.corpora)
    return spec.model_copy(update={"corpora": corpora, "taxonomy": rooted(spec.taxonomy)})


def _doubled(path: Path, spec: StudySpec, lines: dict[Path_, int]) -> Iterator[Problem]:
    for table, names in (
        ("corpora", [c.name for c in spec.corpora]),
        ("models", [m.title for m in spec.models]),
    ):
        for i, name in enumerate(names):
            if name in names[:i]:
                line = lines.get((table, i, "name"), lines.get((table, i)))
                yield Problem(str(path), line, f"{table}[{i}].name", f"is {name!r}, as is an earlier one")
    if len(set(spec.strategies)) < len(spec.strategies):
        yield Problem(str(path), lines.get(("strategies",)), "strategies", "names a strategy twice")


def _problem(path: Path, item: Any, lines: dict[Path_, int]) -> Problem:
    loc: Path_ = tuple(item["loc"])
    line = next((lines[loc[:n]] for n in range(len(loc), 0, -1) if loc[:n] in lines), None)
    field = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".")
    return Problem(str(path), line, field, _words(item, loc))


def _words(item: Any, loc: Path_) -> str:
    kind = item["type"]
    if kind == "extra_forbidden":
        known = _fields(loc[:-1])
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


def _fields(loc: Path_) -> list[str]:
    """Field names of the table that `loc` points to."""
    model: Any = StudySpec
    for part in loc:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = next(
            (a for a in (annotation, *getattr(annotation, "__args__", ())) if hasattr(a, "model_fields")), None
        )
        if model is None:
            return []
    return list(model.model_fields)


def _lines(text: str) -> Iterator[tuple[Path_, int]]:
    """Line of each table and key: enough to point a person at the place, not a second TOML parser."""
    table: Path_ = ()
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
