"""Reference log-probabilities of replies, each kept on its own: change one reply and one is computed again.

The key of a reply covers everything that moves its number: the weights (base, adapter and scaling) and the numbers they are
computed in, the chat template, the tokens of prompt and reply.  One SQLite file; 2.6 million replies take about 150 MB.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from redline.database import open_database
from redline.errors import InputError
from redline.training.trees import Row, TokenSet, pack

__all__ = ["ReferenceKey", "ReferenceStore", "reference_logps"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reference (key BLOB PRIMARY KEY, logp REAL NOT NULL, tokens INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class ReferenceKey:
    """What the numbers of one run depend on besides the tokens."""

    weights: str
    template: str
    dtype: str

    def of(self, prompt: Sequence[int], reply: Sequence[int]) -> bytes:
        """Key of one reply, 20 bytes."""
        total = hashlib.blake2b(digest_size=20)
        for part in (self.weights, self.template, self.dtype):
            total.update(part.encode() + b"\0")
        total.update(struct.pack("<q", len(prompt)))
        total.update(np.asarray([*prompt, *reply], dtype="<i4").tobytes())
        return total.digest()


class ReferenceStore:
    """`path` names the file; `:memory:` keeps nothing."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        self._path = str(path)
        self._database = open_database(
            str(path), _SCHEMA, 1, what="store of reference log-probabilities", option="--out"
        )

    def get(self, keys: Iterable[bytes]) -> dict[bytes, float]:
        """Those that are known."""
        wanted = list(dict.fromkeys(keys))
        found: dict[bytes, float] = {}
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ",".join("?" * len(some))
            found.update(self._database.execute(f"SELECT key, logp FROM reference WHERE key IN ({marks})", some))
        return found

    def put(self, rows: Iterable[tuple[bytes, float, int]]) -> None:
        """(key, log-probability, tokens) of each reply, all or none."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR REPLACE INTO reference VALUES (?, ?, ?)", list(rows))
            self._database.execute("COMMIT")
        except sqlite3.Error as error:  # a full disk ends the transaction by itself
            self._roll_back()
            raise InputError.single(
                self._path, f"the reference log-probabilities cannot be written ({error})",
                hint="What is in it stays. Make room; the same command goes on from there.",
            ) from None  # fmt: skip
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def __enter__(self) -> ReferenceStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()


def reference_logps(
    store: ReferenceStore,
    key: ReferenceKey,
    sets: Sequence[TokenSet],
    score: Callable[[Row], Any],
    budget: int,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> list[list[float]]:
    """The log-probability of every reply of every set; `score(row)` computes those that the store does not hold.

    What is computed is stored row by row, so a stopped pass goes on.  `tell(done, total)` counts replies.
    """
    keys = [[key.of(s.prompt, reply) for reply in s.replies] for s in sets]
    known = store.get(k for own in keys for k in own)
    missing: list[TokenSet] = []
    for whole, own in zip(sets, keys, strict=True):
        places = [i for i, k in enumerate(own) if k not in known]
        if places:
            missing.append(whole.only(places))
    total = sum(len(own) for own in keys)
    done = total - sum(len(s.replies) for s in missing)
    tell(done, total)
    for start in range(0, len(missing), 64):  # neighbours fill each other's rows; 64 prompts are enough for that
        for row in pack(missing[start : start + 64], budget):
            values = [float(v) for v in score(row)]
            found = [
                (key.of(row.prompts[n], reply), value, len(reply))
                for (n, reply), value in zip(row.replies, values, strict=True)
            ]
            store.put(found)
            known.update((k, value) for k, value, _ in found)
            done += len(found)
            tell(done, total)
    return [[known[k] for k in own] for own in keys]
