"""`redline report`: the page of a scored corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redline.files import write_text
from redline.report import read_results, render_report


def report(
    results: Annotated[Path, typer.Argument(help="Folder that `redline score` wrote.")],
    out: Annotated[Path | None, typer.Option("--out", help="HTML file (default: report.html in the folder).")] = None,
    messages: Annotated[int, typer.Option("--messages", min=0, help="Most messages shown side by side.")] = 200,
) -> None:
    """One self-contained HTML file: figures, tables, and every message side by side."""
    found, rows = read_results(results)
    target = out or results / "report.html"
    write_text(target, render_report(found, rows, most_messages=messages))
    print(f"report: {target}  ({target.stat().st_size / 1e6:.1f} MB)")
