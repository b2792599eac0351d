"""The adapters in a folder, as a table says them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redline.chat.adapters.clinicians import CLINICIANS, Clinicians, read_clinicians
from redline.chat.adapters.info import AdapterInfo, is_adapter, read_adapter
from redline.errors import InputError, RedlineError

__all__ = ["Row", "list_adapters"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line; `bound` says for whom it is the current one, `content` whether it is what was recorded."""

    id: str
    clinician: str
    base: str
    rank: str
    made: str
    bound: str
    content: str
    ok: bool


def list_adapters(folder: Path) -> list[Row]:
    """The adapter `folder`, or all adapters in it, by name; each is read whole for its digest."""
    if not folder.is_dir():
        raise InputError.single(str(folder), "is not a folder")
    places = [folder] if is_adapter(folder) else [p for p in sorted(folder.iterdir()) if is_adapter(p)]
    places = [p for p in places if not p.name.startswith(".")]
    if not places:
        raise InputError.single(
            str(folder), "holds no adapter", hint="An adapter is a folder with adapter_config.json."
        )
    bound = read_clinicians(folder) if (folder / CLINICIANS).is_file() else Clinicians(folder)
    return [_row(place, bound) for place in places]


def _row(place: Path, bound: Clinicians) -> Row:
    try:
        info = read_adapter(place, strict=False)
    except RedlineError as error:
        why = error.problems[0].message if isinstance(error, InputError) else str(error)
        return Row(place.name, "", "", "", "", "", why, ok=False)
    content, ok = _content(info, place)
    base = info.base.name + (f" {info.base.digest[:12]}" if info.base.digest else "")
    whose = [who for who, adapter in bound.current.items() if adapter == info.id]
    whose += ["everybody else"] if bound.shared == info.id else []
    return Row(info.id, info.clinician or "", base, str(info.rank), info.made_at or "", ", ".join(whose), content, ok)


def _content(info: AdapterInfo, place: Path) -> tuple[str, bool]:
    if info.recorded is None:
        return "not recorded", True
    if not info.intact:
        return f"CHANGED (recorded {info.recorded[:12]})", False
    if "@" in place.name and place.name != info.id:
        return f"ok, but its folder is named {place.name}", True
    return "ok", True
