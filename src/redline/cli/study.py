"""`redline study`: plan, run, follow, compare and report a study file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from redline.cli.corrected import corrected_contrasts
from redline.cli.options import AllowRemote, bars, progress_bars
from redline.cli.score import print_scores
from redline.errors import InputError
from redline.files import check_target
from redline.stats.words import say_interval, say_p
from redline.study import (
    Bench,
    StudyPlace,
    StudySpec,
    check_study,
    compare_cells,
    plan_study,
    read_manifest,
    read_study,
    run_study,
    study_judges,
    study_status,
    write_report,
)  # fmt: skip

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Run the whole grid of model x strategy x corpus; resumable."
)

StudyFile = Annotated[Path, typer.Argument(help="TOML file of the study.")]
Out = Annotated[Path, typer.Option("--out", help="Folder of the study.")]
Folder = Annotated[Path, typer.Argument(help="Folder that `redline study run` wrote.")]


@app.command()
def plan(study: StudyFile, out: Out = Path("study")) -> None:
    """The grid, and calls, tokens, money and time at most, before anything runs."""
    spec = read_study(study)
    bench = Bench(StudyPlace(spec, out, asking=False), in_memory=not (out / "study.sqlite").exists())
    found = plan_study(bench)
    table = Table("cell", box=None, pad_edge=False)
    for name in ("tasks", "open", "calls", "tokens in", "tokens out", "money", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    for c in (*found.cells, found.total):
        about = "~" if c.sampled else ""
        table.add_row(
            c.cell, f"{c.tasks:,}", f"{c.open:,}", f"{about}{c.calls:,}", f"{about}{c.tokens_in:,}", f"{c.tokens_out:,}",
            f"{c.money:.2f}", _time(c.seconds),
        )  # fmt: skip
    _console().print(table)
    print(
        "At most, but for requests that are sent again after a transport error; what is stored is not asked again. "
        f"The judge {spec.judge.name!r} gets {found.comparisons:,} comparisons of a draft with a reply."
    )
    if found.total.seconds is None:
        print("time is unknown where no seconds_a_call is given for a model; a recorded model takes none.")
    check_study(bench)  # last: what it would cost is known also of a study that would be refused


@app.command()
def run(
    study: StudyFile, out: Out = Path("study"), allow_remote: AllowRemote = None,
    changed: Annotated[bool, typer.Option("--changed", help="Go on in a folder of an older form of this study.")] = False,
    record: Annotated[Path | None, typer.Option("--record", help="Record every completion that is asked for now.")] = None,
) -> None:  # fmt: skip
    """Draft, judge and score every cell; the same command goes on after any interruption."""
    run_and_print(read_study(study), out, frozenset(allow_remote or ()), changed=changed, record=record)


def run_and_print(
    spec: StudySpec, out: Path, allow_remote: frozenset[str] = frozenset(), *, changed: bool = False, record: Path | None = None
) -> None:  # fmt: skip
    """Run with progress bars and print the tables; exit code 1 where a whole cell could not be drafted."""
    place = StudyPlace(spec, out, allow_remote, record)
    place.cells  # noqa: B018  (names are checked before anything is made)
    check_target(out / "study.json")
    if spec.budget.limited or any(m.price_in + m.price_out for m in spec.models):
        total = plan_study(Bench(place, in_memory=not (out / "study.sqlite").exists())).total
        print(
            f"at most {total.calls:,} calls, {total.tokens_in:,} tokens in, {total.tokens_out:,} out, {total.money:.2f} in money"
        )
    with bars(study_judges(place)) as judges, progress_bars(40) as tell, stopped(out):
        found = run_study(place, judges, changed=changed, tell=tell)
    spent = _spent(Bench(place))
    for corpus in spec.corpora:
        if len(spec.corpora) > 1:
            print(f"\n{corpus.name}")
        if corpus.name in found.scored:
            print_scores(found.scored[corpus.name])
        else:
            print(f"{corpus.name}: no reply to compare with, so these drafts are not scored")
    print(f"drafting, all runs together: {spent}")
    print(f"drafts: {out / 'drafts.jsonl'}; results: {out / 'results.json'}; report: {out / 'report.html'}")
    for cell, why in found.failures.items():
        print(f"redline: {cell} could not be drafted: {why}", file=sys.stderr)
    if found.failures:
        raise typer.Exit(1)


@app.command()
def status(folder: Folder) -> None:
    """How far every cell is, what failed, and what drafting has cost in all runs."""
    bench = _bench(folder)
    found = study_status(bench)
    table = Table("cell", box=None, pad_edge=False)
    for name in ("tasks", "done", "failed", "outcomes"):
        table.add_column(name, justify="left" if name == "outcomes" else "right")
    for c in found.cells:
        outcomes = ", ".join(f"{s} {n:,}" for s, n in sorted(c.statuses.items()))
        table.add_row(
            c.cell, f"{c.tasks:,}", f"{c.done:,}", f"{c.failed:,}", outcomes + (f"  ({c.why})" if c.why else "")
        )
    _console().print(table)
    print(f"drafting so far: {_spent(bench)}")


@app.command()
def compare(
    folder: Folder, a: Annotated[str, typer.Argument(help="A row, as model/strategy.")],
    b: Annotated[str, typer.Argument(help="The row it is compared with.")],
    corpus: Annotated[str | None, typer.Option("--corpus", help="Which corpus, where there are several.")] = None,
    allow_remote: AllowRemote = None,
) -> None:  # fmt: skip
    """Two rows, paired on the replies that both were compared with: the difference a - b with its interval."""
    bench = _bench(folder, frozenset(allow_remote or ()))
    with bars(study_judges(bench.place)) as judges:
        scored, contrasts = compare_cells(bench, judges, a, b, corpus)
    table = Table("measure", f"{a} minus {b}", "replies", "p", "p (Holm)", box=None, pad_edge=False)
    for item in contrasts:
        c = item.contrast
        table.add_row(
            item.measure, say_interval(c.difference, 3, "+"), f"{item.replies:,}", say_p(c.p), say_p(c.p_holm)
        )
    _console().print(table)
    if scored.corrected is not None:
        _console().print(corrected_contrasts(scored.corrected, a, b))


@app.command()
def report(folder: Folder) -> None:
    """Write the page of a scored study again."""
    print(f"report: {write_report(_bench(folder).place.spec, folder)}")


def _spent(bench: Bench) -> str:
    calls, tokens_in, tokens_out, money = bench.store.spent()
    return f"{calls:,} calls, {tokens_in:,} tokens in, {tokens_out:,} out, {money:.2f} in money"


def _bench(folder: Path, allow_remote: frozenset[str] = frozenset()) -> Bench:
    """The study of a folder, opened for looking."""
    found = read_manifest(folder)
    if found is None:
        raise InputError.single(
            str(folder), "holds no study", hint="Run `redline study run STUDY.toml --out FOLDER` first."
        )
    return Bench(StudyPlace(StudySpec.model_validate(found["study"]), folder, allow_remote, asking=False))


@contextmanager
def stopped(out: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print(
            f"redline: stopped; everything that was finished is stored in {out}, and the same command goes on",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None


def _console() -> Console:
    return Console(
        highlight=False, markup=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160
    )


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
