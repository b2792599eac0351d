"""Column mapping: which column of somebody's table is the message, the reply, the chart."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from redline.errors import InputError, UsageError, did_you_mean

__all__ = ["TABLE_FIELDS", "apply_mapping", "parse_mapping"]

TABLE_FIELDS = (
    "id", "message", "ehr", "ehr.age", "ehr.sex", "ehr.problems", "ehr.medications", "ehr.allergies", "ehr.notes",
    "split", "category", "acuity", "received", "clinician", "reply", "started_from", "model", "strategy", "draft",
)  # fmt: skip


def parse_mapping(entries: Iterable[str], file: str | Path | None = None) -> dict[str, str]:
    """`field=column` entries, on top of a TOML file of the same, as field -> column.

    >>> parse_mapping(["message=PatientMsg", "reply=MDResponse"])
    {'message': 'PatientMsg', 'reply': 'MDResponse'}
    """
    mapping: dict[str, str] = {}
    if file is not None:
        try:
            data = tomllib.loads(Path(file).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError.single(str(file), f"cannot be read ({error.strerror})") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError.single(str(file), f"is not TOML: {error}") from None
        mapping.update({str(k): str(v) for k, v in _flat(data).items()})
    for entry in entries:
        field, equals, column = entry.partition("=")
        if not equals or not field.strip() or not column.strip():
            raise UsageError(f"--map {entry!r}: write field=column, for instance message=PatientMessage")
        mapping[field.strip()] = column.strip()
    for field in mapping:
        if field not in TABLE_FIELDS:
            raise UsageError(f"--map: redline has no field {field!r}; {did_you_mean(field, TABLE_FIELDS, 'fields')}")
    return mapping


def _flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            result.update(_flat(value, f"{prefix}{key}."))
        else:
            result[f"{prefix}{key}"] = value
    return result


def apply_mapping(fields: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The row under redline's field names; a column that is not mapped keeps its own name."""
    taken = set(mapping.values())
    renamed = {k: v for k, v in fields.items() if k not in taken and k not in mapping}
    return renamed | {field: fields[column] for field, column in mapping.items() if column in fields}
