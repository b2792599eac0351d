"""The page of a judge card: no network, no script; opens from a stick."""

from __future__ import annotations

from typing import Any

from redline.report.environment import page_environment
from redline.scoring import Standing
from redline.stats.words import say_difference, say_interval, say_number, say_p
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.validation.cards.card import JudgeCard
from redline.validation.cards.page.drawings import Row, curve, lines_of
from redline.validation.cards.page.lines import MEANS, edit_measure, place_words, summary
from redline.validation.cards.parts import ContentFigures, Pairwise, ThemeFigures
from redline.validation.figure import Figure
from redline.validation.judge.verdicts import WORDS

__all__ = ["render_card"]

MARKS = {True: "yes", False: "no", None: "cannot be shown"}
CLASSES = {
    Standing.VALID: "kept", Standing.CORRECTED: "failed", Standing.NOT_VALID: "deleted", Standing.UNVALIDATED: "failed",
}  # fmt: skip
ASKED = {
    "informative": "Does it tell something?", "like people": "As good as a person?", "bias": "Scores as by people?",
    "bias by strategy": "Fair to every strategy?", "failures": "Does it answer?", "stability": "Does it say the same again?",
}  # fmt: skip
"""The checks of a verdict as questions."""


def render_card(card: JudgeCard, taxonomy: Taxonomy | None = None) -> str:
    """The whole page; `taxonomy` names the themes (a key that it does not know stands as it is)."""
    known = taxonomy or default_taxonomy()
    filters: dict[str, Any] = {
        "shown": say_interval,
        "signed": say_difference,
        "p": say_p,
        "num": say_number,
        "mark": _mark,
    }
    names = {
        key: known[key].name if key in known else key for key in (card.themes_level.themes if card.themes_level else ())
    }
    names |= {s.value: known[s.value].name for s in card.content.slices if s.by == "theme" and s.value in known}
    return page_environment("redline.validation.cards.page", filters).get_template("card.html.j2").render(
        card=card, c=card.content, t=card.themes_level, means=MEANS, css=CLASSES, words=WORDS, summary=summary(card),
        place=place_words, names=names, edit=edit_measure(card.content.edit),
        figures=_figures(card, names), asked=ASKED, raters=_raters,
    )  # fmt: skip


def _figures(card: JudgeCard, names: dict[str, str]) -> dict[str, str]:
    content = card.content
    drawn = {
        "kappa": lines_of(_agreement(content), "Kappa of the judge with people, and of people with each other"),
        "curve": curve(content.reliability, "Reliability of the judge's probabilities"),
        "bias": lines_of(
            _biases(content, names),
            f"Bias of {edit_measure(content.edit)[0]}, judge minus people",
            margin=card.settings.f1_margin,
        ),
    }
    if card.themes_level is not None:
        drawn["themes"] = lines_of(_by_theme(card.themes_level, names), "F1 of each theme, classifier with people")
    return drawn


def _agreement(content: ContentFigures) -> list[Row]:
    rows = [(f"judge and {name}", f, "s0") for name, f in content.kappa.judge.items()]
    return rows + [(name.replace("|", " and "), f, "people") for name, f in content.kappa.annotators.items()]


def _biases(content: ContentFigures, names: dict[str, str]) -> list[Row]:
    measure = edit_measure(content.edit)[1]
    rows: list[Row] = [("all units", getattr(content.edit.bias, measure), "s1")]
    return rows + [(f"{s.by}: {names.get(s.value, s.value)}", getattr(s.bias, measure), "s0") for s in content.slices]


def _by_theme(themes: ThemeFigures, names: dict[str, str]) -> list[Row]:
    return [
        (f"{names[key]}, {rater}", figure, "s0")
        for key, theme in themes.themes.items()
        for rater, figure in theme.f1.judge.items()
    ]


def _raters(kinds: list[Pairwise], judge: str = "judge") -> list[tuple[str, list[Figure | None]]]:
    """A row for each pair of raters with the figure of each kind; `judge` is what the judge is called."""
    rows: list[tuple[str, list[Figure | None]]] = []
    for name in kinds[0].judge:
        rows.append((f"{judge} and {name}", [k.judge.get(name) for k in kinds]))
    for name in kinds[0].annotators:
        rows.append((name.replace("|", " and "), [k.annotators.get(name) for k in kinds]))
    return rows


def _mark(passed: bool | None) -> str:
    return MARKS[passed]
