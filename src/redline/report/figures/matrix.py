"""Inter-clinician matrix: whose reply would serve whom as a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redline.report.figures.svg import Drawing, short

__all__ = ["matrix"]

_LEFT, _CELL, _TOP = 150.0, 74.0, 56.0


def matrix(rows: Sequence[Mapping[str, Any]], label: str) -> str:
    """Content edit-F1 of each clinician's reply (row) as the draft for each other (column)."""
    people = sorted({r["draft_by"] for r in rows} | {r["reference_by"] for r in rows})
    values = {(r["draft_by"], r["reference_by"]): r["f1"] for r in rows}
    drawing = Drawing(_LEFT + _CELL * len(people) + 10, _TOP + 40.0 * len(people) + 8, label)
    drawing.text(_LEFT, 16, "reference by", "t small muted")
    drawing.text(_LEFT - 12, _TOP - 8, "draft by", "t small muted", "end")
    for column, person in enumerate(people):
        drawing.text(_LEFT + _CELL * column + _CELL / 2, _TOP - 8, short(person, 11), "t", "middle")
    for number, draft in enumerate(people):
        y = _TOP + 40.0 * number
        drawing.text(_LEFT - 12, y + 24, short(draft, 20), "t", "end")
        for column, reference in enumerate(people):
            x = _LEFT + _CELL * column
            value = values.get((draft, reference))
            if value is None:
                drawing.text(x + _CELL / 2, y + 24, "·", "t muted", "middle")
                continue
            title = f"{draft} as draft for {reference}: {value:.2f}"
            drawing.rect(x + 1, y + 1, _CELL - 2, 38, "heat", opacity=0.06 + 0.94 * min(value / 0.8, 1.0), title=title)
            drawing.text(x + _CELL / 2, y + 24, f"{value:.2f}", "t num strong" if value > 0.45 else "t num", "middle")
    return drawing.render()
