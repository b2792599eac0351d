"""One table for everything: a row holds a message and, where it has them, one reply and one draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redline.corpus.mapping import apply_mapping
from redline.corpus.rows import Row
from redline.records import digest

__all__ = ["TableParts", "table_rows"]

_CASE = ("id", "message", "ehr", "split", "category", "acuity", "received")
_REPLY = {"reply": "text", "clinician": "clinician", "started_from": "started_from"}
_DRAFT = {"draft": "text", "model": "model", "strategy": "strategy"}


@dataclass(frozen=True, slots=True)
class TableParts:
    """The rows of up to three forms that one table row holds."""

    case: Row
    reply: Row | None
    draft: Row | None


def table_rows(row: Row, mapping: Mapping[str, str]) -> TableParts:
    """Split a table row into its case, reply and draft.

    Without an `id` column the case is named by the digest of its message and chart, so that two rows with
    the same message are the same case.  `clinician`, `model` and `strategy` default to one of each.
    """
    fields = apply_mapping(row.fields, mapping)
    case = {k: v for k, v in fields.items() if k in _CASE or k.startswith("ehr.")}
    if "id" not in case and "message" in case:
        content = {k: str(v) for k, v in case.items() if k == "message" or k.startswith("ehr")}
        case["id"] = f"m{digest(content, length=12)}"
    elif "message" not in case:
        case.update({k: v for k, v in fields.items() if isinstance(k, str) and k not in case})
    key = case.get("id", "")
    return TableParts(
        Row(row.file, row.line, case),
        _part(row, fields, _REPLY, {"case": key, "clinician": "clinician"}) if fields.get("reply") else None,
        _part(row, fields, _DRAFT, {"case": key, "model": "model", "strategy": "draft"})
        if fields.get("draft") is not None
        else None,
    )


def _part(row: Row, fields: Mapping[str, Any], names: Mapping[str, str], defaults: dict[str, Any]) -> Row:
    return Row(row.file, row.line, defaults | {new: fields[old] for old, new in names.items() if old in fields})
