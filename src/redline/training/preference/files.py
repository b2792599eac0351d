"""Preference sets in files: one set a line, with a card beside them that says how they came about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from redline.chat import ChatMessage
from redline.corpus import TextRules
from redline.corpus.rows import read_rows
from redline.errors import InputError, Problem
from redline.files import open_atomic, write_json
from redline.training.preference.sets import PreferencePair, PreferenceSet

__all__ = [
    "TEXTS",
    "SetsWritten",
    "card_path",
    "read_card",
    "read_sets",
    "set_row",
    "sets_digest",
    "write_card",
    "write_sets",
]

TEXTS = TextRules(max_chars=2_000_000, allow_direction_marks=True)  # a prompt may hold ten past replies
"""What a text of a set may contain."""
_CARD_FORM = 1


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    role: Literal["system", "user", "assistant"]
    content: str


class _Pair(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    chosen: int
    rejected: int
    theme: str | None = None
    weight: float = 1.0
    source: str = ""


class _Set(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    id: str
    case: str = ""
    clinician: str | None = None
    own: int | None = None
    prompt: list[_Message]
    replies: list[str]
    pairs: list[_Pair] = []


@dataclass(frozen=True, slots=True)
class SetsWritten:
    """What went into a file: number of sets, and a digest of all of them in order."""

    sets: int
    digest: str


def set_row(found: PreferenceSet) -> dict[str, Any]:
    """The JSON object of one set."""
    return {
        "id": found.id, "case": found.case, "clinician": found.clinician, "own": found.own,
        "prompt": [{"role": m.role, "content": m.text} for m in found.prompt],
        "replies": list(found.replies),
        "pairs": [
            {"chosen": p.chosen, "rejected": p.rejected, "theme": p.theme, "weight": p.weight, "source": p.source}
            for p in found.pairs
        ],
    }  # fmt: skip


def write_sets(path: str | Path, sets: Iterable[PreferenceSet]) -> SetsWritten:
    """Write `sets` to `path`, whole or not at all, one after the other: they need not fit into memory."""
    hashed, count = hashlib.sha256(), 0
    with open_atomic(path) as file:
        for found in sets:
            hashed.update(found.digest.encode())
            file.write(json.dumps(set_row(found), ensure_ascii=False, allow_nan=False) + "\n")
            count += 1
    return SetsWritten(count, hashed.hexdigest()[:16])


def sets_digest(sets: Iterable[PreferenceSet]) -> str:
    """The digest that `write_sets` gives for these sets: a card that has another one is not theirs."""
    hashed = hashlib.sha256()
    for found in sets:
        hashed.update(found.digest.encode())
    return hashed.hexdigest()[:16]


def read_sets(path: str | Path) -> tuple[PreferenceSet, ...]:
    """The sets of a file in their order; `InputError` with every problem where there is any, or where there is no set."""
    problems: list[Problem] = []
    found = tuple(_sets(Path(path), problems))
    if not found and not problems:
        problems.append(Problem(str(path), None, None, "holds no preference set"))
    if problems:
        raise InputError(
            problems, hint="`redline prefer build` writes such a file; its form stands in docs/preferences.md."
        )
    return found


def _sets(path: Path, problems: list[Problem]) -> Iterator[PreferenceSet]:
    lines: dict[str, int] = {}
    for row in read_rows(path, problems):
        try:
            form = _Set.model_validate(row.fields)
        except ValidationError as error:
            problems += [
                Problem(row.file, row.line, _where(e["loc"]), _words(e)) for e in error.errors(include_url=False)
            ]
            continue
        before = len(problems)
        problems += [Problem(row.file, row.line, where, what) for where, what in _wrong(form)]
        if form.id in lines:
            problems.append(Problem(row.file, row.line, "id", f"is the id of line {lines[form.id]} as well"))
        lines.setdefault(form.id, row.line)
        if len(problems) == before:
            yield _record(form)


def _record(form: _Set) -> PreferenceSet:
    return PreferenceSet(
        form.id, tuple(ChatMessage(m.role, m.content) for m in form.prompt), tuple(form.replies),
        tuple(PreferencePair(p.chosen, p.rejected, p.theme, p.weight, p.source) for p in form.pairs),
        form.own, form.case, form.clinician,
    )  # fmt: skip


def _wrong(form: _Set) -> Iterator[tuple[str, str]]:
    """(field, what is wrong with it) of a set whose types are right."""
    if not form.id.strip():
        yield "id", "is empty"
    if not form.prompt:
        yield "prompt", "is empty, expected at least one message"
    texts = [(f"prompt[{i}].content", m.content) for i, m in enumerate(form.prompt)]
    for where, text in [*texts, *((f"replies[{i}]", t) for i, t in enumerate(form.replies))]:
        if message := TEXTS.problem(text):
            yield where, message
    first: dict[str, int] = {}
    for i, text in enumerate(form.replies):
        if not text.strip():
            yield f"replies[{i}]", "is empty"
        elif text in first:
            yield f"replies[{i}]", f"is the same text as replies[{first[text]}]"
        first.setdefault(text, i)
    count = len(form.replies)
    if form.own is not None and not 0 <= form.own < count:
        yield "own", f"is {form.own}, but there are {count} replies (numbered from 0)"
    for i, pair in enumerate(form.pairs):
        for side in ("chosen", "rejected"):
            place = getattr(pair, side)
            if not 0 <= place < count:
                yield f"pairs[{i}].{side}", f"is {place}, but there are {count} replies (numbered from 0)"
        if pair.chosen == pair.rejected:
            yield f"pairs[{i}]", "prefers a reply to itself"
        if not 0.0 < pair.weight < float("inf"):
            yield f"pairs[{i}].weight", f"is {pair.weight:g}, expected a number above 0"


def _where(loc: tuple[int | str, ...]) -> str:
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _words(error: Any) -> str:
    """What pydantic found, without the value: it may be patient text."""
    kinds = {"missing": "is missing", "extra_forbidden": "is not a field of a preference set"}
    return kinds.get(error["type"], f"is of the wrong kind: {error['msg'][:1].lower()}{error['msg'][1:]}")


def card_path(path: str | Path) -> Path:
    """Where the card of a file of sets lies.

    >>> card_path("out/sets.jsonl").name
    'sets.jsonl.card.json'
    """
    path = Path(path)
    return path.with_name(f"{path.name}.card.json")


def write_card(path: str | Path, card: Mapping[str, Any]) -> Path:
    """Write the card of the sets at `path`."""
    target = card_path(path)
    write_json(target, {"form": _CARD_FORM, **card})
    return target


def read_card(path: str | Path) -> dict[str, Any] | None:
    """The card of the sets at `path`; None where there is none."""
    target = card_path(path)
    if not target.exists():
        return None
    try:
        card = json.loads(target.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError.single(
            str(target), "is no JSON document", hint="Remove it, or build the sets again."
        ) from None
    if not isinstance(card, dict) or card.get("form") != _CARD_FORM:
        raise InputError.single(
            str(target), "is no card of preference sets", hint="Remove it, or build the sets again."
        )
    return card
