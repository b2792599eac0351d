"""`study.json`: what a folder's study was run with, so that a changed study is not mixed into it unawares."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import redline
from redline.errors import InputError, UsageError
from redline.files import write_json
from redline.study.spec import StudySpec

__all__ = ["check_manifest", "manifest", "read_manifest", "write_manifest"]

_FREE = ("run", "budget", "labels")
"""Tables that change no draft and no verdict; scoring is done anew in every run."""


def manifest(spec: StudySpec, digests: Mapping[str, str]) -> dict[str, Any]:
    """The resolved study; `digests` are those of its corpora, models and strategies by name."""
    return {"redline": redline.__version__, "study": spec.model_dump(mode="json"), "digests": dict(digests)}


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a study folder, None where there is none."""
    path = folder / "study.json"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise InputError.single(
            str(path), "cannot be read", hint="Name another --out, or remove this folder."
        ) from None
    if not isinstance(value, dict) or "study" not in value:
        raise InputError.single(str(path), "is not the manifest of a study", hint="Name another --out.")
    return value


def write_manifest(folder: Path, value: Mapping[str, Any]) -> None:
    """Write it, whole or not at all."""
    write_json(folder / "study.json", value)


def check_manifest(old: Mapping[str, Any] | None, new: Mapping[str, Any], folder: Path) -> None:
    """Raise `UsageError` with what changed, where the folder holds another study."""
    if old is None:
        return
    changes = [
        *_changes("", _settled(old["study"]), _settled(new["study"])),
        *_changes("digests.", old.get("digests", {}), new["digests"]),
    ]
    if changes:
        shown = "\n".join(f"  {c}" for c in changes[:12]) + ("\n  ..." if len(changes) > 12 else "")
        raise UsageError(
            f"{folder} holds another study:\n{shown}\nName another --out, or go on in this folder with --changed: cells whose "
            "drafts would come out otherwise are drafted again, the others are kept."
        )


def _settled(study: Mapping[str, Any]) -> dict[str, Any]:
    """Without what changes no draft and no verdict; of corpora their content counts (a digest), not where they lie."""
    kept = {k: v for k, v in study.items() if k not in (*_FREE, "taxonomy")}
    judge = {k: v for k, v in study["judge"].items() if k not in ("card", "require_card")}
    return kept | {
        "judge": judge,
        "corpora": [{k: v for k, v in c.items() if k not in ("path", "learn", "map")} for c in study["corpora"]],
    }


def _changes(path: str, old: Any, new: Any) -> Iterator[str]:
    """Each leaf that differs, with both values."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _changes(f"{path}{key}.", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _changes(f"{path.rstrip('.')}[{i}].", a, b)
    elif old != new:
        yield f"{path.rstrip('.')}: {_short(old)} before, {_short(new)} now"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
