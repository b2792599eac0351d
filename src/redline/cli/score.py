"""`redline score`: the table of a corpus, with intervals, floors and ceiling."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from redline.annotation import Labels as People
from redline.annotation import read_labels
from redline.cli.corrected import corrected_cells
from redline.cli.costs import SILENT, cost_before
from redline.cli.options import (
    AllowRemote,
    Annotations,
    Card,
    Classifier,
    Judge,
    Labels,
    Map,
    MapFile,
    MaxCalls,
    MaxCost,
    PriceIn,
    PriceOut,
    Retry,
    Store,
    TaxonomyFile,
    ThemeLabels,
    ThemeTexts,
    bars,
    corpus_source,
    make_judges,
    of_split,
)  # fmt: skip
from redline.corpus import Corpus, load_corpus
from redline.files import check_target
from redline.judging import pair_questions
from redline.report import write_results
from redline.scoring import EditCost, Judges, Kind, Plan, Rows, Scored, ScoreTable, comparisons, score_corpus
from redline.stats.words import say_interval
from redline.taxonomy import Taxonomy

SplitName = Annotated[str | None, typer.Option("--split", help="Only cases of this split.")]


def score(
    corpus: Annotated[str, typer.Argument(help="'bundled', a folder, a table, or hf:NAME[@SPLIT].")],
    out: Annotated[Path, typer.Option("--out", help="Folder for results.json, messages.jsonl and Parquet tables.")],
    split: SplitName = None, judge: Judge = "encoder", classifier: Classifier = "encoder",
    store: Store = None, card: Card = None, labels: Labels = None, annotations: Annotations = None,
    theme_texts: ThemeTexts = None, theme_labels: ThemeLabels = None,
    baseline: Annotated[str | None, typer.Option("--baseline", help="Row that every system is compared with.")] = None,
    margin: Annotated[float, typer.Option("--margin", max=1, help="Non-inferiority margin in score points.")] = 0.05,
    draws: Annotated[int, typer.Option("--draws", min=100, help="Resamples.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed")] = 17,
    read_cost: Annotated[float, typer.Option("--read-cost", min=0, max=1_000, help="Reading a unit; writing one costs 1.")] = 0.22,
    delete_cost: Annotated[
        float, typer.Option("--delete-cost", min=0, max=1_000, help="Deleting a unit; writing one costs 1.")
    ] = 0.1,
    floors: Annotated[bool, typer.Option("--floors/--no-floors", help="Rows that need no model.")] = True,
    map_: Map = None, map_file: MapFile = None, taxonomy: TaxonomyFile = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave rows with problems out.")] = False,
    marks: Annotated[bool, typer.Option("--allow-direction-marks", help="Accept invisible direction marks.")] = False,
    max_chars: Annotated[int, typer.Option("--max-chars", min=1, help="Longest text that is taken.")] = 100_000,
    allow_remote: AllowRemote = None, price_in: PriceIn = 0.0, price_out: PriceOut = 0.0, max_cost: MaxCost = None,
    max_calls: MaxCalls = None, retry_failed: Retry = False,
) -> None:  # fmt: skip
    """Edit-precision, edit-recall and edit-F1 of every system, beside the floor and another clinician."""
    check_target(out / "results.json")
    plan = Plan(Rows(floors, True, seed), EditCost(1.0, delete_cost, read_cost), draws, seed, margin, baseline)
    source = corpus_source(corpus, map_, map_file, taxonomy, max_chars=max_chars, direction_marks=marks)
    found = load_corpus(source, skip_bad=skip_bad)
    found = of_split(found, split)
    people = read_labels(labels, annotations, theme_texts, theme_labels, taxonomy=source.taxonomy)
    judges = make_judges(
        judge, store, allow_remote, price_in, price_out, max_cost, max_calls, beside=out / "verdicts.sqlite",
        retry_failed=retry_failed, classifier=classifier, taxonomy=source.taxonomy, card=card,
        bundled=corpus == "bundled",
    )  # fmt: skip
    if tell := cost_before(judges):
        tell([q for c in comparisons(found, plan.rows) for q in pair_questions(c.pair)])
    scored = run_score(found, judges, plan, out, source.taxonomy, people)
    print_scores(scored)
    print(f"results: {out}  (redline report {out})")
    if scored.silent:
        print(SILENT, file=sys.stderr)
        raise typer.Exit(1)


def run_score(
    found: Corpus, judges: Judges, plan: Plan, out: Path, taxonomy: Taxonomy, labels: People | None = None
) -> Scored:  # fmt: skip
    """Score with progress bars and write the folder."""
    with bars(judges) as shown:
        scored = score_corpus(found, shown, plan, taxonomy, labels)
    write_results(scored, out)
    return scored


def print_scores(scored: Scored) -> None:
    """The headline table, the findings and the signature."""
    console = Console(
        highlight=False, markup=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160
    )
    console.print(_table("Counterfactual: drafts against independent replies", scored.table))
    if scored.observed is not None:
        console.print(_table("Observed edits: drafts against what was sent (another measure)", scored.observed))
    if scored.corrected is not None:
        rows = [c.name for c in scored.table.cells if c.kind is not Kind.FLOOR]
        console.print(corrected_cells(scored.corrected, rows))
        for note in scored.corrected.notes:
            console.print(f"- {note}", markup=False)
    if scored.findings and scored.validity.caution:
        console.print(scored.validity.caution)
    for finding in scored.findings:
        console.print(f"- {finding.text}", markup=False)
    run = scored.run
    console.print(
        f"{run.questions:,} questions: {run.judged:,} judged now, the others asked before (repeated or from the store)",
        markup=False,
    )
    console.print(f"content judge: {scored.validity.content}; theme classifier: {scored.validity.themes}", markup=False)
    for reason in scored.validity.reasons:
        console.print(f"  {reason}", markup=False)
    console.print(str(scored.signature), markup=False)


def _table(title: str, table: ScoreTable) -> Table:
    shown = Table("row", title=title, box=None, pad_edge=False, title_justify="left")
    withheld = any(c.counts.get("no_draft") or c.counts.get("not_drafted") for c in table.cells)
    names = ("content P", "content R", "content F1", "theme F1", "units saved", "failed")
    for name in (*names, *(("no draft", "drafts failed") if withheld else ())):
        shown.add_column(name, no_wrap=True)
    for cell in table.cells:
        shown.add_row(
            cell.name, *(say_interval(cell[m]) for m in ("content.precision", "content.recall", "content.f1", "theme.f1", "saved")),
            str(cell.counts["failed"]), *([str(cell.counts[n]) for n in ("no_draft", "not_drafted")] if withheld else ()),
        )  # fmt: skip
    return shown
