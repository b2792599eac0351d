"""`redline demo`: the demonstration study on the bundled corpus, with no network, key or GPU."""

from __future__ import annotations

import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from redline.cli.study import run_and_print
from redline.corpus import PROVENANCE
from redline.study import read_study


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("redline-demo"),
    draws: Annotated[int | None, typer.Option("--draws", min=100, help="Resamples.")] = None,
) -> None:
    """Run studies/demo.toml: draft with a recorded frontier model, a tiny one and past replies, score, write the report."""
    started = time.monotonic()
    with as_file(files("redline") / "resources" / "studies" / "demo.toml") as path:
        spec = read_study(path)
    if draws is not None:
        spec = spec.model_copy(update={"score": spec.score.model_copy(update={"draws": draws})})
    print(f"study {spec.name}: {spec.corpora[0].cases} messages of the bundled corpus, test split")
    print(PROVENANCE)
    run_and_print(spec, out, changed=True)
    print(f"done in {time.monotonic() - started:.0f} s; open {out / 'report.html'} in a browser")
