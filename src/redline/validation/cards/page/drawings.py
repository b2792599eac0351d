"""Drawings of a card: figures with intervals on a line each, and the reliability curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from redline.report.figures.svg import Drawing, short
from redline.stats.words import say_difference, say_interval
from redline.validation.cards.parts import Bin
from redline.validation.figure import Figure

__all__ = ["Row", "curve", "lines_of"]

Row = tuple[str, Figure, str]
_MOST = 0.35
"""A line of a difference that is longer leaves the drawing: one theme in ten pairs must not squeeze all the others."""


@dataclass(frozen=True)
class _Place:
    """Where things stand: beside the plot on a wide screen, above each line on a narrow one."""

    left: float
    plot: float
    right: float
    row: float
    line: float
    letters: int

    @property
    def width(self) -> float:
        """Of the drawing."""
        return self.left + self.plot + self.right


_WIDE = _Place(290.0, 480.0, 190.0, 27.0, 13.5, 42)
_NARROW = _Place(14.0, 400.0, 14.0, 44.0, 30.0, 36)
_TOP = 26.0


def lines_of(rows: Sequence[Row], label: str, *, margin: float | None = None) -> str:
    """One line a row (name, figure, colour class), drawn for wide screens and again for narrow ones; `margin` shades what is
    allowed around 0, of differences.
    """
    wide, narrow = (_drawn(rows, label, margin, place) for place in (_WIDE, _NARROW))
    return f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>'


def _drawn(rows: Sequence[Row], label: str, margin: float | None, at: _Place) -> str:
    low, high, tick = _range([f for _, f, _ in rows], margin)
    bottom = _TOP + at.row * len(rows)
    drawing = Drawing(at.width, bottom + 30, label)

    def x(value: float) -> float:
        return at.left + at.plot * (min(max(value, low), high) - low) / (high - low)

    if margin is not None:
        drawing.rect(
            x(-margin), _TOP - 8, x(margin) - x(-margin), bottom - _TOP + 8, "band", title=f"within {margin:.2f}"
        )
    for step in range(math.ceil(low / tick - 1e-9), math.floor(high / tick + 1e-9) + 1):
        drawing.line(x(step * tick), _TOP - 8, x(step * tick), bottom, "grid")
        drawing.text(x(step * tick), bottom + 18, f"{step * tick + 0.0:.2f}", "t small muted", "middle")
    for number, (name, value, css) in enumerate(rows):
        y = _TOP + at.row * number
        _named(drawing, at, y, short(name, at.letters), value, margin is not None)
        if value.estimate is None:
            continue
        if value.low is not None and value.high is not None:
            drawing.line(x(value.low), y + at.line, x(value.high), y + at.line, f"bar {css}")
        drawing.dot(x(value.estimate), y + at.line, 4.5, f"fill {css}", name)
    return drawing.render()


def _named(drawing: Drawing, at: _Place, y: float, name: str, value: Figure, signed: bool) -> None:
    """Name and figure of a row, or why there is none."""
    if at is _WIDE:
        drawing.text(at.left - 12, y + at.line + 4, name, "t", "end")
        if value.estimate is None:
            drawing.text(at.left + 8, y + at.line + 4, short(value.note or "undefined", 60), "t small muted")
        else:
            drawing.text(
                at.left + at.plot + 14, y + at.line + 4, (say_difference if signed else say_interval)(value), "t num"
            )
        return
    drawing.text(at.left, y + 15, name)
    if value.estimate is None:
        drawing.text(at.left, y + at.line + 4, short(value.note or "undefined", 60), "t small muted")
    else:
        drawing.text(
            at.left + at.plot, y + 15, (say_difference if signed else say_interval)(value), "t small num", "end"
        )


def _range(figures: Sequence[Figure], margin: float | None) -> tuple[float, float, float]:
    """Ends of the axis at whole ticks, and the tick; 0 is always in."""
    most = 1.0 if margin is None else max(_MOST, *(abs(f.estimate or 0.0) for f in figures))
    values = [v for f in figures for v in (f.estimate, f.low, f.high) if v is not None]
    values = [min(max(v, -most), most) for v in [*values, 0.0, margin or 0.0, -(margin or 0.0)]]
    wide = max(values) - min(values)
    tick = next((t for t in (0.02, 0.05, 0.1, 0.2, 0.5) if wide / t <= 8), 0.5)
    low, high = math.floor(min(values) / tick + 1e-9) * tick, math.ceil(max(values) / tick - 1e-9) * tick
    return low, max(high, low + tick), tick


def curve(bins: Sequence[Bin], label: str) -> str:
    """Share of people who edit against the judge's probability; the line is a judge whose probabilities are right.

    The area of a dot grows with its units.
    """
    side, left, top = 320.0, 60.0, 16.0
    drawing = Drawing(left + side + 30, top + side + 52, label)
    for step in range(6):
        at = side * step / 5
        drawing.line(left + at, top, left + at, top + side, "grid")
        drawing.line(left, top + at, left + side, top + at, "grid")
        drawing.text(left + at, top + side + 18, f"{step / 5:.1f}", "t small muted", "middle")
        drawing.text(left - 8, top + side - at + 4, f"{step / 5:.1f}", "t small muted", "end")
    drawing.line(left, top + side, left + side, top, "thin floor")
    most = max((b.count for b in bins), default=1)
    for b in bins:
        if b.p is None or b.share.estimate is None:
            continue
        x, y = left + side * b.p, top + side * (1 - b.share.estimate)
        if b.share.low is not None and b.share.high is not None:
            drawing.line(x, top + side * (1 - b.share.low), x, top + side * (1 - b.share.high), "bar s0")
        drawing.dot(
            x,
            y,
            3 + 6 * math.sqrt(b.count / most),
            "fill s0",
            f"{b.count} units: p {b.p:.2f}, people {b.share.estimate:.2f}",
        )
    drawing.text(left + side / 2, top + side + 42, "the judge's probability of an edit", "t small muted", "middle")
    drawing.text(left, 10, "share of people who edit", "t small muted")
    return drawing.render()
