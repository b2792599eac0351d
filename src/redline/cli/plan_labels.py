"""`redline plan-labels`: how many more annotations, and which."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redline.annotation import read_labels
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
    Store,
    bars,
    corpus_source,
    make_judges,
    of_split,
)  # fmt: skip
from redline.corpus import load_corpus
from redline.errors import UsageError
from redline.files import check_target, write_jsonl, write_text
from redline.validation.label_plan.frame import make_frame
from redline.validation.label_plan.next_pairs import grow_sample
from redline.validation.label_plan.plan import LabelGoal, contrasts_of
from redline.validation.label_plan.plan import plan_labels as plan

Between = Annotated[tuple[str, str] | None, typer.Option("--between", help="The two systems of the difference.")]


def plan_labels(
    corpus: Annotated[str, typer.Argument(help="'bundled', a folder, a table, or hf:NAME[@SPLIT].")],
    out: Annotated[Path, typer.Option("--out", help="JSON to write: the plan.")],
    labels: Annotated[Path | None, typer.Option("--labels", help="Pairs labelled so far (form pairs_*).")] = None,
    annotations: Annotated[Path | None, typer.Option("--annotations", help="Decisions about them (form edits_*).")] = None,
    width: Annotated[float | None, typer.Option("--width", help="Wanted width of the interval of edit-F1.")] = None,
    difference: Annotated[float | None, typer.Option("--difference", help="Difference of edit-F1 to be shown.")] = None,
    between: Between = None,
    baseline: Annotated[str | None, typer.Option("--baseline", help="Every system against this one.")] = None,
    power: Annotated[float, typer.Option("--power", help="Probability with which the difference is shown.")] = 0.8,
    alpha: Annotated[float, typer.Option("--alpha", help="Level of its test, shared by the differences.")] = 0.05,
    icc: Annotated[float, typer.Option("--icc", help="Correlation of the judge's errors in a message, where assumed.")] = 0.3,
    minutes: Annotated[
        float | None, typer.Option("--minutes-per-pair", min=0, max=10_000, help="Price of a pair, for the sum.")
    ] = None,
    pairs_out: Annotated[Path | None, typer.Option("--pairs-out", help="JSONL: pairs labelled so far, and the next ones.")] = None,
    add: Annotated[int | None, typer.Option("--add", min=1, help="How many pairs to add; else as many as the plan says.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="Only cases of this split.")] = None,
    judge: Judge = "encoder", store: Store = None, map_: Map = None, map_file: MapFile = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 17,
    allow_remote: AllowRemote = None, price_in: PriceIn = 0.0, price_out: PriceOut = 0.0, max_cost: MaxCost = None,
    max_calls: MaxCalls = None,
) -> None:  # fmt: skip
    """How many pairs to label for a wanted interval or difference, what labels cannot reach, and which pairs are next."""
    goal = LabelGoal(width, difference, power, alpha, icc=icc, seed=seed)
    if add is not None and pairs_out is None:
        raise UsageError("--add needs --pairs-out, the file for the pairs")
    if width is not None and (between is not None or baseline is not None):
        raise UsageError("--between and --baseline belong to --difference")
    for target in (out, pairs_out):
        if target is not None:
            check_target(target)
    people = read_labels(labels, annotations)
    known = () if people is None else people.pairs
    found = load_corpus(corpus_source(corpus, map_, map_file, None))
    found = of_split(found, split)
    judges = make_judges(
        judge, store, allow_remote, price_in, price_out, max_cost, max_calls, beside=out.with_suffix(".verdicts.sqlite")
    )  # fmt: skip
    with bars(judges) as shown:
        frame = make_frame(found, shown, known, before=cost_before(judges))
    tell_spent(judges)
    contrasts = contrasts_of(frame, between, baseline) if difference is not None else []
    made = plan(frame, goal, contrasts=contrasts, corpus=found.name, minutes_per_pair=minutes)
    write_text(out, made.model_dump_json(indent=1) + "\n")
    for sentence in made.words:
        print(sentence)
    if pairs_out is not None:
        count = add if add is not None else made.more_pairs
        if not count:
            raise UsageError("there is nothing to add by this plan; say how many pairs with --add" if count == 0 else
                             "no number of labels reaches this goal; say how many pairs you want with --add")  # fmt: skip
        grown = grow_sample(frame, count, together=[name for pair in contrasts for name in pair], seed=seed)
        write_jsonl(pairs_out, (p.row() for p in grown.pairs))
        why = f" ({count:,} {'was' if count == 1 else 'were'} asked for; {grown.reason})" if grown.reason else ""
        old = len(grown.pairs) - grown.new
        pairs = "pair" if grown.new == 1 else "pairs"
        print(f"next: {grown.new:,} new {pairs}{why} beside {old:,} labelled before, in {pairs_out}", file=sys.stderr)
    print(f"plan: {out}", file=sys.stderr)
