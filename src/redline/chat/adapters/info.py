"""An adapter's folder, read: who it is, what it was made for, and whether it still is what it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redline.chat.adapters.identity import (
    CARD,
    CONFIG,
    BaseInfo,
    adapter_digest,
    adapter_id,
    read_object,
    slug_of,
)
from redline.errors import InputError, UsageError

__all__ = ["AdapterInfo", "is_adapter", "read_adapter"]


@dataclass(frozen=True, slots=True)
class AdapterInfo:
    """An adapter.  `digest` is that of its content now; `recorded` the one written down when it was made (None for an
    adapter that another program made, which has no `redline.json`).  `parent` is the id of the adapter that it was
    trained from or is stacked on.
    """

    folder: Path
    id: str
    digest: str
    base: BaseInfo
    rank: int
    targets: tuple[str, ...]
    clinician: str | None = None
    parent: str | None = None
    made_at: str | None = None
    recorded: str | None = None

    @property
    def intact(self) -> bool:
        """Whether the content is what was recorded."""
        return self.recorded in (None, self.digest)


def is_adapter(folder: Path) -> bool:
    """Whether `folder` holds an adapter in PEFT format."""
    return (folder / CONFIG).is_file()


def read_adapter(folder: str | Path, *, strict: bool = True) -> AdapterInfo:
    """The adapter in `folder`; its weights are read once for the digest.

    `InputError` where something is missing or damaged, and, unless `strict` is off, where the content is no longer what
    was recorded: its id would stand for other weights.  `UsageError` for an adapter that is no LoRA.
    """
    folder = Path(folder)
    config = read_object(folder / CONFIG)
    kind = str(config.get("peft_type"))
    if kind != "LORA":
        raise UsageError(f"{folder} is a {kind} adapter; LoRA adapters are what redline and the servers load")
    card = read_object(folder / CARD) if (folder / CARD).is_file() else {}
    content = adapter_digest(folder)
    recorded = _text(card, "digest")
    if strict and recorded not in (None, content):
        raise InputError.single(
            str(folder), f"was changed after it was made: its content is {content[:12]}, {CARD} says {str(recorded)[:12]}",
            hint="An adapter is never changed in place; take the original copy, or train it anew under a new id.",
        )  # fmt: skip
    base = card["base"] if isinstance(card.get("base"), dict) else {}
    named = str(config.get("base_model_name_or_path") or "")
    return AdapterInfo(
        folder, adapter_id(_text(card, "slug") or slug_of(folder.resolve().name), content), content,
        BaseInfo(_text(base, "name") or named, _text(base, "digest")), _rank(config, folder),
        _targets(config), _text(card, "clinician"), _text(card, "parent"), _text(card, "made_at"), recorded,
    )  # fmt: skip


def _text(value: Mapping[str, Any], field: str) -> str | None:
    found = value.get(field)
    return found if isinstance(found, str) and found else None


def _rank(config: Mapping[str, Any], folder: Path) -> int:
    """The largest rank of any module."""
    try:
        return max(int(config["r"]), *(int(r) for r in (config.get("rank_pattern") or {}).values()), 0)
    except (KeyError, TypeError, ValueError):
        raise InputError.single(str(folder / CONFIG), "is missing or is no whole number", field="r") from None


def _targets(config: Mapping[str, Any]) -> tuple[str, ...]:
    found = config.get("target_modules") or ()
    return (found,) if isinstance(found, str) else tuple(sorted(str(name) for name in found))
