"""`redline train judge|themes`: fine-tune a language model as a content judge or as a theme classifier (extra `train`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from redline.annotation import check_partners
from redline.cli.adapt import (
    Base,
    Config,
    Device,
    Epochs,
    Name,
    RateOption,
    Seed,
    Start,
    Threads,
    make_settings,
    say_adapted,
    training,
)
from redline.cli.options import TaxonomyFile, read_taxonomy

__all__ = ["judge", "themes"]

Out = Annotated[Path, typer.Option("--out", help="Folder of adapters; the new one is OUT/NAME@DIGEST.")]
Pairs = Annotated[
    Path | None, typer.Option("--pairs", help="Pairs in the form of pairs_train.jsonl; else the bundled ones.")
]
Texts = Annotated[
    Path | None, typer.Option("--texts", help="Texts in the form of theme_texts.jsonl; else bundled replies.")
]
Annotations = Annotated[Path | None, typer.Option("--annotations", help="What annotators decided about them.")]
Number = Annotated[int | None, typer.Option("--number", min=1, help="How many are learned; the others are held out.")]

HeldOut = Annotated[
    int, typer.Option("--held-out", min=0, help="Most held-out items that it is measured on; 0 for none.")
]


def judge(
    out: Out = Path("adapters"), config: Config = None, base: Base = None, pairs: Pairs = None, annotations: Annotations = None,
    number: Number = 450, held_out: HeldOut = 100,
    adapter: Start = None, name: Name = None, epochs: Epochs = None, rate: RateOption = None,
    seed: Seed = None, device: Device = None, threads: Threads = None,
) -> None:  # fmt: skip
    """Fine-tune a content judge on annotated pairs (the paper: 450); use it as --judge llm:hf:BASE+ADAPTER."""
    settings = make_settings("judge", config, base, adapter, None, None, name, epochs, rate, seed, device, threads)
    _tune("judge", settings, out, pairs, annotations, number, None, held_out)


def themes(
    out: Out = Path("adapters"), config: Config = None, base: Base = None, texts: Texts = None, annotations: Annotations = None,
    number: Number = None, held_out: HeldOut = 100,
    taxonomy: TaxonomyFile = None, adapter: Start = None, name: Name = None, epochs: Epochs = None,
    rate: RateOption = None, seed: Seed = None, device: Device = None, threads: Threads = None,
) -> None:  # fmt: skip
    """Fine-tune a theme classifier, also for your own taxonomy; use it as --classifier llm:hf:BASE+ADAPTER."""
    settings = make_settings("themes", config, base, adapter, None, None, name, epochs, rate, seed, device, threads)
    _tune("themes", settings, out, texts, annotations, number, taxonomy, held_out)


def _tune(
    kind: Literal["judge", "themes"], settings: object, out: Path, texts: Path | None, annotations: Path | None,
    number: int | None, taxonomy_file: Path | None, held_out: int,
) -> None:  # fmt: skip
    """Material, training, and what the judge does with the held-out part, which no step and no stop has seen."""
    from redline.training.adapt.judging import measure_judge, tune_judge

    check_partners(texts, annotations, "--texts" if kind == "themes" else "--pairs", "--annotations")
    taxonomy = read_taxonomy(taxonomy_file)
    with training() as tell:
        tuned = tune_judge(kind, settings, out, texts, annotations, number, taxonomy, tell)  # type: ignore[arg-type]
    option = "--judge" if kind == "judge" else "--classifier"
    say_adapted(tuned.adapted, settings, f"{option} llm:hf:")  # type: ignore[arg-type]
    if not held_out:
        return
    with training("the adapter is finished; the same command goes on with its figures") as tell:
        for line in measure_judge(tuned, settings, held_out, tell):  # type: ignore[arg-type]
            if line.strip():
                print(line)
