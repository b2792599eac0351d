"""`redline judge`: unit verdicts and scores of draft-reference pairs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redline.api import judge_rows
from redline.cli.costs import tell_spent
from redline.cli.inputs import read_pairs
from redline.cli.options import (
    AllowRemote,
    Classifier,
    Judge,
    MaxCalls,
    MaxCost,
    PriceIn,
    PriceOut,
    Retry,
    Store,
    bars,
    make_judges,
)  # fmt: skip
from redline.corpus import TextRules
from redline.files import check_target, write_jsonl
from redline.judging import is_paid, pair_questions

Estimate = Annotated[
    bool, typer.Option("--estimate", help="Only say what would be asked and what it would cost at most.")
]


def judge(
    pairs: Annotated[Path, typer.Argument(help='JSONL with {"id", "draft", "reference"}; texts or lists of units.')],
    out: Annotated[Path, typer.Option("--out", help="JSONL to write, same order.")],
    judge: Judge = "encoder", classifier: Classifier = "encoder", store: Store = None,
    allow_remote: AllowRemote = None, price_in: PriceIn = 0.0,
    price_out: PriceOut = 0.0, max_cost: MaxCost = None, max_calls: MaxCalls = None, retry_failed: Retry = False,
    estimate: Estimate = False,
    marks: Annotated[bool, typer.Option("--allow-direction-marks", help="Accept invisible direction marks.")] = False,
    max_chars: Annotated[int, typer.Option("--max-chars", min=1, help="Longest text that is judged.")] = 100_000,
) -> None:  # fmt: skip
    """Which units of each draft would be deleted, which of each reference added."""
    check_target(out)
    found = read_pairs(pairs, TextRules(max_chars, marks))
    judges = make_judges(
        judge, store, allow_remote, price_in, price_out, max_cost, max_calls,
        beside=out.with_name(f"{out.name}.verdicts.sqlite"), retry_failed=retry_failed, classifier=classifier,
    )  # fmt: skip
    if estimate or is_paid(judges.content):
        open_, cost = judges.content_runner().estimate([q for p in found for q in pair_questions(p)])
        print(f"{open_:,} questions to ask; at most {cost}", file=sys.stderr)
        if estimate:
            return
    with bars(judges) as shown:
        results = judge_rows(found, shown)
    write_jsonl(out, (r.row() for r in results))
    failed = sum(v.p_edit is None for r in results for v in (*r.draft, *r.reference))
    if failed:
        print(f"{failed} unit(s) could not be judged; they count for no score (see 'status')", file=sys.stderr)
    tell_spent(judges)
    if failed and failed == sum(len(r.draft) + len(r.reference) for r in results):
        raise typer.Exit(1)
