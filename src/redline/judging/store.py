"""The verdict store: every verdict once, under the digest of what it depends on.

One SQLite file in WAL mode, JSON values, one writer at a time.  It holds digests and verdicts, never texts:
a copied or leaked store gives away no patient message.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from redline.database import open_database
from redline.records import Status, ThemeVerdict, Verdict, digest

__all__ = ["KeyParts", "VerdictStore", "decode", "encode", "key_of"]

KeyParts = Mapping[str, str | int]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (
    key TEXT PRIMARY KEY, judge TEXT NOT NULL, direction TEXT NOT NULL, unit TEXT NOT NULL, other TEXT NOT NULL,
    own TEXT NOT NULL, position INTEGER NOT NULL, repetition INTEGER NOT NULL, value TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_unit ON verdicts (unit, other);
CREATE INDEX IF NOT EXISTS by_other ON verdicts (other);
"""
_PUT = """
INSERT INTO verdicts VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value
WHERE json_extract(verdicts.value, '$.status') <> 'ok'
"""
_FORM = 1
_CHUNK = 500


def key_of(parts: KeyParts) -> str:
    """The store's key: digest of the canonical JSON of the parts."""
    return digest(dict(parts), length=40)


def encode(verdict: Verdict | ThemeVerdict) -> str:
    """JSON of a verdict.  `detail` is left out: a judge may have quoted the text in it."""
    value: dict[str, Any] = {"status": verdict.status.value}
    if isinstance(verdict, ThemeVerdict):
        value |= {"p": dict(verdict.p), "themes": list(verdict.themes)}
    else:
        value |= {"p_edit": verdict.p_edit, "hard": verdict.hard, "evidence": verdict.evidence}
        if verdict.votes:
            value["votes"] = list(verdict.votes)
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def decode(text: str) -> Verdict | ThemeVerdict:
    """The verdict that `encode` wrote; floats come back bit for bit."""
    value = json.loads(text)
    status = Status(value["status"])
    if "themes" in value:
        return ThemeVerdict(status, value["p"], tuple(value["themes"]))
    return Verdict(status, value["p_edit"], value["hard"], value["evidence"], votes=tuple(value.get("votes", ())))


class VerdictStore:
    """Verdicts by key in one SQLite file (`:memory:` for a store that ends with the process).

    Safe to use from several threads of one process, and from several processes (the second writer waits).
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.path = str(path)
        self._lock = threading.Lock()
        self._db = open_database(self.path, _SCHEMA, _FORM, what="verdict store", option="--store")

    def get_many(self, keys: Sequence[str]) -> dict[str, Verdict | ThemeVerdict]:
        """Stored verdicts of those of `keys` that are there."""
        found: dict[str, Verdict | ThemeVerdict] = {}
        with self._lock:
            for start in range(0, len(keys), _CHUNK):
                part = keys[start : start + _CHUNK]
                marks = ",".join("?" * len(part))
                rows = self._db.execute(f"SELECT key, value FROM verdicts WHERE key IN ({marks})", list(part))
                found.update((key, decode(value)) for key, value in rows)
        return found

    def put_many(self, verdicts: Sequence[tuple[KeyParts, Verdict | ThemeVerdict]]) -> None:
        """Store verdicts in one transaction; a key that is there already keeps its first `ok` verdict."""
        rows = [
            (
                key_of(parts),
                parts["judge"],
                parts["direction"],
                parts["unit"],
                parts["other"],
                parts.get("own", ""),
                parts.get("index", -1),
                parts["repetition"],
                encode(verdict),
            )
            for parts, verdict in verdicts
        ]
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(_PUT, rows)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def like(self, parts: KeyParts, limit: int = 200) -> Iterator[dict[str, Any]]:
        """Stored rows that share the unit or the other text with `parts`, for the explanation of a miss."""
        query = (
            "SELECT judge, direction, unit, other, own, position, repetition FROM verdicts "
            "WHERE unit = ? UNION ALL SELECT judge, direction, unit, other, own, position, repetition "
            "FROM verdicts WHERE other = ? AND unit <> ? LIMIT ?"
        )
        with self._lock:
            rows = self._db.execute(query, [parts["unit"], parts["other"], parts["unit"], limit]).fetchall()
        names = ("judge", "direction", "unit", "other", "own", "index", "repetition")
        yield from (dict(zip(names, row, strict=True)) for row in rows)

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT COUNT(*) FROM verdicts").fetchone()[0])

    def __bool__(self) -> bool:
        """A store is there even while it is empty."""
        return True

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> VerdictStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
