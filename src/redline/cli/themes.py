"""`redline themes`: themes of texts, sentence by sentence."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from redline.api import theme_rows
from redline.chat import Prices
from redline.cli.inputs import read_texts
from redline.cli.options import AllowRemote, Classifier, PriceIn, PriceOut, Store, TaxonomyFile, read_taxonomy
from redline.corpus import TextRules
from redline.files import check_target, write_jsonl
from redline.judging import VerdictStore, theme_judge
from redline.judging.registry import JudgeOptions


class _LabelFirst(TyperGroup):
    """`redline themes FILE` means `redline themes label FILE`, as it did before there was another verb."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["label", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_LabelFirst, no_args_is_help=True, help="Themes of texts, and how your clinicians use them.")


@app.callback()
def _root() -> None:
    """Verbs below."""


@app.command("label")
def themes(
    texts: Annotated[Path, typer.Argument(help='JSONL with {"id", "text"}; a text or a list of units.')],
    out: Annotated[Path, typer.Option("--out", help="JSONL to write, same order.")],
    classifier: Classifier = "encoder", store: Store = None, taxonomy: TaxonomyFile = None, allow_remote: AllowRemote = None,
    price_in: PriceIn = 0.0, price_out: PriceOut = 0.0,
    marks: Annotated[bool, typer.Option("--allow-direction-marks", help="Accept invisible direction marks.")] = False,
    max_chars: Annotated[int, typer.Option("--max-chars", min=1, help="Longest text that is classified.")] = 100_000,
) -> None:  # fmt: skip
    """What each sentence is for: the themes of the taxonomy with their probabilities."""
    check_target(out)
    found = read_texts(texts, TextRules(max_chars, marks))
    options = JudgeOptions(frozenset(allow_remote or ()), Prices(price_in, price_out))
    judge = theme_judge(classifier, options, read_taxonomy(taxonomy))
    rows = theme_rows(found, judge, VerdictStore(store or ":memory:"))
    write_jsonl(out, rows)
    failed = sum(s["themes"] is None for row in rows for s in row["sentences"])
    if failed:
        print(f"{failed} sentence(s) could not be classified; the themes of their texts are null", file=sys.stderr)
        if failed == sum(len(row["sentences"]) for row in rows):
            raise typer.Exit(1)
