"""Theme fingerprint: how often each system and these clinicians use each theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redline.report.figures.svg import Drawing, short

__all__ = ["fingerprint"]

_MOST = 12
"""Rows drawn: colour and shape together tell sixteen apart, eyes fewer."""
_LEFT, _PLOT, _RIGHT, _TOP = 220.0, 720.0, 70.0, 20.0


def fingerprint(cells: Sequence[Mapping[str, Any]], themes: Sequence[Mapping[str, Any]], label: str) -> str:
    """A band a theme: bar and dot for clinicians, one marker a system (different shapes), a tick for the paper."""
    every = [c for c in cells if c["kind"] in ("system", "observed")]
    systems = every[:_MOST]
    row = 26.0 + 8.0 * len(systems)
    bottom = _TOP + row * len(themes)
    legend = 24.0 * (len(systems) + 2 + (len(every) > _MOST)) + 14
    drawing = Drawing(_LEFT + _PLOT + _RIGHT, bottom + 34 + legend, label)
    for step in range(6):
        x = _LEFT + _PLOT * step / 5
        drawing.line(x, _TOP, x, bottom, "grid")
        drawing.text(x, bottom + 18, f"{20 * step} %", "t small muted", "middle")
    for number, theme in enumerate(themes):
        y = _TOP + row * number
        if number % 2 == 0:
            drawing.rect(0, y, drawing.width, row, "stripe")
        drawing.text(_LEFT - 12, y + row / 2 + 4, short(theme["name"], 28), "t", "end")
        _people(drawing, cells, theme, y + 13)
        for place, cell in enumerate(systems):
            _system(drawing, cell, theme["key"], y + 24 + 8 * place, place)
    _legend(drawing, systems, bottom + 44)
    if len(every) > _MOST:
        drawing.text(
            _LEFT + 20, bottom + 48 + 24 * (_MOST + 2), f"{len(every) - _MOST} more rows stand in the table", "t muted"
        )
    return drawing.render()


def _people(drawing: Drawing, cells: Sequence[Mapping[str, Any]], theme: Mapping[str, Any], y: float) -> None:
    value = cells[0]["values"][f"reference_rate.{theme['key']}"]
    if value["estimate"] is not None:
        if value["low"] is not None:
            drawing.line(_x(value["low"]), y, _x(value["high"]), y, "bar people")
        drawing.dot(_x(value["estimate"]), y, 5, "fill people", f"clinicians: {value['estimate']:.0%}")
    if theme["published"]:
        low, high = theme["published"]
        drawing.rect(_x(low) - 1.5, y - 8, _x(high) - _x(low) + 3, 16, "paper", title=f"paper: {low:.0%} to {high:.0%}")


def _system(drawing: Drawing, cell: Mapping[str, Any], key: str, y: float, place: int) -> None:
    value = cell["values"][f"rate.{key}"]
    if value["estimate"] is None:
        return
    if value["low"] is not None:
        drawing.line(_x(value["low"]), y, _x(value["high"]), y, f"thin s{place % 4}")
    drawing.mark(
        _x(value["estimate"]),
        y,
        5,
        f"fill s{place % 4}",
        place + place // 4,
        f"{cell['name']}: {value['estimate']:.0%}",
    )


def _legend(drawing: Drawing, systems: Sequence[Mapping[str, Any]], y: float) -> None:
    drawing.dot(_LEFT + 6, y, 5, "fill people", "clinicians")
    drawing.text(_LEFT + 20, y + 4, "these clinicians' replies, with 95 % interval")
    drawing.rect(_LEFT + 2, y + 16, 8, 16, "paper")
    drawing.text(_LEFT + 20, y + 28, "clinicians in the paper, where it states a figure")
    for place, cell in enumerate(systems):
        at = y + 24 * (place + 2)
        drawing.mark(_LEFT + 6, at, 5, f"fill s{place % 4}", place + place // 4, cell["name"])
        drawing.text(_LEFT + 20, at + 4, cell["name"])


def _x(share: float) -> float:
    return _LEFT + _PLOT * min(max(share, 0.0), 1.0)
