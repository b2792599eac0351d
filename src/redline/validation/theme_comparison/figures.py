"""Drawings of theme shares: clinicians beside the paper, and drafts beside clinicians."""

from __future__ import annotations

from redline.report.figures.svg import Drawing, short
from redline.validation.theme_comparison.result import SystemThemes, ThemeComparison
from redline.validation.theme_comparison.words import points

__all__ = ["difference_figure", "distribution_figure"]

_LEFT, _PLOT, _RIGHT, _TOP = 220.0, 620.0, 40.0, 20.0


def distribution_figure(found: ThemeComparison) -> str:
    """A band a theme: all clinicians with interval, a small dot each clinician, a frame for the paper's share or range."""
    row = 36.0
    bottom = _TOP + row * len(found.theme_names)
    drawing = Drawing(_LEFT + _PLOT + _RIGHT, bottom + 110, "Share of replies with each theme")
    for step in range(6):
        drawing.line(_x(step / 5), _TOP, _x(step / 5), bottom, "grid")
        drawing.text(_x(step / 5), bottom + 18, f"{20 * step} %", "t small muted", "middle")
    for number, (key, name) in enumerate(found.theme_names.items()):
        y = _TOP + row * number
        if number % 2 == 0:
            drawing.rect(0, y, drawing.width, row, "stripe")
        drawing.text(_LEFT - 12, y + row / 2 + 4, short(name, 28), "t", "end")
        paper = found.clinicians[key].published
        if paper is not None:
            drawing.rect(
                _x(paper[0]) - 2, y + 4, _x(paper[1]) - _x(paper[0]) + 4, row - 8, "paper",
                title=f"paper: {paper[0]:.0%} to {paper[1]:.0%}",
            )  # fmt: skip
        for person, shares in found.by_clinician.items():
            share = shares[key].estimate
            if share is not None:
                drawing.dot(_x(share), y + 26, 3, "fill floor", f"{person}: {share:.0%}")
        rate = found.clinicians[key].rate
        if rate.estimate is not None:
            if rate.low is not None and rate.high is not None:
                drawing.line(_x(rate.low), y + 13, _x(rate.high), y + 13, "bar people")
            drawing.dot(_x(rate.estimate), y + 13, 5, "fill people", f"clinicians: {rate.estimate:.0%}")
    at = bottom + 44
    drawing.dot(_LEFT + 6, at, 5, "fill people", "all clinicians")
    drawing.text(_LEFT + 20, at + 4, "all clinicians, with 95 % interval")
    drawing.dot(_LEFT + 6, at + 24, 3, "fill floor", "one clinician")
    drawing.text(_LEFT + 20, at + 28, "each clinician")
    drawing.rect(_LEFT + 2, at + 40, 8, 16, "paper")
    drawing.text(_LEFT + 20, at + 52, "the paper's share or range, where it states one")
    return drawing.render()


def difference_figure(system: SystemThemes, found: ThemeComparison) -> str:
    """Drafts minus replies in percentage points, by the classifier (dot), and by annotators where they labelled (diamond)."""
    row = 34.0
    people = system.by_annotators
    bottom = _TOP + row * len(found.theme_names)
    drawing = Drawing(
        _LEFT + _PLOT + 150, bottom + (84 if people else 60), f"Themes of {system.system} against clinicians"
    )
    for step in range(-4, 5):
        x = _d(step / 4)
        drawing.line(x, _TOP, x, bottom, "thin floor" if step == 0 else "grid")
        drawing.text(x, bottom + 18, f"{25 * step:+d}" if step else "0", "t small muted", "middle")
    for number, (key, name) in enumerate(found.theme_names.items()):
        y = _TOP + row * number
        if number % 2 == 0:
            drawing.rect(0, y, drawing.width, row, "stripe")
        drawing.text(_LEFT - 12, y + row / 2 + 4, short(name, 28), "t", "end")
        value = system.differences[key].difference
        if value.estimate is not None:
            if value.low is not None and value.high is not None:
                drawing.line(_d(value.low), y + 12, _d(value.high), y + 12, "bar s0")
            drawing.dot(_d(value.estimate), y + 12, 5, "fill s0", f"{name}: {points(value)}")
            drawing.text(_LEFT + _PLOT + 12, y + row / 2 + 4, points(value), "t num")
        if people is not None and people[key].difference.estimate is not None:
            second = people[key].difference
            if second.low is not None and second.high is not None:
                drawing.line(_d(second.low), y + 25, _d(second.high), y + 25, "thin s1")
            drawing.mark(_d(second.estimate or 0.0), y + 25, 4.5, "fill s1", 0, f"{name}, annotators: {points(second)}")
    drawing.dot(_LEFT + 6, bottom + 40, 5, "fill s0", "classifier")
    drawing.text(_LEFT + 20, bottom + 44, "drafts minus replies in points, themes by the classifier on both sides")
    if people is not None:
        drawing.mark(_LEFT + 6, bottom + 64, 4.5, "fill s1", 0, "annotators")
        drawing.text(_LEFT + 20, bottom + 68, "the same by annotators, on the texts that they labelled")
    return drawing.render()


def _x(value: float) -> float:
    return _LEFT + _PLOT * min(max(value, 0.0), 1.0)


def _d(value: float) -> float:
    return _LEFT + _PLOT * (min(max(value, -1.0), 1.0) + 1) / 2
