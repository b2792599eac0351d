"""Corrected figures on a terminal: by the judge, by people, and corrected, beside each other."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from redline.scoring import CorrectedTable
from redline.stats.words import say_interval, say_p

__all__ = ["corrected_cells", "corrected_contrasts"]

_NAMES = {"saved": "units saved"}
_SHOWN = ("content.precision", "content.recall", "content.f1", "theme.f1", "saved")


def corrected_cells(table: CorrectedTable, rows: Iterable[str]) -> Table:
    """A line for each of `rows` and measure that has labels; below, the reasons where there is no corrected figure."""
    shown = Table(
        "row", "measure", title="Corrected by people's labels", box=None, pad_edge=False, title_justify="left"
    )
    for name in ("judge alone", "people alone", "corrected", "labels (messages)", "worth"):
        shown.add_column(name, no_wrap=True)
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        cells = table.cells.get(row, {})
        for measure in _SHOWN:
            if (found := cells.get(measure)) is None or not found.labels:
                continue
            shown.add_row(
                row, _NAMES.get(measure, measure),
                *(say_interval(i) for i in (found.plain, found.human, found.corrected)),
                f"{found.labels} ({found.messages})", "" if found.effective is None else f"{found.effective:.0f} labels",
            )  # fmt: skip
            if found.reason:
                reasons.setdefault((row, found.reason), []).append(_NAMES.get(measure, measure))
    shown.caption = "\n".join(f"{row}, {', '.join(names)}: {why}" for (row, why), names in reasons.items()) or None
    shown.caption_justify = "left"
    return shown


def corrected_contrasts(table: CorrectedTable, a: str, b: str) -> Table:
    """The differences a - b that labels of both rows correct."""
    shown = Table("measure", title="Corrected by people's labels", box=None, pad_edge=False, title_justify="left")
    for name in ("judge alone", "people alone", "corrected", "p", "p (Holm)"):
        shown.add_column(name, no_wrap=True)
    shown.add_column("")
    for item in table.contrasts:
        if (item.contrast.a, item.contrast.b) != (a, b):
            continue
        found = item.contrast.figure
        shown.add_row(
            item.measure, *(say_interval(i, 3) for i in (found.plain, found.human, found.corrected)), say_p(item.contrast.p),
            say_p(item.contrast.p_holm), found.reason,
        )  # fmt: skip
    return shown
