"""A comparison of themes to its folder: `themes.json` and `themes.html`."""

from __future__ import annotations

from pathlib import Path

from redline.files import write_text
from redline.validation.theme_comparison.page import render_theme_comparison
from redline.validation.theme_comparison.result import ThemeComparison

__all__ = ["write_theme_comparison"]


def write_theme_comparison(found: ThemeComparison, folder: str | Path) -> Path:
    """Both files, each whole or not at all; returns the folder.  The same bytes for the same inputs."""
    folder = Path(folder)
    page = render_theme_comparison(found)
    write_text(folder / "themes.json", found.model_dump_json(indent=1) + "\n")
    write_text(folder / "themes.html", page)
    return folder
