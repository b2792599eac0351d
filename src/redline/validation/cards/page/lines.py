"""A card in a few lines, and its first paragraph."""

from __future__ import annotations

from collections.abc import Iterator

from redline.scoring import Standing
from redline.stats.words import say_difference, say_interval
from redline.validation.cards.card import JudgeCard
from redline.validation.cards.parts import EditScores, Pairwise, Rank

__all__ = ["MEANS", "card_lines", "edit_measure", "place_words", "summary"]

MEANS = {
    Standing.VALID: "Its figures may be used on such data as they are.",
    Standing.CORRECTED: (
        "Its figures on such data need a correction: have people mark some pairs, and read the figures that are corrected by "
        "their marks."
    ),
    Standing.NOT_VALID: (
        "Do not use its figures on such data. Where the intervals below are wide, have people mark more pairs before you give "
        "the judge up."
    ),
    Standing.UNVALIDATED: "Nobody has checked it against people.",
}
"""What a standing means for the reader."""


def card_lines(card: JudgeCard) -> Iterator[str]:
    """Verdict and main figures for a terminal."""
    content, themes = card.content, card.themes_level
    yield f"content judge {card.judge.signature}: {card.verdict.content.value}"
    yield from (f"  - {reason}" for reason in content.verdict.reasons)
    yield f"  kappa: judge {say_interval(content.kappa.judge_mean)}, people {say_interval(content.kappa.annotators_mean)}"
    yield from _edit_lines(content.edit)
    yield f"  calibration error {say_interval(content.ece)}; {place_words(content.rank)}"
    if themes is None or card.themes is None:
        yield "theme classifier: not validated (no labelled texts were named)"
    else:
        yield f"theme classifier {card.themes.signature}: {card.verdict.themes.value}"
        yield from (f"  - {reason}" for reason in themes.verdict.reasons)
        yield (
            f"  alpha (MASI): classifier {say_interval(themes.alpha_masi.judge_mean)}, "
            f"people {say_interval(themes.alpha_masi.annotators_mean)}"
        )
    yield from (f"limit: {limit}" for limit in card.material.limits)


def _edit_lines(edit: EditScores) -> Iterator[str]:
    name, measure = edit_measure(edit)
    by_judge, by_people, off = (getattr(side, measure) for side in (edit.judge, edit.people, edit.bias))
    yield f"  {name}: judge {say_interval(by_judge)}, people {say_interval(by_people)}, bias {say_difference(off)}"


def edit_measure(edit: EditScores) -> tuple[str, str]:
    """Name and field of the score to show: edit-F1; where people marked one side only it is undefined, and the score of the side
    that they marked is meant.
    """
    precision, recall = (side.estimate is not None for side in (edit.bias.precision, edit.bias.recall))
    if precision == recall:
        return "edit-F1", "f1"
    return ("edit-recall", "recall") if recall else ("edit-precision", "precision")


def place_words(rank: Rank) -> str:
    """The judge's place among the people."""
    if rank.place is None:
        return f"no place among people ({rank.reason})"
    text = f"place {rank.place} of {rank.of} among people and judge"
    return text if rank.low is None else f"{text} (between {rank.low} and {rank.high})"


def summary(card: JudgeCard) -> str:
    """The first paragraph of the page, for a clinician."""
    material, content = card.material, card.content
    people = len(material.annotators)
    who = "1 annotator" if people == 1 else f"{people} annotators"
    text = (
        f"{who} compared {material.pairs} drafts with a clinician's reply, and marked which of {material.units:,} sentences a "
        "clinician would delete or add. The automatic judge marked the same sentences."
    )
    mine, theirs = _mean(content.agreement, judge=True), _mean(content.agreement, judge=False)
    if mine is not None:
        text += f" It marks {_percent(mine)} of them as an annotator does"
        text += f"; two annotators mark {_percent(theirs)} alike." if theirs is not None else "."
    bias = content.edit.bias.f1
    judge, by_people = content.edit.judge.f1.estimate, content.edit.people.f1.estimate
    if judge is not None and by_people is not None and bias.estimate is not None:
        credit = ""
        if bias.low is not None and bias.high is not None and not bias.low <= 0 <= bias.high:
            credit = f": the judge credits the drafts with {'too little' if bias.high < 0 else 'too much'}"
        text += (
            f" By the judge, {_percent(judge)} of the editing is saved by these drafts (edit-F1); by the annotators "
            f"{_percent(by_people)}{credit}."
        )
    return text


def _mean(figures: Pairwise, *, judge: bool) -> float | None:
    """Mean over the pairs of raters, each weighted by its units."""
    known = [
        (f.estimate, f.n) for f in (figures.judge if judge else figures.annotators).values() if f.estimate is not None
    ]
    total = sum(n for _, n in known)
    return sum(value * n for value, n in known) / total if total else None


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
