"""A scored corpus to a folder, and a folder back to what the page needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from redline.corpus.rows import read_rows
from redline.errors import InputError, Problem
from redline.files import write_json, write_jsonl
from redline.report.messages import messages
from redline.report.parquet import write_parquet
from redline.report.results import results
from redline.scoring import Scored

__all__ = ["read_results", "write_results"]


def write_results(scored: Scored, folder: str | Path) -> Path:
    """`messages.jsonl`, the Parquet tables and, last, `results.json`; returns the folder."""
    folder = Path(folder)
    write_jsonl(folder / "messages.jsonl", messages(scored))
    write_parquet(scored, folder)
    write_json(folder / "results.json", results(scored))
    return folder


def read_results(folder: str | Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What `write_results` wrote; `InputError` where the folder holds no results."""
    path = Path(folder) / "results.json"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise InputError.single(
            str(path), "cannot be read", hint="Run `redline score CORPUS --out FOLDER` first."
        ) from None
    except ValueError:
        raise InputError.single(str(path), "is not JSON") from None
    if not isinstance(value, dict) or "cells" not in value:
        raise InputError.single(
            str(path), "holds no table", hint="It must be the results.json that `redline score` wrote."
        )
    problems: list[Problem] = []
    rows = [row.fields for row in read_rows(Path(folder) / "messages.jsonl", problems)]
    if problems:
        raise InputError(problems)
    return value, rows
