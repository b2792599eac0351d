"""An annotator's own log: one line an event, on disk before the next question is asked."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redline.annotation.names import annotator_name
from redline.annotation.session import Event, Item, Kind, Question
from redline.errors import InputError, Problem, UsageError
from redline.files import check_target

__all__ = ["Log", "LogWriter", "open_log", "read_log"]

FORM = 1
KINDS = {"edits": "edit decisions", "themes": "themes"}


@dataclass(frozen=True)
class Log:
    """What a log says: whose it is, of which kind (`edits` or `themes`), and its events with their line numbers."""

    path: str
    annotator: str
    kind: str
    events: tuple[Event, ...]
    lines: tuple[int, ...]

    def check(
        self, items: Mapping[str, Item], where: str | Path, themes: Collection[str] | None = None
    ) -> list[Problem]:  # fmt: skip
        """Why these events are not about `items` (read from `where`): unknown, changed, or with fewer units; or, where
        `themes` are given, which others they name.
        """
        problems: dict[tuple[str, str], Problem] = {}
        digests: dict[str, str] = {}
        for event, line in zip(self.events, self.lines, strict=True):
            q = event.question
            if q.id not in items:
                what = ("id", f"is {q.id!r}, which {where} does not have")
            elif event.digest != digests.setdefault(q.id, items[q.id].digest):
                what = (
                    "digest",
                    f"the texts of {q.id!r} are not those that were labelled; label it anew in another log",
                )
            elif q.unit >= len(dict(items[q.id].sides()).get(q.side, ())):
                what = ("unit", f"{q.id!r} has no {q.side} unit {q.unit + 1}")
            elif themes is not None and isinstance(event.value, tuple) and not set(event.value) <= set(themes):
                other = ", ".join(repr(t) for t in event.value if t not in themes)
                what = (
                    "themes",
                    f"names {other}, which this taxonomy does not have; name the --taxonomy it was made with",
                )
            else:
                continue
            problems.setdefault((q.id, what[0]), Problem(self.path, line, *what))
        return list(problems.values())


def read_log(path: str | Path) -> Log:
    """A log as it stands.  What a killed process left of its last line is no line; anything else unreadable is an error."""
    log, _ = _read(Path(path))
    if log is None:
        raise InputError.single(str(path), "holds nothing yet", hint="`redline annotate terminal` writes logs.")
    return log


class LogWriter:
    """Appends events to an open log; each is on the disk when `append` returns."""

    def __init__(self, handle: int, path: Path) -> None:
        self._handle = handle
        self._path = path

    def append(self, event: Event) -> None:
        """Write and sync one line; `InputError` where the disk does not take it, with nothing of it left."""
        self.write(_row(event))

    def write(self, row: Mapping[str, Any]) -> None:
        """One line of any form."""
        data = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8", "replace")
        before = os.fstat(self._handle).st_size
        try:
            if os.write(self._handle, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, before)
            raise InputError.single(
                str(self._path), f"cannot be written ({error.strerror}); the last decision is not kept, all before are",
                hint="Make room and start the same command again.",
            ) from None  # fmt: skip


@contextmanager
def open_log(path: str | Path, annotator: str, kind: str) -> Iterator[tuple[Log, LogWriter]]:
    """The log of `annotator` at `path`, made if needed, for this process alone.

    `UsageError` while another process has it open; `InputError` for a file that is no log of this annotator and kind.
    """
    path = Path(path)
    check_target(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError as error:
        raise InputError.single(str(path), f"cannot be written ({error.strerror})") from None
    try:
        _lock(handle, path)
        found, end = _read(path)
        if found is not None and (found.annotator, found.kind) != (annotator, kind):
            raise InputError.single(
                str(path), f"is the log of {found.annotator!r} ({KINDS[found.kind]}), not of {annotator!r} ({KINDS[kind]})",
                hint="Name another --out.",
            )  # fmt: skip
        os.ftruncate(handle, end)  # what a killed process left of its last line
        writer = LogWriter(handle, path)
        if found is None:
            writer.write({"log": kind, "form": FORM, "annotator": annotator})
        yield found or Log(str(path), annotator, kind, (), ()), writer
    finally:
        os.close(handle)


def _lock(handle: int, path: Path) -> None:
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows: two at once write whole lines, but would ask the same questions
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise UsageError(f"another process is labelling into {path}; finish there, or name another --out") from None
    except OSError:  # a file system without locks
        return


def _read(path: Path) -> tuple[Log | None, int]:
    """The log, or None where there is no whole line yet, and the length of its whole lines."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError.single(str(path), f"cannot be read ({error.strerror})") from None
    whole = data.rfind(b"\n") + 1  # what follows was cut off while it was written
    rows = [(n, raw) for n, raw in enumerate(data[:whole].split(b"\n"), start=1) if raw.strip()]
    if not rows:
        return None, 0
    problems: list[Problem] = []
    head = _header(path, rows[0][1])
    events = [(line, e) for line, raw in rows[1:] if (e := _event(path, line, raw, head["log"], problems)) is not None]
    if problems:
        raise InputError(problems, hint="A log is written by `redline annotate terminal` alone.")
    lines, found = [line for line, _ in events], [event for _, event in events]
    return Log(str(path), head["annotator"], head["log"], tuple(found), tuple(lines)), whole


def _header(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        head = json.loads(raw)
        good = head["log"] in KINDS and head["form"] == FORM and annotator_name(head["annotator"]) == head["annotator"]
    except (ValueError, TypeError, KeyError, UsageError, RecursionError):
        good = False
    if not good:
        raise InputError.single(
            str(path), f"is no annotation log of form {FORM}", line=1, hint="Name a log, or another --out."
        )
    result: dict[str, Any] = head
    return result


def _event(path: Path, line: int, raw: bytes, kind: str, problems: list[Problem]) -> Event | None:
    try:
        row = json.loads(raw)
        question = Question(str(row["id"]), str(row["side"]), int(row["unit"]))
        if question.unit < 0:
            raise ValueError
        return Event(_kind(row), question, str(row["digest"]), _value(row, kind), str(row.get("at", "")))
    except (ValueError, TypeError, KeyError, RecursionError):
        problems.append(Problem(str(path), line, None, "is no event of an annotation log"))
        return None


def _kind(row: Mapping[str, Any]) -> Kind:
    return Kind.UNDO if row.get("undo") else Kind.NOTE if "note" in row else Kind.DECIDE


def _value(row: Mapping[str, Any], kind: str) -> Any:
    if row.get("undo"):
        return None
    if "note" in row:
        return str(row["note"])
    if kind == "themes":
        if (
            not isinstance(row["themes"], list)
            or not row["themes"]
            or not all(isinstance(t, str) for t in row["themes"])
        ):
            raise ValueError
        return tuple(row["themes"])
    if row["mark"] not in (0, 1):
        raise ValueError
    return int(row["mark"])


def _row(event: Event) -> dict[str, Any]:
    q = event.question
    row: dict[str, Any] = {"id": q.id, "digest": event.digest, "side": q.side, "unit": q.unit}
    if event.kind is Kind.UNDO:
        row["undo"] = True
    elif event.kind is Kind.NOTE:
        row["note"] = event.value
    else:
        row |= {"themes": list(event.value)} if isinstance(event.value, tuple) else {"mark": event.value}
    return row | ({"at": event.at} if event.at else {})
