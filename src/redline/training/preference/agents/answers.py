"""What language models answered to agents' requests, kept so that a killed run asks nothing twice."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from pathlib import Path

from redline.chat import ChatResult, Usage
from redline.database import open_database
from redline.judging import Cost
from redline.records import Status

__all__ = ["AnswerStore"]

_FORM = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spending (id INTEGER PRIMARY KEY CHECK (id = 1), calls INTEGER, tokens_in INTEGER, tokens_out INTEGER,
    money REAL);
INSERT OR IGNORE INTO spending VALUES (1, 0, 0, 0, 0.0);
"""
_KEPT = frozenset({Status.OK, Status.REFUSED, Status.TOO_LONG})
"""Worth keeping; the rest may be cured by asking again."""


class AnswerStore:
    """One SQLite file, by digest of model and request; safe to use from several threads.

    The file holds replies: treat it like the messages that they answer.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.path = str(path)
        self._lock = threading.Lock()
        self._db = open_database(self.path, _SCHEMA, _FORM, what="store of agents' answers", option="--answers")

    def get(self, key: str) -> ChatResult | None:
        """The answer that was kept."""
        with self._lock:
            row = self._db.execute("SELECT value FROM answers WHERE key = ?", [key]).fetchone()
        if row is None:
            return None
        value = json.loads(row[0])
        return ChatResult(**value | {"status": Status(value["status"]), "usage": Usage(**value["usage"])})

    def has(self, key: str) -> bool:
        """Whether there is an answer."""
        with self._lock:
            return self._db.execute("SELECT 1 FROM answers WHERE key = ?", [key]).fetchone() is not None

    def put(self, key: str, result: ChatResult, money: float) -> None:
        """Keep an answer and count what it cost, in one transaction, at once."""
        value = json.dumps(asdict(result), ensure_ascii=True)
        spent = (max(1, result.attempts), result.usage.tokens_in, result.usage.tokens_out, money)
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if result.status in _KEPT:
                    self._db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", [key, value])
                self._db.execute(
                    "UPDATE spending SET calls = calls + ?, tokens_in = tokens_in + ?, tokens_out = tokens_out + ?, "
                    "money = money + ?",
                    spent,
                )
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def spent(self) -> Cost:
        """Of all runs together."""
        with self._lock:
            calls, tokens_in, tokens_out, money = self._db.execute(
                "SELECT calls, tokens_in, tokens_out, money FROM spending"
            ).fetchone()
        return Cost(int(calls), int(tokens_in), int(tokens_out), float(money))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
