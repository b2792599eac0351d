"""`redline drift`: the newest annotations against the judge card."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redline.cli.costs import cost_before, tell_spent
from redline.cli.options import (
    AllowRemote,
    Judge,
    Map,
    MapFile,
    MaxCalls,
    MaxCost,
    PriceIn,
    PriceOut,
    Retry,
    Store,
    bars,
    corpus_source,
    make_judges,
)  # fmt: skip
from redline.corpus import load_corpus
from redline.files import check_target, write_text
from redline.validation.drift.form import State
from redline.validation.drift.run import Newest, run_drift
from redline.validation.drift.sequence import DriftPlan


def drift(
    card: Annotated[Path, typer.Option("--card", help="Judge card of `redline validate`: card.json or its folder.")],
    pairs: Annotated[Path, typer.Option("--pairs", help="Pairs since the card (form pairs_*), all that there are so far.")],
    annotations: Annotated[Path, typer.Option("--annotations", help="People's decisions about them (form edits_*).")],
    out: Annotated[Path, typer.Option("--out", help="Folder for drift.json.")],
    judge: Judge = "encoder",
    month: Annotated[str | None, typer.Option("--month", help="Only messages of this month, as 2026-10.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only messages on or after this date.")] = None,
    dates: Annotated[
        str | None, typer.Option("--dates", help="Field of the pairs with the date (ISO 8601); else `received`.")
    ] = None,
    corpus: Annotated[
        str | None, typer.Option("--corpus", help="Take the dates from `received` of this corpus' cases.")
    ] = None,
    map_: Map = None, map_file: MapFile = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, max=0.99, help="Points of error or bias beyond the card that do not matter.")
    ] = 0.03,
    alpha: Annotated[
        float, typer.Option("--alpha", min=0.0001, max=0.5, help="Chance of a false alarm, ever, however often you look.")
    ] = 0.05,
    fail: Annotated[bool, typer.Option("--fail-on-drift", help="Exit code 1 where a drift is shown.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 17,
    store: Store = None, allow_remote: AllowRemote = None, price_in: PriceIn = 0.0, price_out: PriceOut = 0.0,
    max_cost: MaxCost = None, max_calls: MaxCalls = None, retry_failed: Retry = False,
) -> None:  # fmt: skip
    """Is the judge still as good as its card says?  May be run every week on the grown files."""
    target = out / "drift.json"
    check_target(target)
    found = None if corpus is None else load_corpus(corpus_source(corpus, map_, map_file, None))
    judges = make_judges(
        judge, store, allow_remote, price_in, price_out, max_cost, max_calls, beside=out / "verdicts.sqlite",
        retry_failed=retry_failed,
    )  # fmt: skip
    newest = Newest(pairs, annotations, dates, found, month, since)
    with bars(judges) as shown:
        report = run_drift(card, shown, newest, DriftPlan(alpha, tolerance, seed=seed), before=cost_before(judges))
    tell_spent(judges)
    write_text(target, report.model_dump_json(indent=1) + "\n")
    for sentence in report.words:
        print(sentence)
    print(f"results: {target}", file=sys.stderr)
    if fail and report.decision is State.DRIFT:
        raise typer.Exit(1)
