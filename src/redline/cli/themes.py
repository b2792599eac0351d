"""`redline themes`: themes of texts, sentence by sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redline.api import theme_rows
from redline.cli.inputs import read_texts
from redline.cli.options import Store
from redline.corpus import TextRules
from redline.files import check_target, write_jsonl
from redline.judging import VerdictStore, theme_judge


def themes(
    texts: Annotated[Path, typer.Argument(help='JSONL with {"id", "text"}; a text or a list of units.')],
    out: Annotated[Path, typer.Option("--out", help="JSONL to write, same order.")],
    classifier: Annotated[str, typer.Option("--classifier", help="encoder, or encoder:FOLDER.")] = "encoder",
    store: Store = None,
    marks: Annotated[bool, typer.Option("--allow-direction-marks", help="Accept invisible direction marks.")] = False,
    max_chars: Annotated[int, typer.Option("--max-chars", min=1, help="Longest text that is classified.")] = 100_000,
) -> None:
    """What each sentence is for: the themes of the taxonomy with their probabilities."""
    check_target(out)
    found = read_texts(texts, TextRules(max_chars, marks))
    write_jsonl(out, theme_rows(found, theme_judge(classifier), VerdictStore(store or ":memory:")))
