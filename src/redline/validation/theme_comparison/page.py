"""`themes.html`: one self-contained page, in the look of the report."""

from __future__ import annotations

from redline.report.environment import page_environment
from redline.validation.agree.words import percent, shown
from redline.validation.figure import Figure
from redline.validation.theme_comparison.figures import difference_figure, distribution_figure
from redline.validation.theme_comparison.result import ThemeComparison
from redline.validation.theme_comparison.words import headline, points

__all__ = ["render_theme_comparison"]


def render_theme_comparison(found: ThemeComparison) -> str:
    """The page."""
    environment = page_environment(
        "redline.validation.theme_comparison", {"fig": shown, "percent": _percent, "points": points}
    )
    figures = {
        "distribution": distribution_figure(found),
        "differences": [difference_figure(s, found) for s in found.systems],
    }
    return environment.get_template("themes.html.j2").render(t=found, figures=figures, headline=headline(found.verdict))


def _percent(value: Figure) -> str:
    return "–" if value.estimate is None else percent(value)
