"""What must hold between rows: one case an id, a case for every reply and draft, something to score against."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from redline.corpus.rows import Row
from redline.errors import Problem
from redline.records import Case, Draft, Reply

__all__ = ["check_relations"]

Record = TypeVar("Record", Case, Reply, Draft)


def check_relations(
    cases: list[tuple[Case, Row]],
    replies: list[tuple[Reply, Row]],
    drafts: list[tuple[Draft, Row]],
    problems: list[Problem],
    *,
    where: str,
    table: bool,
    need_replies: bool,
) -> tuple[tuple[Case, ...], tuple[Reply, ...], tuple[Draft, ...]]:
    """The records whose relations hold; every broken one is appended to `problems`.

    In a table the same message or reply may stand in several rows (one a draft); elsewhere a repeated id is
    a problem even if the rows are equal.
    """
    read_something = bool(cases or replies or drafts or problems)
    kept = _distinct(cases, lambda c: (c.id,), "id", "is the id of another row", problems, table)
    ids = {c.id for c in kept}
    kept_replies = _distinct(
        _known(replies, ids, "reply", problems),
        lambda r: (r.case, r.clinician, r.started_from),
        "clinician",
        "has another reply of the same clinician to the same case",
        problems,
        table,
    )
    kept_drafts = _distinct(
        _known(drafts, ids, "draft", problems),
        lambda d: (d.case, d.model, d.strategy, d.clinician),
        "strategy",
        "has another draft of the same model and strategy for the same case",
        problems,
        table,
    )
    systems = {(d.case, d.system) for d in kept_drafts}
    for reply, row in replies:
        if reply.started_from is not None and reply.case in ids and (reply.case, reply.started_from) not in systems:
            problems.append(
                Problem(
                    row.file, row.line, "started_from", f"names the draft {reply.started_from!r}, which this case lacks"
                )
            )
    if not read_something:
        problems.append(Problem(where, None, None, "is empty"))
    elif need_replies and not kept_replies:
        problems.append(
            Problem(where, None, None, "holds no clinician's reply: there is nothing to measure a draft against")
        )
    return kept, kept_replies, kept_drafts


def _known(
    records: Iterable[tuple[Record, Row]], ids: set[str], noun: str, problems: list[Problem]
) -> list[tuple[Record, Row]]:
    result = []
    for record, row in records:
        case = getattr(record, "case", "")
        if case in ids:
            result.append((record, row))
        else:
            problems.append(Problem(row.file, row.line, "case", f"is {case!r}: a {noun} for a case that is not there"))
    return result


def _distinct(
    records: Iterable[tuple[Record, Row]],
    key: Callable[[Record], Hashable],
    field: str,
    message: str,
    problems: list[Problem],
    repeats: bool,
) -> tuple[Record, ...]:
    """First record of each key; any other is a problem, except an equal one where rows may repeat it."""
    seen: dict[Hashable, tuple[Record, Row]] = {}
    for record, row in records:
        first = seen.setdefault(key(record), (record, row))
        if first[1] is not row and not (repeats and first[0] == record):
            problems.append(Problem(row.file, row.line, field, f"{message} (line {first[1].line})"))
    return tuple(record for record, _ in seen.values())
