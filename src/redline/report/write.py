"""A scored corpus to a folder, and a folder back to what the page needs."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
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


def write_results(scored: Scored, folder: str | Path, study: Mapping[str, Any] | None = None) -> Path:
    """`messages.jsonl`, the Parquet tables and `results.json`; returns the folder.

    `study` says how the drafts were made, where a study made them.  Everything is written to a folder beside first and
    then moved in, so that files of two runs never mix because one of them could not be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"cannot be made a folder ({error.strerror})"
        raise InputError.single(str(folder), why, hint="Name another --out.") from None
    with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as name:
        part = Path(name)
        write_jsonl(part / "messages.jsonl", messages(scored))
        write_parquet(scored, part)
        write_json(part / "results.json", results(scored, study))
        for path in sorted(part.iterdir()):
            os.replace(path, folder / path.name)
    return folder


def read_results(folder: str | Path) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
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
    return value, _messages(Path(folder) / "messages.jsonl")


def _messages(path: Path) -> Iterator[dict[str, Any]]:
    """Rows one at a time: a study's messages need not fit into memory to show the first ones."""
    problems: list[Problem] = []
    for row in read_rows(path, problems):
        yield row.fields
    if problems:
        raise InputError(problems)
