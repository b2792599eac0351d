"""Edit load of every row with its interval, beside the band of another clinician."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redline.report.figures.svg import Drawing, short
from redline.stats.words import say_estimate

__all__ = ["forest"]

_LEFT, _PLOT, _RIGHT, _ROW, _TOP = 340.0, 500.0, 170.0, 30.0, 34.0


def forest(
    cells: Sequence[Mapping[str, Any]],
    measure: str,
    label: str,
    corrected: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """One line a cell of `results.json`; the shaded band is the interval of the ceiling row.

    A diamond below a row's dot is its figure in `corrected` (row -> measure -> figure), with its interval.
    """
    drawing = Drawing(_LEFT + _PLOT + _RIGHT, _TOP + _ROW * len(cells) + 30, label)
    bottom = _TOP + _ROW * len(cells)
    top = _scale(cells, measure, corrected or {})
    for cell in cells:
        value = cell["values"][measure]
        if cell["kind"] == "ceiling" and value["low"] is not None:
            x1, x2 = _x(value["low"], top), _x(value["high"], top)
            drawing.rect(x1, _TOP - 8, x2 - x1, bottom - _TOP + 8, "band", title="another clinician, 95 % interval")
            drawing.text((x1 + x2) / 2, _TOP - 14, "another clinician", "t small muted", "middle")
    tick = 0.1 if top <= 0.6 else 0.2
    for step in range(int(top / tick + 1e-9) + 1):
        x = _x(tick * step, top)
        drawing.line(x, _TOP - 8, x, bottom, "grid")
        drawing.text(x, bottom + 18, f"{tick * step:.1f}", "t small muted", "middle")
    for number, cell in enumerate(cells):
        y = _TOP + _ROW * number + _ROW / 2
        value = cell["values"][measure]
        css = {"system": "s0", "ceiling": "people", "floor": "floor", "observed": "s1"}[cell["kind"]]
        drawing.text(_LEFT - 12, y + 4, short(cell["name"], 48), "t", "end")
        if value["estimate"] is None:
            drawing.text(_LEFT + 8, y + 4, "undefined", "t muted")
            continue
        if value["low"] is not None:
            drawing.line(_x(value["low"], top), y, _x(value["high"], top), y, f"bar {css}")
        drawing.dot(_x(value["estimate"], top), y, 5, f"fill {css}", cell["name"])
        shown = say_estimate(value["estimate"], value["low"], value["high"])
        drawing.text(_LEFT + _PLOT + 14, y + 4, shown, "t num")
        better = (corrected or {}).get(cell["name"], {}).get(measure, {}).get("corrected", {})
        if better.get("low") is not None:
            drawing.line(_x(better["low"], top), y + 9, _x(better["high"], top), y + 9, "thin s1")
            said = say_estimate(better["estimate"], better["low"], better["high"])
            drawing.mark(_x(better["estimate"], top), y + 9, 5, "fill s1", 0, f"corrected: {said}")
    return drawing.render()


def _scale(cells: Sequence[Mapping[str, Any]], measure: str, corrected: Mapping[str, Mapping[str, Any]]) -> float:
    """Right end of the axis: the next tenth above every interval, at most 1."""
    values = [c["values"][measure] for c in cells]
    values += [row[measure]["corrected"] for row in corrected.values() if measure in row]
    highest = max((v["high"] or v["estimate"] or 0.0 for v in values), default=1.0)
    return min(1.0, max(0.2, (int(highest * 10 + 0.999)) / 10))


def _x(value: float, top: float) -> float:
    return _LEFT + _PLOT * min(max(value / top, 0.0), 1.0)
