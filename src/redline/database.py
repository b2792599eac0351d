"""One SQLite file of a known form: WAL, so that readers do not wait, and one writer at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from redline.errors import InputError

__all__ = ["open_database"]


def open_database(path: str, schema: str, form: int, *, what: str, option: str) -> sqlite3.Connection:
    """The file at `path` (`:memory:` for one that ends with the process) with the tables of `schema`.

    Usable from several threads under a lock of the caller's.  `InputError` for a file of another form or kind; `what` names
    the store in words and `option` where another file is named.
    """
    try:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=60, check_same_thread=False, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        found = database.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, form):
            raise InputError.single(
                path,
                f"is a {what} of form {found}; this redline reads form {form}",
                hint=f"Use another {option}, or the redline version that wrote it.",
            )
        database.executescript(schema)
        database.execute(f"PRAGMA user_version={form}")
    except (sqlite3.Error, OSError) as error:
        raise InputError.single(path, f"is not a usable {what} ({error})", hint=f"Name another {option}.") from None
    return database
