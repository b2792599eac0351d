"""Reading bytes with line numbers and writing files whole or not at all."""

from __future__ import annotations

import errno
import gzip
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from redline.errors import InputError, UsageError

__all__ = ["check_target", "open_atomic", "only_one", "read_lines", "write_json", "write_jsonl", "write_text"]


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_ROOM = "What stood there before is untouched. Make room, or name another place."


@contextmanager
def only_one(folder: Path, lock: str, busy: str) -> Iterator[None]:
    """One process at a time in `folder` (made if needed); `UsageError` with the words `busy` while another one is inside.

    What a killed process left half-written (`.*.part`) is removed first.  The file `lock` stays.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError.single(
            str(folder), f"cannot be made a folder ({error.strerror})", hint="Name another --out."
        ) from None
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows: what is inside is safe there too, only the double work is not prevented
        yield
        return
    handle = os.open(folder / lock, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(busy) from None
        for left in (*folder.glob(".*.part"), *folder.glob(".part-*")):  # they may hold patient text
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield
    finally:
        os.close(handle)


def check_target(path: str | Path) -> None:
    """Raise `InputError` where a file could not be written to `path`; asked before long work."""
    path = Path(path)
    if path.is_dir():
        raise InputError.single(str(path), "is a folder, expected the name of a file to write")
    above = next((p for p in path.absolute().parents if p.exists()), path.absolute().parent)
    if not above.is_dir():
        raise InputError.single(str(path), f"cannot be written: {above} is no folder")
    if not os.access(above, os.W_OK):
        raise InputError.single(str(path), f"cannot be written: no permission in {above}")


@contextmanager
def open_atomic(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file that appears under `path` only when the block ends without an error.

    Written to a file beside it that has no name yet (Linux) or a temporary one, flushed to disk, then renamed over `path`; on
    an error nothing is left of it and what stood at `path` stays.  Text mode is UTF-8 with "\\n".
    """
    path = Path(path)
    name = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, nameless = _new_file(name)
    except OSError as error:
        raise InputError.single(str(path), f"cannot be written ({error.strerror})") from None
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    try:
        with os.fdopen(handle, mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
            if nameless:
                _give_name(file.fileno(), name)
        _rename(name, path)
    except OSError as error:
        _drop(name)
        if error.errno in _FULL:
            raise InputError.single(str(path), f"cannot be written ({error.strerror})", hint=_ROOM) from None
        raise
    except BaseException:
        _drop(name)
        raise


def _new_file(name: Path) -> tuple[int, bool]:
    """A new file to write, and whether it has no name: then a killed process leaves nothing of a patient's text behind.

    A file without a name needs Linux, /proc and a file system that can do it; elsewhere the file has the given name.
    """
    if hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").is_dir():
        with suppress(OSError):  # not of this file system; what is wrong with the folder is said below
            return os.open(name.parent, os.O_RDWR | os.O_TMPFILE, 0o666), True
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), False


def _give_name(handle: int, name: Path) -> None:
    """Link the written file; where the system takes such files and links none, copy it."""
    try:  # any directory makes the call follow the link of /proc instead of linking the link
        os.link(f"/proc/self/fd/{handle}", name, src_dir_fd=handle)
    except OSError as error:
        if error.errno in _FULL:
            raise
        os.lseek(handle, 0, os.SEEK_SET)
        with os.fdopen(os.dup(handle), "rb") as whole, open(name, "xb") as copy:
            shutil.copyfileobj(whole, copy)
            copy.flush()
            os.fsync(copy.fileno())


def _rename(name: Path, path: Path) -> None:
    try:
        os.replace(name, path)
    except OSError as error:
        raise InputError.single(str(path), f"cannot be written ({error.strerror})") from error


def _drop(name: Path) -> None:
    with suppress(OSError):
        name.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    with open_atomic(path) as file:
        file.write(text)


def write_json(path: str | Path, value: Any) -> None:
    """Write one indented JSON document with a stable key order of its own (insertion order)."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_jsonl(path: str | Path, rows: Iterable[Any]) -> int:
    """Write one JSON object a line; returns the number of lines."""
    count = 0
    with open_atomic(path) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
            count += 1
    return count


def read_lines(path: str | Path) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, bytes without the line end) of a plain or `.gz` file; a BOM is dropped."""
    path = Path(path)
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                yield number, line.rstrip(b"\r\n")
    except IsADirectoryError:
        raise InputError.single(str(path), "is a folder, expected a file") from None
    except FileNotFoundError:
        raise InputError.single(str(path), "does not exist") from None
    except (OSError, EOFError) as error:
        raise InputError.single(str(path), f"cannot be read ({error})") from None
