"""`agreement.html`: one self-contained page, in the look of the report."""

from __future__ import annotations

from redline.report.environment import page_environment
from redline.report.figures import matrix
from redline.validation.agree.figures import predictor_figure, theme_figure, variance_figure
from redline.validation.agree.result import Agreement
from redline.validation.agree.words import percent, shown

__all__ = ["render_agreement"]


def render_agreement(agreement: Agreement) -> str:
    """The page."""
    environment = page_environment("redline.validation.agree", {"fig": shown, "percent": percent})
    words: dict[str, list[str]] = {}
    for said in agreement.words:
        words.setdefault(said.about, []).append(said.text)
    template = environment.get_template("agreement.html.j2")
    return template.render(a=agreement, figures=_figures(agreement), words=words)


def _figures(a: Agreement) -> dict[str, str]:
    drawn: dict[str, str] = {}
    if a.iap is not None:
        for level in ("content", "theme"):
            rows = [
                {"draft_by": p.draft_by, "reference_by": p.reference_by, "f1": getattr(p, level).f1.estimate}
                for p in a.iap.pairs
            ]
            drawn[level] = matrix(rows, f"{level} edit-F1 between clinicians")
        drawn["themes"] = theme_figure(a.iap, a.theme_names)
    if a.variance is not None:
        rows_ = [(a.theme_names[key], shares) for key, shares in a.variance.themes.items()]
        if a.variance.theme is not None:
            rows_ = [("All themes", a.variance.theme), *rows_]
        if a.variance.content is not None:
            rows_ = [("Content edit-F1", a.variance.content), *rows_]
        drawn["variance"] = variance_figure(rows_) if rows_ else ""
    if a.adaptation is not None:
        drawn["adaptation"] = predictor_figure(a.adaptation.predictors)
    return drawn
