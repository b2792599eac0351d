"""Whose adapter is which: `clinicians.json` beside personal adapters, with everything that was ever bound."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from redline.chat.adapters import CLINICIANS, AdapterInfo, Clinicians, read_adapter, read_clinicians
from redline.errors import InputError, UsageError
from redline.files import write_json

__all__ = ["bind"]


def bind(folder: Path, adapter: str, clinician: str | None, *, at: str | None = None) -> Clinicians:
    """Make `adapter` (an id, in `folder`) the current one of `clinician`, or the shared one where that is None.

    The file is replaced whole; its history only grows.  An adapter that was made for one clinician is never given to
    another (`UsageError`): it has learnt somebody's way to write.
    """
    info = read_adapter(folder / adapter)
    if info.id != adapter:
        raise UsageError(f"{folder / adapter} holds the adapter {info.id}; a folder bears its adapter's id")
    if info.clinician not in (None, clinician):
        whose = "everybody" if clinician is None else clinician
        raise UsageError(f"the adapter {adapter} was made for {info.clinician}, not for {whose}")
    with _alone(folder):
        path = folder / CLINICIANS
        found = read_clinicians(folder) if path.exists() else Clinicians(folder)
        _check_base(found, info)
        bound = found.shared if clinician is None else found.current.get(clinician)
        if bound == adapter:
            return found
        entry = (clinician, adapter, at or datetime.now(UTC).isoformat(timespec="seconds"))
        current = dict(found.current) if clinician is None else {**found.current, clinician: adapter}
        shared = adapter if clinician is None else found.shared
        new = replace(found, current=current, shared=shared, history=(*found.history, entry))
        write_json(path, _value(new))
    return new


def _check_base(found: Clinicians, info: AdapterInfo) -> None:
    """All adapters of a folder are for one base: they are loaded on one."""
    for other in found.ids[:1]:
        there = read_adapter(found.place(other))
        if there.base.digest != info.base.digest:
            raise UsageError(
                f"the adapter {info.id} was made for {info.base.name}, the others in this folder for {there.base.name}; keep one "
                "folder for each base"
            )


def _value(found: Clinicians) -> dict[str, object]:
    rows = [{"clinician": who, "adapter": adapter, "at": at} for who, adapter, at in found.history]
    return {"form": 1, "shared": found.shared, "clinicians": dict(sorted(found.current.items())), "history": rows}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer a folder at a time, so that no binding is lost between reading and writing."""
    try:
        with (folder / f".{CLINICIANS}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise InputError.single(str(folder), f"cannot be written ({error.strerror})") from None
