"""`redline themes`: themes of texts, sentence by sentence."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from redline.api import theme_rows
from redline.chat import Prices
from redline.cli.agree import LabelFile, Labels, TextFile, read_people
from redline.cli.inputs import read_texts
from redline.cli.options import (
    AllowRemote,
    Classifier,
    Map,
    MapFile,
    MaxCalls,
    MaxCost,
    PriceIn,
    PriceOut,
    Retry,
    Store,
    TaxonomyFile,
    bars,
    corpus_source,
    make_judges,
    of_split,
    read_taxonomy,
)  # fmt: skip
from redline.corpus import TextRules, load_corpus
from redline.files import check_target, write_jsonl
from redline.judging import VerdictStore, theme_judge
from redline.judging.registry import JudgeOptions
from redline.validation.agree import ThemeLabels, say_figure
from redline.validation.theme_comparison import (
    ComparePlan,
    ThemeComparison,
    compare_themes,
    say_points,
    write_theme_comparison,
)  # fmt: skip


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


@app.command("compare")
def compare(
    corpus: Annotated[str, typer.Argument(help="'bundled', a folder, a table, or hf:NAME[@SPLIT].")],
    out: Annotated[Path, typer.Option("--out", help="Folder for themes.json and themes.html.")],
    split: Annotated[str | None, typer.Option("--split", help="Only cases of this split.")] = None,
    classifier: Classifier = "encoder", labels: Labels = ThemeLabels.AUTO, store: Store = None,
    theme_texts: TextFile = None, theme_labels: LabelFile = None,
    draws: Annotated[int, typer.Option("--draws", min=100, help="Resamples.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed")] = 17,
    map_: Map = None, map_file: MapFile = None, taxonomy: TaxonomyFile = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave rows with problems out.")] = False,
    marks: Annotated[bool, typer.Option("--allow-direction-marks", help="Accept invisible direction marks.")] = False,
    max_chars: Annotated[int, typer.Option("--max-chars", min=1, help="Longest text that is taken.")] = 100_000,
    allow_remote: AllowRemote = None, price_in: PriceIn = 0.0, price_out: PriceOut = 0.0, max_cost: MaxCost = None,
    max_calls: MaxCalls = None, retry_failed: Retry = False,
) -> None:  # fmt: skip
    """Your clinicians' themes against the published ones and against drafts; does the taxonomy need revision?"""
    check_target(out / "themes.json")
    plan = ComparePlan(draws, seed, labels, split)
    source = corpus_source(corpus, map_, map_file, taxonomy, max_chars=max_chars, direction_marks=marks)
    _, texts = read_people(None, None, theme_texts, theme_labels, source.taxonomy)
    found = load_corpus(source, skip_bad=skip_bad)
    found = of_split(found, split)
    judges = make_judges(
        "exact", store, allow_remote, price_in, price_out, max_cost, max_calls, beside=out / "verdicts.sqlite",
        retry_failed=retry_failed, classifier=classifier, taxonomy=source.taxonomy,
    )  # fmt: skip
    with bars(judges) as shown:
        compared = compare_themes(found, shown.theme_runner(), plan, source.taxonomy, texts=texts)
    write_theme_comparison(compared, out)
    print_comparison(compared)
    print(f"themes: {out / 'themes.html'}")


def print_comparison(found: ThemeComparison) -> None:
    """The table of shares, and everything in words."""
    console = Console(
        highlight=False, markup=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160
    )
    title = "Share of texts with each theme" + ("; systems: drafts minus replies" if found.systems else "")
    shown = Table("theme", title=title, box=None, pad_edge=False, title_justify="left")
    for name in ("your clinicians", "paper", "", *(f"{s.system} (points)" for s in found.systems)):
        shown.add_column(name, no_wrap=True)
    for key, name in found.theme_names.items():
        row = found.clinicians[key]
        low, high = row.published or (None, None)
        paper = "" if low is None else f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"
        differences = [say_points(s.differences[key].difference) for s in found.systems]
        shown.add_row(name, say_figure(row.rate), paper, row.standing.value, *differences)
    console.print(shown)
    for text in found.words:
        console.print(f"- {text}", markup=False)
    for text in found.limits:
        console.print(f"! {text}", markup=False)
