"""Options that several verbs share, and the judges that they name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from redline.chat import Prices
from redline.corpus import Corpus, CorpusSource, TextRules, parse_mapping
from redline.errors import UsageError
from redline.judging import Budget, VerdictStore, content_judge, is_paid, theme_judge
from redline.judging.registry import JudgeOptions
from redline.scoring import Judges
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.validation.cards.gate import judge_validity

__all__ = [
    "AllowRemote", "Annotations", "Card", "Classifier", "Judge", "Labels", "Map", "MapFile", "MaxCalls", "MaxCost",
    "PriceIn", "PriceOut", "Retry", "Store", "TaxonomyFile", "ThemeLabels", "ThemeTexts", "bars", "corpus_source",
    "make_judges", "of_split", "progress_bars",
]  # fmt: skip

Judge = Annotated[
    str,
    typer.Option(
        "--judge",
        help="encoder, exact, human:[NAME@]EDITS+PAIRS (or human:FILE), "
        "llm:MODEL@URL, llm:hf:FOLDER+ADAPTER, panel:A,B, cascade:A,B, or an installed one.",
    ),
]
Classifier = Annotated[
    str,
    typer.Option(
        "--classifier",
        help="Themes by: encoder, encoder:FOLDER, human:[NAME@]LABELS+TEXTS, llm:MODEL@URL, llm:hf:FOLDER+ADAPTER.",
    ),
]
Card = Annotated[
    Path | None,
    typer.Option("--card", help="Judge card of `redline validate` (file or folder) that speaks for the judge here."),
]
Store = Annotated[
    Path | None, typer.Option("--store", help="Verdict store (SQLite); the same question is judged once, ever.")
]
AllowRemote = Annotated[
    list[str] | None, typer.Option("--allow-remote", help="Host that texts may be sent to. Repeat for several.")
]
PriceIn = Annotated[float, typer.Option("--price-in", min=0, help="Money for a million tokens in (judge llm).")]
PriceOut = Annotated[float, typer.Option("--price-out", min=0, help="Money for a million tokens out (judge llm).")]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", min=0, help="Stop before the judge has cost more than this.")
]
MaxCalls = Annotated[int | None, typer.Option("--max-calls", min=0, help="Stop before the judge has made more calls.")]
Retry = Annotated[bool, typer.Option("--retry-failed", help="Ask again what the store holds as failed.")]
Labels = Annotated[
    Path | None,
    typer.Option("--labels", help="Labelled pairs (corpus form pairs_*): corrected figures beside the plain ones."),
]
Annotations = Annotated[
    Path | None,
    typer.Option("--annotations", help="People's decisions about the labelled pairs (corpus form edits_*)."),
]
ThemeTexts = Annotated[Path | None, typer.Option("--theme-texts", help="Texts whose themes people labelled.")]
ThemeLabels = Annotated[Path | None, typer.Option("--theme-labels", help="People's themes of these texts.")]
Map = Annotated[
    list[str] | None, typer.Option("--map", help="field=column for a table, for instance message=PatientMsg.")
]
MapFile = Annotated[Path | None, typer.Option("--map-file", help="TOML file with the same mapping.")]
TaxonomyFile = Annotated[
    Path | None, typer.Option("--taxonomy", help="YAML file with your themes instead of the nine.")
]


def corpus_source(
    name: str, mapping: list[str] | None, mapping_file: Path | None, taxonomy: Path | None, *, max_chars: int = 100_000,
    direction_marks: bool = False,
) -> CorpusSource:  # fmt: skip
    """The source that the options describe."""
    return CorpusSource(
        name, parse_mapping(mapping or [], mapping_file), TextRules(max_chars, direction_marks), read_taxonomy(taxonomy)
    )


def of_split(corpus: Corpus, split: str | None) -> Corpus:
    """The cases of this split, all where none is named; `UsageError` with the splits that there are where it is empty."""
    if split is None:
        return corpus
    found = corpus.only(split=split)
    if not found.cases:
        known = sorted({c.split for c in corpus.cases if c.split})
        has = f"its splits are {', '.join(known)}" if known else "its cases have no split"
        raise UsageError(f"--split {split}: {corpus.name} has no case of it; {has}")
    return found


def read_taxonomy(path: Path | None) -> Taxonomy:
    """The taxonomy of a file, or the default one."""
    return default_taxonomy() if path is None else Taxonomy.from_yaml(path)


def make_judges(
    judge: str, store: Path | None, allow_remote: list[str] | None, price_in: float, price_out: float,
    max_cost: float | None, max_calls: int | None, *, beside: Path | None = None, retry_failed: bool = False,
    classifier: str = "encoder", taxonomy: Taxonomy | None = None, card: Path | None = None, bundled: bool = False,
) -> Judges:  # fmt: skip
    """Judges, store and budget; a limit on a judge without a price is refused, since it could never bite.

    What a paid judge says is always stored: in `beside` where no store was named.  `card` is a judge card, `bundled` whether
    the corpus is the bundled one, for which the shipped judge has its own.
    """
    options = JudgeOptions(frozenset(allow_remote or ()), Prices(price_in, price_out))
    content = content_judge(judge, options)
    if max_cost is not None and is_paid(content) and price_in == price_out == 0:
        raise UsageError("--max-cost needs --price-in and --price-out: without prices no cost is known")
    themes = theme_judge(classifier, options, taxonomy)
    place = store or (beside if is_paid(content) or is_paid(themes) else None) or ":memory:"
    validity = judge_validity(content, themes, card, bundled=bundled)
    limits = Budget(max_cost, max_calls)
    return Judges(content, themes, VerdictStore(place), limits, retry_failed=retry_failed, validity=validity)


@contextmanager
def progress_bars(width: int) -> Iterator[Callable[[str, int, int], None]]:
    """`tell(what, done, total)` for a progress bar each, what it is about at most `width` wide; on standard error, silent
    where that is no terminal.
    """
    console = Console(stderr=True)
    about = TextColumn(f"{{task.description:>{width}}}")
    columns = (about, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what[-width:], total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield tell


@contextmanager
def bars(judges: Judges) -> Iterator[Judges]:
    """The same judges with a progress bar a level."""
    with progress_bars(8) as tell:
        try:
            yield replace(judges, progress=tell)
        except KeyboardInterrupt:
            kept = "ends with this run (name a --store to keep it)"
            if judges.store.path != ":memory:":
                kept = f"is stored in {judges.store.path}; the same command goes on from there"
            print(f"redline: stopped; what was judged {kept}", file=sys.stderr)
            raise typer.Exit(130) from None
