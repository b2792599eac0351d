"""`redline draft`: one cell, one corpus, one file of drafts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redline.cli.options import AllowRemote, PriceIn, PriceOut
from redline.cli.study import cell_bars, stopped
from redline.errors import RedlineError
from redline.files import check_target
from redline.study import (
    Bench,
    CorpusSpec,
    DraftingSpec,
    ModelSpec,
    StudyPlace,
    StudySpec,
    draft_study,
    study_status,
    write_drafts,
)  # fmt: skip


def draft(
    corpus: Annotated[str, typer.Argument(help="'bundled', a folder, a table, or hf:NAME[@SPLIT].")],
    strategy: Annotated[str, typer.Option("--strategy", help="zero_shot, theme_guided, rag, planned, personal, joined with +; or retrieval_reply, pooled_reply.")],
    out: Annotated[Path, typer.Option("--out", help="JSONL of drafts to write.")],
    model: Annotated[str | None, typer.Option("--model", help="openai:MODEL@URL, hf:FOLDER[+ADAPTER], recorded:NAME, tiny; none for retrieval_reply.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="Only cases of this split.")] = None,
    learn: Annotated[str | None, typer.Option("--learn", help="Corpus of past replies to learn from (default: the same).")] = None,
    learn_split: Annotated[str | None, typer.Option("--learn-split", help="Its split (default: train, in the same corpus).")] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Examples of rag and personal.")] = 5,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1)] = 400,
    temperature: Annotated[float, typer.Option("--temperature", min=0, max=2)] = 0.0,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 17,
    language: Annotated[str, typer.Option("--language", help="Language of the drafts.")] = "en",
    window: Annotated[int | None, typer.Option("--window", min=1, help="The model's context in tokens, where it cannot say.")] = None,
    record: Annotated[Path | None, typer.Option("--record", help="Record every completion into this file as well.")] = None,
    allow_remote: AllowRemote = None, price_in: PriceIn = 0.0, price_out: PriceOut = 0.0,
) -> None:  # fmt: skip
    """Draft one model under one strategy; a stopped run goes on from the store beside the file."""
    check_target(out)
    spec = StudySpec(
        name="draft", seed=seed, strategies=(strategy,),
        corpora=(CorpusSpec(name="corpus", path=corpus, split=split, learn=learn, learn_split=learn_split),),
        models=(ModelSpec(use=model, price_in=price_in, price_out=price_out, window=window),) if model else (),
        drafting=DraftingSpec.model_validate(
            {"k": k, "max_tokens": max_tokens, "temperature": temperature, "language": language}
        ),
    )  # fmt: skip
    place = StudyPlace(spec, out.with_name(f"{out.name}.study"), frozenset(allow_remote or ()), record)
    bench = Bench(place)
    with stopped(place.folder), cell_bars() as tell:
        failures = draft_study(bench, changed=True, tell=tell)
    if failures:
        raise RedlineError(next(iter(failures.values())))
    count = write_drafts(bench, out)
    found = study_status(bench)
    outcomes = ", ".join(f"{s} {n}" for c in found.cells for s, n in sorted(c.statuses.items()))
    print(f"{out}: {count} drafts ({outcomes}); {found.calls:,} calls, {found.money:.2f} in money", file=sys.stderr)
