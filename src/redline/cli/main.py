"""The `redline` command: verbs put together, errors said in words."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

import redline
from redline.cli import (
    adapters,
    agree,
    annotate,
    corpus,
    demo,
    draft,
    drift,
    judge,
    plan_labels,
    prefer,
    report,
    score,
    study,
    themes,
    train,
    validate,
    why_miss,
)
from redline.errors import RedlineError

__all__ = ["app", "main"]

app = typer.Typer(
    name="redline", no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="How much would a clinician edit this draft? Measures edit load of drafted replies to patient messages.",
)  # fmt: skip


def _version(asked: bool) -> None:
    if asked:
        print(redline.__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the verb."""


app.command("demo")(demo.demo)
app.command("draft")(draft.draft)
app.command("judge")(judge.judge)
app.add_typer(themes.app, name="themes")
app.command("score")(score.score)
app.command("report")(report.report)
app.add_typer(annotate.app, name="annotate")
app.command("validate")(validate.validate)
app.command("agree")(agree.agree)
app.command("plan-labels")(plan_labels.plan_labels)
app.command("drift")(drift.drift)
app.command("why-miss")(why_miss.why_miss)
app.add_typer(corpus.app, name="corpus")
app.add_typer(prefer.app, name="prefer")
app.add_typer(study.app, name="study")
app.add_typer(adapters.app, name="adapters")
app.add_typer(train.app, name="train")


def main() -> None:
    """Entry point: exit code 2 for what a person can mend, 3 for a reached budget, 130 for Ctrl-C (said in `bars`)."""
    try:
        app()
    except RedlineError as error:
        Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"redline: {error}")
        sys.exit(error.exit_code)
