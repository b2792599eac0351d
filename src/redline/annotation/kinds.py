"""What a file is about, seen by the fields of its first row: the wrong file is one mistake, said in one line."""

from __future__ import annotations

from pathlib import Path

from redline.corpus.rows import read_rows
from redline.errors import UsageError

__all__ = ["demand_kind", "file_kind"]

FIELDS = {
    "log": {"log"}, "texts": {"sentences"}, "pairs": {"draft", "reference"}, "labels": {"themes"},
    "edits": {"deleted", "added"},
}  # fmt: skip
WORDS = {
    "pairs": "a file of pairs", "texts": "a file of texts for theme labels", "edits": "a file of edit decisions about pairs",
    "labels": "a file of theme labels of texts", "log": "a log of `redline annotate terminal`",
}  # fmt: skip


def file_kind(path: str | Path) -> str | None:
    """`pairs`, `texts`, `edits`, `labels` or `log`; None for a file of which the first row is none of these.

    `InputError` where the file does not exist or has a form that is not read.
    """
    first = next(iter(read_rows(path, [])), None)
    named = set() if first is None else set(first.fields)
    return next((kind for kind, fields in FIELDS.items() if fields & named), None)


def demand_kind(path: str | Path, wanted: str, todo: str) -> None:
    """Raise `UsageError`, with what to do, where `path` is known to be of another kind than `wanted`.

    A file that is of no kind passes: whoever reads it says line by line what it lacks.
    """
    kind = file_kind(path)
    if kind is not None and kind != wanted:
        raise UsageError(f"{path} is {WORDS[kind]}, not {WORDS[wanted]}; {todo}")
