"""An agreement to its folder: `agreement.json` and `agreement.html`."""

from __future__ import annotations

from pathlib import Path

from redline.files import write_text
from redline.validation.agree.page import render_agreement
from redline.validation.agree.result import Agreement

__all__ = ["write_agreement"]


def write_agreement(agreement: Agreement, folder: str | Path) -> Path:
    """Both files, each whole or not at all; returns the folder.  The same bytes for the same inputs."""
    folder = Path(folder)
    page = render_agreement(agreement)
    write_text(folder / "agreement.json", agreement.model_dump_json(indent=1) + "\n")
    write_text(folder / "agreement.html", page)
    return folder
