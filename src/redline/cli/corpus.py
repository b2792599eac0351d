"""`redline corpus`: check, describe and split a corpus."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from redline.cli.options import Map, MapFile, TaxonomyFile, corpus_source
from redline.corpus import SplitRequest, describe, load_corpus, read_corpus, split_corpus, write_corpus
from redline.errors import InputError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check, describe and split a corpus.")

Source = Annotated[str, typer.Argument(help="'bundled', a folder, a .jsonl/.csv/.parquet table, or hf:NAME[@SPLIT].")]
MaxChars = Annotated[int, typer.Option("--max-chars", min=1, help="Longest text that is taken for a message or reply.")]
Marks = Annotated[
    bool, typer.Option("--allow-direction-marks", help="Accept invisible direction marks (right-to-left text).")
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave rows with problems out instead of stopping.")]


@app.command()
def check(
    source: Source, map_: Map = None, map_file: MapFile = None, taxonomy: TaxonomyFile = None, max_chars: MaxChars = 100_000,
    marks: Marks = False,
) -> None:  # fmt: skip
    """Report every problem with file, line and field, in one pass; exit code 2 if there is any."""
    corpus, problems = read_corpus(
        corpus_source(source, map_, map_file, taxonomy, max_chars=max_chars, direction_marks=marks)
    )
    for problem in problems:
        print(problem)
    print(
        f"{len(problems)} problem(s). {len(corpus.cases)} cases, {len(corpus.replies)} replies of {len(corpus.clinicians)} "
        f"clinicians, {len(corpus.drafts)} drafts of {len(corpus.systems)} systems are usable."
    )
    if problems:
        raise typer.Exit(2)


@app.command()
def stats(
    source: Source = "bundled", map_: Map = None, map_file: MapFile = None, taxonomy: TaxonomyFile = None,
    max_chars: MaxChars = 100_000, marks: Marks = False, skip_bad: SkipBad = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:  # fmt: skip
    """Counts, lengths, who answers what, and how often clinicians use each theme."""
    where = corpus_source(source, map_, map_file, taxonomy, max_chars=max_chars, direction_marks=marks)
    corpus = load_corpus(where, skip_bad=skip_bad, need_replies=False)
    found = describe(corpus, where.taxonomy)
    if as_json:
        print(json.dumps(asdict(found), indent=1))
        return
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(f"{corpus.name}: {found.cases} cases, {found.replies} replies, {found.drafts} drafts", markup=False)
    if corpus.provenance:
        console.print(corpus.provenance, markup=False)
    for name in ("splits", "clinicians", "systems", "categories", "acuities"):
        values = getattr(found, name)
        if values:
            console.print(f"{name}: " + ", ".join(f"{k} {v}" for k, v in values.items()), markup=False)
    for name in ("replies_a_case", "message_words", "reply_words", "reply_units", "draft_units"):
        low, middle, high = getattr(found, name)
        console.print(f"{name.replace('_', ' ')}: median {middle:g}, middle half {low:g} to {high:g}")
    if found.themes:
        table = Table("theme", *found.themes)
        for theme in where.taxonomy.themes:
            table.add_row(theme.name, *(f"{found.themes[who][theme.key]:.0%}" for who in found.themes))
        console.print("Share of replies with each theme")
        console.print(table)


@app.command()
def split(
    source: Source, out: Annotated[Path, typer.Option("--out", help="Folder for train/ and test/.")],
    test: Annotated[float, typer.Option("--test", help="Share to hold out.")] = 0.2,
    by: Annotated[str, typer.Option("--by", help="case, clinician or both; never by row.")] = "case",
    seed: Annotated[int, typer.Option("--seed")] = 17, map_: Map = None, map_file: MapFile = None,
    taxonomy: TaxonomyFile = None, max_chars: MaxChars = 100_000, marks: Marks = False, skip_bad: SkipBad = False,
) -> None:  # fmt: skip
    """Split by case and by clinician; the same message never stands on both sides."""
    if (out / "train").exists() or (out / "test").exists():
        raise InputError.single(str(out), "already holds a split", hint="Name another --out, or remove the old one.")
    where = corpus_source(source, map_, map_file, taxonomy, max_chars=max_chars, direction_marks=marks)
    train, held = split_corpus(load_corpus(where, skip_bad=skip_bad), SplitRequest(test, by, seed))
    for name, part in (("train", train), ("test", held)):
        write_corpus(part, out / name)
        print(f"{out / name}: {len(part.cases)} cases, {len(part.replies)} replies, {len(part.drafts)} drafts")
