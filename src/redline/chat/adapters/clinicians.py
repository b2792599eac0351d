"""A folder of personal adapters: `clinicians.json` says which adapter is whose now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redline.chat.adapters.identity import read_object
from redline.chat.adapters.info import is_adapter
from redline.errors import InputError

__all__ = ["CLINICIANS", "Clinicians", "read_clinicians"]

CLINICIANS = "clinicians.json"


@dataclass(frozen=True)
class Clinicians:
    """Current adapter ids by clinician; `shared` answers for everybody else, or the base where it is None.

    `history` holds every binding ever made, oldest first: (clinician or None for the shared one, id, time).
    """

    folder: Path
    current: Mapping[str, str] = field(default_factory=dict)
    shared: str | None = None
    history: tuple[tuple[str | None, str, str], ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Every adapter that may be asked for, each once."""
        return tuple(dict.fromkeys([*([self.shared] if self.shared else []), *self.current.values()]))

    def place(self, adapter: str) -> Path:
        """Folder of an adapter."""
        return self.folder / adapter


def read_clinicians(folder: Path) -> Clinicians:
    """What `folder` says; `InputError` where it cannot be read or names an adapter that is not there."""
    path = folder / CLINICIANS
    value = read_object(path)
    current, shared = value.get("clinicians"), value.get("shared")
    if not isinstance(current, dict) or not all(isinstance(v, str) for v in current.values()):
        raise InputError.single(str(path), "is no table of clinician to adapter id", field="clinicians")
    if shared is not None and not isinstance(shared, str):
        raise InputError.single(str(path), "is no adapter id", field="shared")
    found = Clinicians(folder, current, shared, tuple(_row(r, path) for r in value.get("history") or ()))
    for adapter in found.ids:
        if not is_adapter(found.place(adapter)) or Path(adapter).name != adapter:
            raise InputError.single(
                str(path),
                f"names the adapter {adapter!r}, which is not in {folder}",
                hint="Copy the folder as a whole.",
            )
    return found


def _row(row: Any, path: Path) -> tuple[str | None, str, str]:
    try:
        return row["clinician"], str(row["adapter"]), str(row["at"])
    except (KeyError, TypeError):
        raise InputError.single(str(path), "holds an entry that cannot be read", field="history") from None
