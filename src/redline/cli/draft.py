"""`redline draft`: one cell, one corpus, one file of drafts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redline.cli.options import AllowRemote, progress_bars
from redline.cli.study import stopped
from redline.drafting import LANGUAGES
from redline.errors import RedlineError, UsageError
from redline.files import check_target
from redline.study import (
    Bench,
    BudgetSpec,
    CorpusSpec,
    DraftingSpec,
    ModelSpec,
    StudyPlace,
    StudySpec,
    alone,
    draft_study,
    study_status,
    write_drafts,
)  # fmt: skip

Strategy = Annotated[
    str,
    typer.Option(
        "--strategy",
        help="zero_shot, theme_guided, rag, planned, personal (parts joined with +), retrieval_reply or pooled_reply.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", help="openai:MODEL@URL, hf:FOLDER[+ADAPTER], recorded:NAME or tiny; none for retrieval_reply."
    ),
]
Learn = Annotated[str | None, typer.Option("--learn", help="Corpus of past replies to learn from (default: the same).")]
LearnSplit = Annotated[str | None, typer.Option("--learn-split", help="Its split (default: train of the same corpus).")]
Clinicians = Annotated[
    list[str] | None,
    typer.Option(
        "--clinician", help="For whom a personal strategy drafts (default: who answered). Repeat for several."
    ),
]
PriceIn = Annotated[float, typer.Option("--price-in", min=0, help="Money for a million tokens in.")]
PriceOut = Annotated[float, typer.Option("--price-out", min=0, help="Money for a million tokens out.")]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", min=0, help="Stop before drafting has cost more than this.")
]
MaxCalls = Annotated[int | None, typer.Option("--max-calls", min=0, help="Stop before more requests are made.")]
Window = Annotated[int | None, typer.Option("--window", min=1, help="Context in tokens, where the model cannot say.")]
Record = Annotated[Path | None, typer.Option("--record", help="Record every completion that is asked for now.")]


def draft(
    corpus: Annotated[str, typer.Argument(help="'bundled', a folder, a table, or hf:NAME[@SPLIT].")],
    strategy: Strategy, out: Annotated[Path, typer.Option("--out", help="JSONL of drafts to write.")],
    model: Model = None, split: Annotated[str | None, typer.Option("--split", help="Only cases of this split.")] = None,
    learn: Learn = None, learn_split: LearnSplit = None, clinician: Clinicians = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Examples of rag and personal.")] = 5,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1)] = 400,
    temperature: Annotated[float, typer.Option("--temperature", min=0, max=2)] = 0.0,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 17,
    language: Annotated[str, typer.Option("--language", help="Language of the drafts: en, es, fr, de, pt, it, vi, pl, tl.")] = "en",
    window: Window = None, record: Record = None, allow_remote: AllowRemote = None, price_in: PriceIn = 0.0,
    price_out: PriceOut = 0.0, max_cost: MaxCost = None, max_calls: MaxCalls = None,
) -> None:  # fmt: skip
    """Draft one model under one strategy; a stopped run goes on from the store beside the file."""
    check_target(out)
    if language not in LANGUAGES:
        raise UsageError(f"there is no language {language!r} here; write one of {', '.join(LANGUAGES)}")
    spec = StudySpec(
        name="draft", seed=seed, strategies=(strategy,),
        corpora=(
            CorpusSpec(
                name="corpus", path=corpus, split=split, learn=learn, learn_split=learn_split,
                clinicians=tuple(clinician or ()),
            ),
        ),
        models=(ModelSpec(use=model, price_in=price_in, price_out=price_out, window=window),) if model else (),
        drafting=DraftingSpec.model_validate(
            {"k": k, "max_tokens": max_tokens, "temperature": temperature, "language": language}
        ),
        budget=BudgetSpec(max_cost=max_cost, max_calls=max_calls),
    )  # fmt: skip
    place = StudyPlace(spec, out.with_name(f"{out.name}.study"), frozenset(allow_remote or ()), record)
    place.cells  # noqa: B018  (names are checked before anything is made)
    with progress_bars(40) as tell, stopped(place.folder), alone(place.folder):
        bench = Bench(place)
        failures = draft_study(bench, changed=True, tell=tell)
    if failures and not any(c.scored for c in study_status(bench).cells):
        raise RedlineError(next(iter(failures.values())))
    count = write_drafts(bench, out)
    found = study_status(bench)
    outcomes = ", ".join(f"{s} {n}" for c in found.cells for s, n in sorted(c.statuses.items()))
    print(f"{out}: {count} drafts ({outcomes}); {found.calls:,} calls, {found.money:.2f} in money", file=sys.stderr)
    if failures:
        raise RedlineError(f"{next(iter(failures.values()))} What came about until then stands in {out}.")
