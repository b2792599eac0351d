"""Drawings of an agreement: IAP by theme, shares of variance, and what habits predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redline.report.figures.svg import Drawing, short
from redline.stats.words import say_interval
from redline.validation.agree.result import Iap, Predictor, VarianceShares
from redline.validation.figure import Figure

__all__ = ["predictor_figure", "theme_figure", "variance_figure"]

_LEFT, _PLOT, _RIGHT, _TOP = 220.0, 620.0, 40.0, 20.0


def theme_figure(iap: Iap, names: Mapping[str, str]) -> str:
    """A band a theme: content edit-F1 within it (dot), F1 of its presence (diamond), the paper's figure (frame) and how
    common it is (small line).
    """
    row = 44.0
    bottom = _TOP + row * len(names)
    drawing = Drawing(_LEFT + _PLOT + _RIGHT, bottom + 140, "IAP of each theme with 95 % interval")
    _axis(drawing, bottom)
    for number, (key, name) in enumerate(names.items()):
        y = _TOP + row * number
        if number % 2 == 0:
            drawing.rect(0, y, drawing.width, row, "stripe")
        drawing.text(_LEFT - 12, y + row / 2 + 4, short(name, 28), "t", "end")
        share = iap.prevalence[key].estimate
        if share is not None:
            drawing.line(_x(share), y + 6, _x(share), y + row - 6, "bar floor")
        paper = iap.content.published.get(key)
        if paper is not None:
            drawing.rect(_x(paper) - 4, y + 6, 8, 16, "paper", title=f"paper: {paper:.2f}")
        _dot(drawing, iap.content.themes[key], y + 14, "people", f"{name}, content")
        _diamond(drawing, iap.theme.themes[key], y + 31, f"{name}, presence")
    _legend(drawing, bottom + 44)
    return drawing.render()


def variance_figure(rows: Sequence[tuple[str, VarianceShares]]) -> str:
    """A bar a row, divided into the shares of clinician, message and the rest."""
    height = 30.0
    bottom = _TOP + height * len(rows)
    drawing = Drawing(_LEFT + _PLOT + _RIGHT, bottom + 64, "Shares of the variance")
    for number, (name, shares) in enumerate(rows):
        y, at = _TOP + height * number, 0.0
        drawing.text(_LEFT - 12, y + 19, short(name, 28), "t", "end")
        for part, css in (("clinician", "people"), ("message", "s0"), ("rest", "floor")):
            value: Figure = getattr(shares, part)
            if value.estimate is None:
                continue
            share = min(max(value.estimate, 0.0), 1.0 - at)
            drawing.rect(
                _LEFT + _PLOT * at,
                y + 4,
                _PLOT * share,
                height - 8,
                f"fill {css}",
                title=f"{name}, {part}: {share:.0%}",
            )
            if share >= 0.07:
                drawing.text(
                    _LEFT + _PLOT * (at + share / 2), y + 19, f"{100 * share:.0f} %", "t small num strong", "middle"
                )
            at += share
    for place, (part, css) in enumerate((("the clinician", "people"), ("the message", "s0"), ("the rest", "floor"))):
        drawing.rect(_LEFT + 150 * place, bottom + 24, 12, 12, f"fill {css}")
        drawing.text(_LEFT + 150 * place + 18, bottom + 35, part)
    return drawing.render()


def predictor_figure(predictors: Sequence[Predictor]) -> str:
    """Theme F1 of each predictor with its interval."""
    left, row = 300.0, 32.0
    bottom = _TOP + row * len(predictors)
    drawing = Drawing(left + 460 + 160, bottom + 30, "Theme F1 of predicted sets of themes")
    for step in range(6):
        x = left + 460 * step / 5
        drawing.line(x, _TOP - 6, x, bottom, "grid")
        drawing.text(x, bottom + 18, f"{step / 5:.1f}", "t small muted", "middle")
    for number, predictor in enumerate(predictors):
        y = _TOP + row * number + row / 2
        value = predictor.f1
        drawing.text(left - 12, y + 4, short(predictor.knows, 44), "t", "end")
        if value.estimate is None:
            drawing.text(left + 8, y + 4, "undefined", "t muted")
            continue
        css = "people" if "own" in predictor.knows else "s0"
        if value.low is not None and value.high is not None:
            drawing.line(left + 460 * value.low, y, left + 460 * value.high, y, f"bar {css}")
        drawing.dot(left + 460 * value.estimate, y, 5, f"fill {css}", predictor.knows)
        drawing.text(left + 474, y + 4, say_interval(value), "t num")
    return drawing.render()


def _axis(drawing: Drawing, bottom: float) -> None:
    for step in range(6):
        drawing.line(_x(step / 5), _TOP, _x(step / 5), bottom, "grid")
        drawing.text(_x(step / 5), bottom + 18, f"{step / 5:.1f}", "t small muted", "middle")


def _dot(drawing: Drawing, value: Figure, y: float, css: str, title: str) -> None:
    if value.estimate is None:
        return
    if value.low is not None and value.high is not None:
        drawing.line(_x(value.low), y, _x(value.high), y, f"bar {css}")
    drawing.dot(_x(value.estimate), y, 5, f"fill {css}", f"{title}: {value.estimate:.2f}")


def _diamond(drawing: Drawing, value: Figure, y: float, title: str) -> None:
    if value.estimate is None:
        return
    if value.low is not None and value.high is not None:
        drawing.line(_x(value.low), y, _x(value.high), y, "thin s0")
    drawing.mark(_x(value.estimate), y, 5, "fill s0", 0, f"{title}: {value.estimate:.2f}")


def _legend(drawing: Drawing, y: float) -> None:
    drawing.dot(_LEFT + 6, y, 5, "fill people", "content")
    drawing.text(_LEFT + 20, y + 4, "content edit-F1 of the sentences with this theme")
    drawing.mark(_LEFT + 6, y + 24, 5, "fill s0", 0, "presence")
    drawing.text(_LEFT + 20, y + 28, "F1 of its presence in a reply")
    drawing.line(_LEFT + 6, y + 40, _LEFT + 6, y + 56, "bar floor")
    drawing.text(_LEFT + 20, y + 52, "share of replies with it: the presence F1 that chance alone would give")
    drawing.rect(_LEFT + 2, y + 64, 8, 16, "paper")
    drawing.text(_LEFT + 20, y + 76, "the paper's IAP, where it states one")


def _x(value: float) -> float:
    return _LEFT + _PLOT * min(max(value, 0.0), 1.0)
