"""What became of the drafts themselves: no draft on purpose, and drafts that failed, beside every system's scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from redline.records import Draft, DraftStatus
from redline.scoring.findings import Finding
from redline.scoring.table import ScoreTable

__all__ = ["outcome_findings", "with_outcomes"]


def with_outcomes(table: ScoreTable, drafts: Iterable[Draft]) -> ScoreTable:
    """The table with `no_draft` and `not_drafted` among the counts of every cell; they are numbers of drafts."""
    found = _by_system(drafts)
    cells = tuple(
        replace(c, counts=c.counts | {"no_draft": _no_draft(o), "not_drafted": _failed(o)})
        for c in table.cells
        for o in [found.get(c.name, Counter())]
    )
    return replace(table, cells=cells)


def outcome_findings(drafts: Iterable[Draft]) -> Iterator[Finding]:
    """In words: withheld drafts are part of the scores, failed ones of none."""
    for system, statuses in _by_system(drafts).items():
        total = sum(statuses.values())
        if held := _no_draft(statuses):
            yield Finding(
                "no draft", system,
                f"{system} gives no draft for {held} of {total} on purpose; there the clinician writes from scratch, and that is "
                "in its scores (edit-recall 0).",
            )  # fmt: skip
        if failed := _failed(statuses):
            why = ", ".join(f"{s.value} {n}" for s, n in sorted(statuses.items()) if not s.scored)
            yield Finding(
                "failed drafts", system,
                f"{system}: {failed} of {total} drafts failed ({why}). They are in no score, so its figures are about the "
                "others only.",
            )  # fmt: skip


def _by_system(drafts: Iterable[Draft]) -> dict[str, Counter[DraftStatus]]:
    found: dict[str, Counter[DraftStatus]] = {}
    for draft in drafts:
        found.setdefault(draft.system, Counter())[draft.status] += 1
    return found


def _no_draft(statuses: Counter[DraftStatus]) -> int:
    return statuses[DraftStatus.NO_DRAFT]


def _failed(statuses: Counter[DraftStatus]) -> int:
    return sum(n for status, n in statuses.items() if not status.scored)
