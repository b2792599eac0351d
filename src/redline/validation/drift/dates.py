"""When a message came in, by the file of pairs or texts or by the corpus; and which messages a month or a date leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

from redline.corpus import Corpus
from redline.corpus.rows import read_rows
from redline.errors import InputError, Problem, UsageError

__all__ = ["Dates", "corpus_dates", "dates_of", "month_of", "since", "within_month"]

_FORM = "expected ISO 8601, for instance 2026-10-14 or 2026-10-14T09:30"
Dates = Mapping[str, str]
"""Case id to ISO 8601 date or time; empty where nothing is dated."""


class Item(Protocol):
    """A pair or a labelled text."""

    @property
    def id(self) -> str:
        """Of its row."""

    @property
    def case(self) -> str:
        """Of its patient message."""


@dataclass(frozen=True, slots=True)
class _Dated:
    line: int
    text: str


def dates_of(path: str | Path, items: Sequence[Item], field: str = "received", *, id_field: str = "id") -> Dates:
    """Date of every message of `items` by the field `field` of their file: the latest of its items'.

    Empty where no row has the field.  `InputError` for dates that cannot be read, and where some rows have one and others
    do not: their place in time would be a guess.
    """
    wanted = {p.id: p.case for p in items}
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    found: dict[str, list[_Dated]] = {}
    for row in read_rows(path, problems):
        case = wanted.get(str(row.fields.get(id_field)))
        if case is None:
            continue
        value = row.fields.get(field)
        value = value.isoformat() if isinstance(value, date) else value  # Parquet has dates of its own
        if value is None:
            lines[str(row.fields[id_field])] = row.line
        elif _instant(value) is None:
            problems.append(Problem(str(path), row.line, field, f"is no date, {_FORM}"))
        else:
            found.setdefault(case, []).append(_Dated(row.line, str(value)))
    if found:
        problems += [Problem(str(path), n, field, "is missing, and other rows have it") for n in lines.values()]
    if problems:
        raise InputError(
            problems, hint="Date every row or none; --dates names another field, --corpus takes the corpus' dates."
        )
    return {case: max((d.text for d in dates), key=sort_key) for case, dates in found.items()}


def corpus_dates(corpus: Corpus, items: Sequence[Item]) -> Dates:
    """The same by `received` of the corpus' cases."""
    known = {c.id: c.received for c in corpus.cases}
    cases = list(dict.fromkeys(p.case for p in items))
    lost = [c for c in cases if c not in known]
    if lost:
        raise UsageError(
            f"{len(lost)} of {len(cases)} annotated messages are not in the corpus (the first is {lost[0]!r})"
        )
    undated = [c for c in cases if known[c] is None]
    if undated:
        raise UsageError(
            f"{len(undated)} of {len(cases)} annotated messages have no `received` in the corpus (the first is {undated[0]!r}); "
            "without --corpus the dates or the order of the file are taken"
        )
    return {c: str(known[c]) for c in cases}


def sort_key(text: str) -> tuple[datetime, str]:
    """For sorting dates in time; a time without a zone is taken as UTC, a date as its first moment."""
    when = _instant(text)
    if when is None:
        raise ValueError(f"'{text}' is no date")
    return when, text


def _instant(value: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(str(value)) if isinstance(value, str) else None
    except ValueError:
        return None
    return when if when is None or when.tzinfo else when.replace(tzinfo=UTC)


def month_of(text: str) -> str:
    """Year and month as the date itself says it.

    >>> month_of("2026-10-14T09:30+02:00"), month_of("20261014")
    ('2026-10', '2026-10')
    """
    when = datetime.fromisoformat(text)
    return f"{when.year:04}-{when.month:02}"


def within_month(dates: Dates, month: str, path: Path) -> frozenset[str]:
    """Cases of this month (`YYYY-MM`).  `UsageError` where there are none; it says which months there are."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise UsageError(f"--month: {month!r} is no month, write it as 2026-10")
    return _some(dates, frozenset(c for c, d in dates.items() if month_of(d) == month), f"of {month}", path)


def since(dates: Dates, first: str, path: Path) -> frozenset[str]:
    """Cases on or after a date.  `UsageError` where there are none."""
    start = _instant(first)
    if start is None:
        raise UsageError(f"--since: {first!r} is no date, {_FORM}")
    return _some(dates, frozenset(c for c, d in dates.items() if sort_key(d)[0] >= start), f"since {first}", path)


def _some(dates: Dates, found: frozenset[str], what: str, path: Path) -> frozenset[str]:
    if not dates:
        raise UsageError(
            f"nothing in {path} is dated, so no month can be told: give the rows a field `received` (or name theirs with "
            "--dates), or name the corpus with --corpus"
        )
    if not found:
        months = [month_of(d) for d in dates.values()]
        known = ", ".join(f"{m} ({months.count(m)})" for m in sorted(set(months)))
        raise UsageError(f"{path} has no annotated message {what}; there are messages of {known}")
    return found
