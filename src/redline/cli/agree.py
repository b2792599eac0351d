"""`redline agree`: how far clinicians and annotators agree."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from redline.annotation import AnnotatedPair, ThemedText, read_labels
from redline.annotation import Labels as People
from redline.cli.costs import SILENT, cost_before
from redline.cli.options import (
    AllowRemote,
    Card,
    Classifier,
    Judge,
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
)  # fmt: skip
from redline.corpus import load_corpus
from redline.files import check_target
from redline.judging import pair_questions
from redline.taxonomy import Taxonomy
from redline.validation.agree import (
    Agreement,
    AgreePlan,
    ThemeLabels,
    reply_comparisons,
    say_figure,
    write_agreement,
)  # fmt: skip
from redline.validation.agree import agree as measure

__all__ = ["LabelFile", "Labels", "TextFile", "agree", "read_people"]

Labels = Annotated[
    ThemeLabels, typer.Option("--labels", help="Themes of replies: the writers' own where every reply has them (auto).")
]
PairFile = Annotated[Path | None, typer.Option("--pairs", help="Annotated pairs (JSONL), with --annotations.")]
EditFile = Annotated[Path | None, typer.Option("--annotations", help="Annotators' edits of these pairs (JSONL).")]
TextFile = Annotated[Path | None, typer.Option("--theme-texts", help="Labelled texts (JSONL), with --theme-labels.")]
LabelFile = Annotated[Path | None, typer.Option("--theme-labels", help="Annotators' themes of these texts (JSONL).")]


def agree(
    corpus: Annotated[str, typer.Argument(help="'bundled', a folder, a table, or hf:NAME[@SPLIT].")],
    out: Annotated[Path, typer.Option("--out", help="Folder for agreement.json and agreement.html.")],
    split: Annotated[str | None, typer.Option("--split", help="Only cases of this split.")] = None,
    judge: Judge = "encoder", classifier: Classifier = "encoder", labels: Labels = ThemeLabels.AUTO, store: Store = None,
    pairs: PairFile = None, annotations: EditFile = None, theme_texts: TextFile = None, theme_labels: LabelFile = None,
    card: Card = None,
    draws: Annotated[int, typer.Option("--draws", min=100, help="Resamples.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed")] = 17,
    map_: Map = None, map_file: MapFile = None, taxonomy: TaxonomyFile = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave rows with problems out.")] = False,
    marks: Annotated[bool, typer.Option("--allow-direction-marks", help="Accept invisible direction marks.")] = False,
    max_chars: Annotated[int, typer.Option("--max-chars", min=1, help="Longest text that is taken.")] = 100_000,
    allow_remote: AllowRemote = None, price_in: PriceIn = 0.0, price_out: PriceOut = 0.0, max_cost: MaxCost = None,
    max_calls: MaxCalls = None, retry_failed: Retry = False,
) -> None:  # fmt: skip
    """IAP: clinicians against each other at both levels, annotators against each other, and whose disagreement it is."""
    check_target(out / "agreement.json")
    plan = AgreePlan(draws, seed, labels, split)
    source = corpus_source(corpus, map_, map_file, taxonomy, max_chars=max_chars, direction_marks=marks)
    marked, texts = read_people(pairs, annotations, theme_texts, theme_labels, source.taxonomy)
    found = load_corpus(source, skip_bad=skip_bad)
    found = of_split(found, split)
    judges = make_judges(
        judge, store, allow_remote, price_in, price_out, max_cost, max_calls, beside=out / "verdicts.sqlite",
        retry_failed=retry_failed, classifier=classifier, taxonomy=source.taxonomy, card=card, bundled=corpus == "bundled",
    )  # fmt: skip
    if tell := cost_before(judges):
        tell([q for c in reply_comparisons(found) for q in pair_questions(c.pair)])
    with bars(judges) as shown:
        agreement = measure(found, shown, plan, source.taxonomy, pairs=marked, texts=texts)
    write_agreement(agreement, out)
    print_agreement(agreement)
    print(f"agreement: {out / 'agreement.html'}")
    if agreement.iap is not None and agreement.iap.silent:
        print(SILENT, file=sys.stderr)
        raise typer.Exit(1)


def read_people(
    pairs: Path | None, annotations: Path | None, theme_texts: Path | None, theme_labels: Path | None, taxonomy: Taxonomy
) -> tuple[Sequence[AnnotatedPair], Sequence[ThemedText]]:  # fmt: skip
    """What annotators' files hold; a file whose partner is missing is refused."""
    found = read_labels(pairs, annotations, theme_texts, theme_labels, taxonomy=taxonomy, first="--pairs") or People()
    return found.pairs, found.texts


def print_agreement(agreement: Agreement) -> None:
    """The table of IAP, and everything in words."""
    console = Console(
        highlight=False, markup=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160
    )
    if agreement.iap is not None:
        iap = agreement.iap
        shown = Table(
            "", title="IAP: another clinician's reply as the draft", box=None, pad_edge=False, title_justify="left"
        )
        for name in ("content edit-F1", "paper", "theme F1", "paper", "share of replies"):
            shown.add_column(name, no_wrap=True)
        paper = [f"{level.published['overall']:.2f}" for level in (iap.content, iap.theme)]
        shown.add_row("overall", say_figure(iap.content.overall), paper[0], say_figure(iap.theme.overall), paper[1], "")
        for key, name in agreement.theme_names.items():
            known = iap.content.published.get(key)
            shown.add_row(
                name, say_figure(iap.content.themes[key]), "" if known is None else f"{known:.2f}",
                say_figure(iap.theme.themes[key]), "", say_figure(iap.prevalence[key]),
            )  # fmt: skip
        console.print(shown)
    for said in agreement.words:
        console.print(f"- {said.text}", markup=False)
    for text in agreement.limits:
        console.print(f"! {text}", markup=False)
    console.print(agreement.signature, markup=False)
