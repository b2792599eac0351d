"""How far a study is: read from its folder, without running anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from redline.records import DraftStatus
from redline.study.shards import Bench

__all__ = ["CellStatus", "StudyStatus", "study_status"]


@dataclass(frozen=True, slots=True)
class CellStatus:
    """`done` tasks of `tasks` have an outcome that stands; `failed` have a failure; `why` the cell as a whole stopped."""

    cell: str
    tasks: int
    done: int
    failed: int
    statuses: Counter[str]
    why: str | None

    @property
    def scored(self) -> int:
        """Drafts and decisions against one, which are scored."""
        return sum(n for status, n in self.statuses.items() if DraftStatus(status).scored)


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """Every cell, and what all runs have spent on drafting: calls, tokens in and out, money."""

    cells: tuple[CellStatus, ...]
    calls: int
    tokens_in: int
    tokens_out: int
    money: float


def study_status(bench: Bench) -> StudyStatus:
    """Of the study that the bench has open; drafts of an older version of it count as not done."""
    cells = []
    for cell in bench.place.cells:
        statuses = bench.store.counts(cell.id)
        tasks, open_ = bench.count(cell), len(bench.open_tasks(cell))
        failed = sum(n for status, n in statuses.items() if not DraftStatus(status).scored)
        cells.append(CellStatus(cell.id, tasks, tasks - open_, failed, statuses, bench.store.failure(cell.id)))
    return StudyStatus(tuple(cells), *bench.store.spent())
