"""Per-theme content scores of every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redline.report.figures.svg import Drawing, short
from redline.stats.words import say_estimate

__all__ = ["heatmap"]

_LEFT, _CELL, _ROW, _TOP = 220.0, 86.0, 34.0, 52.0


def heatmap(cells: Sequence[Mapping[str, Any]], themes: Sequence[Mapping[str, Any]], measure: str, label: str) -> str:
    """`within.THEME.measure` of each cell; an undefined value is a dash, darker is higher."""
    shown = [c for c in cells if c["kind"] in ("system", "ceiling", "observed")]
    drawing = Drawing(_LEFT + _CELL * len(themes) + 10, _TOP + _ROW * len(shown) + 8, label)
    for column, theme in enumerate(themes):
        x = _LEFT + _CELL * column + _CELL / 2
        for line, word in enumerate(theme["name"].split(" ")):
            drawing.text(x, _TOP - 26 + 14 * line, short(word, 14), "t small", "middle")
    for number, cell in enumerate(shown):
        y = _TOP + _ROW * number
        drawing.text(_LEFT - 12, y + _ROW / 2 + 4, short(cell["name"], 34), "t", "end")
        for column, theme in enumerate(themes):
            value = cell["values"][f"within.{theme['key']}.{measure}"]
            x = _LEFT + _CELL * column
            estimate = value["estimate"]
            if estimate is None:
                drawing.text(x + _CELL / 2, y + _ROW / 2 + 4, "–", "t muted", "middle")
                continue
            said = say_estimate(estimate, value["low"], value["high"])
            title = f"{cell['name']}, {theme['name']}: {said}"
            drawing.rect(
                x + 1, y + 1, _CELL - 2, _ROW - 2, "heat", opacity=0.06 + 0.94 * min(estimate / 0.8, 1.0), title=title
            )
            drawing.text(
                x + _CELL / 2,
                y + _ROW / 2 + 4,
                f"{estimate:.2f}",
                "t num strong" if estimate > 0.45 else "t num",
                "middle",
            )
    return drawing.render()
