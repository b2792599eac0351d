"""`redline annotate`: draw pairs, label them, hand the labels over."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Draw pairs for annotation, label them, import and export labels.")


@app.callback()
def _root() -> None:
    """Verbs below."""
