"""`redline demo`: the whole way on the bundled corpus, with no network, key or GPU."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from redline.cli.options import make_judges
from redline.cli.report import report
from redline.cli.score import print_scores, run_score
from redline.corpus import load_corpus
from redline.scoring import Plan
from redline.taxonomy import default_taxonomy


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("redline-demo"),
    draws: Annotated[int, typer.Option("--draws", min=100, help="Resamples.")] = 10_000,
) -> None:
    """Score the recorded drafts of the bundled test split and write the report."""
    started = time.monotonic()
    corpus = load_corpus("bundled").only(split="test")
    print(
        f"{corpus.name}, test split: {len(corpus.cases)} messages, {len(corpus.replies)} replies, {len(corpus.drafts)} drafts"
    )
    print(corpus.provenance)
    judges = make_judges("encoder", out / "verdicts.sqlite", None, 0.0, 0.0, None, None)
    baseline = "frontier-llm/zero_shot"
    scored = run_score(corpus, judges, Plan(draws=draws, baseline=baseline), out, default_taxonomy())
    print_scores(scored)
    report(out, None, 200)
    print(f"done in {time.monotonic() - started:.0f} s; open {out / 'report.html'} in a browser")
