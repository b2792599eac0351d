"""`redline train`: adapt a language model, or rebuild the models that ship with the package (extra `train`)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redline.cli import adapt, tune
from redline.errors import UsageError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Adapt a language model, or rebuild what ships with the package (extra `train`).",
)


@app.callback()
def _root() -> None:
    """Training verbs."""


app.command("sft")(adapt.sft)
app.command("tadpole")(adapt.tadpole)
app.command("personal")(adapt.personal)
app.command("judge")(tune.judge)
app.command("themes")(tune.themes)


@app.command("encoder")
def encoder(
    out: Annotated[Path, typer.Option("--out", help="Folder to write; use it with --judge encoder:FOLDER.")],
    data: Annotated[Path | None, typer.Option("--data", help="Folder of the public sets; else the bundled corpus alone.")] = None,
    base: Annotated[str | None, typer.Option("--base", help="Folder or hub name of another BERT-like encoder.")] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 4,
    seed: Annotated[int, typer.Option("--seed")] = 17,
    threads: Annotated[int, typer.Option("--threads", min=1)] = 2,
    device: Annotated[str | None, typer.Option("--device", help="cpu or cuda; else cuda where there is one.")] = None,
    checkpoint: Annotated[Path | None, typer.Option("--checkpoint", help="Go on from these weights (OUT.checkpoint.pt).")] = None,
) -> None:  # fmt: skip
    """Fine-tune, calibrate on held-out cases, export to int8, and write the card with every figure."""
    try:
        import torch
        import transformers  # noqa: F401
    except ModuleNotFoundError:
        raise UsageError("training needs the extra 'train': pip install 'redline[train]'") from None
    from redline.training.encoder.build import Request, build_encoder
    from redline.training.encoder.recipe import Recipe

    given = (" --data DATA" if data else "") + (" --base BASE" if base else "")
    command = f"redline train encoder --out FOLDER{given} --epochs {epochs} --seed {seed}"
    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    request = Request(out, base, data, Recipe(seed=seed, epochs=epochs), checkpoint, threads, chosen, command)
    card = build_encoder(request, lambda line: print(line, file=sys.stderr, flush=True))
    print(
        f"encoder: {out}; int8 flips {card['int8']['flipped']:.2%} of held-out decisions; figures in {out / 'card.json'}"
    )


@app.command("tiny")
def tiny(
    out: Annotated[Path, typer.Option("--out", help="Folder to write; use it with --model tiny:FOLDER or serve it.")],
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Most epochs over single replies.")] = 2,
    seed: Annotated[int, typer.Option("--seed")] = 17,
    threads: Annotated[int, typer.Option("--threads", min=1)] = 1,
) -> None:
    """Train the demonstration language model on the bundled train split, and write it with its card."""
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ModuleNotFoundError:
        raise UsageError("training needs the extra 'train': pip install 'redline[train]'") from None
    from redline.training.tiny.build import Request, build_tiny
    from redline.training.tiny.recipe import Recipe

    command = f"redline train tiny --out FOLDER --epochs {epochs} --seed {seed} --threads {threads}"
    request = Request(out, Recipe(seed=seed, epochs=epochs), threads, command)
    card = build_tiny(request, lambda line: print(line, file=sys.stderr, flush=True))
    held = card["held_out"]["all"]
    print(f"tiny: {out}; held-out loss {held['loss']} a token (perplexity {held['perplexity']}); a demonstration model")
