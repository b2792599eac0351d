"""What a study has so far: completions by what was asked, drafts by task.  One SQLite file, WAL.

Completions are content-addressed, so nothing that was answered is asked (or paid) again, whatever became of the study.
Unlike the verdict store this file holds texts; keep it where the corpus may be kept.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from redline.chat import ChatResult, Usage
from redline.database import open_database
from redline.records import Status

__all__ = ["StudyStore"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS completions (
    key TEXT PRIMARY KEY, model TEXT NOT NULL, value TEXT NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
    money REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS drafts (
    cell TEXT NOT NULL, place INTEGER NOT NULL, made TEXT NOT NULL, status TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (cell, place)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (cell TEXT PRIMARY KEY, why TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spending (
    id INTEGER PRIMARY KEY, calls INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, money REAL NOT NULL
);
INSERT OR IGNORE INTO spending VALUES (1, 0, 0, 0, 0);
"""
_SPEND = (
    "UPDATE spending SET calls = calls + ?, tokens_in = tokens_in + ?, tokens_out = tokens_out + ?, money = money + ?"
)
_FORM = 1
KEPT = frozenset({Status.OK, Status.REFUSED, Status.TOO_LONG})
"""Answers worth keeping; a timeout, nonsense or a missing record may be cured by the next run."""


class StudyStore:
    """Safe for several threads, and for several processes (a second writer waits)."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._lock = threading.Lock()
        self._db = open_database(self.path, _SCHEMA, _FORM, what="study store", option="--out")

    def completion(self, key: str) -> ChatResult | None:
        """The stored answer."""
        with self._lock:
            row = self._db.execute("SELECT value FROM completions WHERE key = ?", [key]).fetchone()
        if row is None:
            return None
        value = json.loads(row[0])
        return ChatResult(**value | {"status": Status(value["status"]), "usage": Usage(**value["usage"])})

    def put_completion(self, key: str, model: str, result: ChatResult, money: float) -> None:
        """Keep an answer, at once: it may have been paid for.  The call is counted in the same transaction."""
        value = json.dumps(asdict(result), ensure_ascii=True)
        row = (key, model, value, result.usage.tokens_in, result.usage.tokens_out, money)
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if result.status in KEPT:
                    self._db.execute("INSERT OR IGNORE INTO completions VALUES (?,?,?,?,?,?)", row)
                self._db.execute(_SPEND, (max(1, result.attempts), *row[3:]))
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def spent(self) -> tuple[int, int, int, float]:
        """(calls, tokens in, tokens out, money) of all runs."""
        with self._lock:
            calls, tokens_in, tokens_out, money = self._db.execute(
                "SELECT calls, tokens_in, tokens_out, money FROM spending"
            ).fetchone()
        return int(calls), int(tokens_in), int(tokens_out), float(money)

    def put_drafts(self, cell: str, rows: Iterable[tuple[int, str, str, str]]) -> None:
        """(place, what it was made from, status, JSON) of finished tasks, in one transaction."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(
                    "INSERT OR REPLACE INTO drafts VALUES (?,?,?,?,?)", [(cell, place, *row) for place, *row in rows]
                )
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def made(self, cell: str, start: int = 0, stop: int | None = None) -> dict[int, tuple[str, str]]:
        """Place -> (what it was made from, status) of the tasks of these places that are there."""
        query = "SELECT place, made, status FROM drafts WHERE cell = ? AND place >= ? AND place < ?"
        with self._lock:
            rows = self._db.execute(query, [cell, start, 2**62 if stop is None else stop]).fetchall()
        return {int(place): (made, status) for place, made, status in rows}

    def drafts(self, cell: str) -> Iterator[str]:
        """JSON of the cell's drafts, in the order of its tasks."""
        last = -1
        while True:
            with self._lock:
                rows = self._db.execute(
                    "SELECT place, value FROM drafts WHERE cell = ? AND place > ? ORDER BY place LIMIT 2000",
                    [cell, last],
                ).fetchall()
            if not rows:
                return
            yield from (value for _, value in rows)
            last = rows[-1][0]

    def forget_beyond(self, cell: str, count: int) -> None:
        """Drop drafts of tasks that the cell no longer has."""
        with self._lock:
            self._db.execute("DELETE FROM drafts WHERE cell = ? AND place >= ?", [cell, count])

    def counts(self, cell: str) -> Counter[str]:
        """Number of drafts by status."""
        with self._lock:
            rows = self._db.execute(
                "SELECT status, COUNT(*) FROM drafts WHERE cell = ? GROUP BY status", [cell]
            ).fetchall()
        return Counter(dict(rows))

    def set_failure(self, cell: str, why: str | None) -> None:
        """Remember why a whole cell could not be drafted; None once it could."""
        with self._lock:
            if why is None:
                self._db.execute("DELETE FROM failures WHERE cell = ?", [cell])
            else:
                self._db.execute("INSERT OR REPLACE INTO failures VALUES (?, ?)", [cell, why])

    def failure(self, cell: str) -> str | None:
        """Why the cell could not be drafted."""
        with self._lock:
            row = self._db.execute("SELECT why FROM failures WHERE cell = ?", [cell]).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> StudyStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
