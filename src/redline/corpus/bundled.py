"""The synthetic corpus that ships with the package: texts, annotated edit pairs, labelled statements."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from redline.corpus.rows import read_rows
from redline.errors import InputError, Problem

__all__ = ["PROVENANCE", "bundled_path", "bundled_rows"]

PROVENANCE = (
    "Synthetic: messages, replies, drafts and labels were all written by large language models under the annotation "
    "guide, with five simulated clinicians. No patient and no clinician took part."
)


def bundled_path() -> Path:
    """Folder of the bundled corpus (the package is always installed unpacked)."""
    with as_file(files("redline") / "resources" / "corpus") as path:
        return Path(path)


def bundled_rows(name: str) -> list[dict[str, Any]]:
    """All rows of one bundled file, e.g. `pairs_test`.

    >>> len(bundled_rows("pairs_test")), len(bundled_rows("statements"))
    (130, 2880)
    """
    problems: list[Problem] = []
    path = bundled_path() / f"{name}.jsonl"
    rows = [row.fields for row in read_rows(path, problems)]
    if problems:
        raise InputError(problems, hint="The installed package is damaged; install it again.")
    return rows
