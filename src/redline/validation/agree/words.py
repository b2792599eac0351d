"""An agreement in plain words: what was found, and what these data cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from redline.scoring import Standing
from redline.scoring.findings import NEAR_ZERO
from redline.scoring.table import MIN_CLINICIANS
from redline.stats import MIN_CLUSTERS
from redline.stats.words import say_interval
from redline.taxonomy import Taxonomy
from redline.validation.agree.result import (
    Adaptation,
    AnnotatedSide,
    Annotators,
    Iap,
    JudgeLine,
    Level,
    Variance,
    VarianceShares,
)  # fmt: skip
from redline.validation.figure import Figure

__all__ = [
    "iap_limits", "judge_limits", "percent", "say_adaptation", "say_annotators", "say_iap", "say_variance", "shown", "together",
]  # fmt: skip

WANTED_MESSAGES = 20
"""Fewer messages than the paper asks for."""
EXTREME = 0.05
"""A theme in fewer replies than this, or missing in fewer: F1 then mostly says how common it is."""


def shown(value: Figure, digits: int = 2) -> str:
    """`0.24 [0.20, 0.28]`, as in a sentence.

    >>> shown(Figure(estimate=0.24, low=0.2, high=0.28, n=9, clusters=9))
    '0.24 [0.20, 0.28]'
    """
    return say_interval(value, digits, unknown="undefined")


def percent(value: Figure) -> str:
    """`24 % [20 %, 28 %]`."""
    if value.estimate is None:
        return "an unknown share"
    text = f"{100 * value.estimate:.0f} %"
    return (
        text if value.low is None or value.high is None else f"{text} [{100 * value.low:.0f}, {100 * value.high:.0f}]"
    )


def say_iap(iap: Iap, taxonomy: Taxonomy) -> Iterator[str]:
    """The level of another clinician, where it is low, and who is furthest from the others."""
    yield _level("the content", "content", iap.content, iap)
    yield _level("the set of themes", "theme", iap.theme, iap)
    if iap.theme_by_classifier is not None:
        yield (
            f"With the classifier's themes instead of the writers' own, theme edit-F1 is {shown(iap.theme_by_classifier)}; "
            "redline score shows that one in its row of another clinician."
        )  # fmt: skip
    for key, value in iap.content.themes.items():
        if value.high is not None and value.high < NEAR_ZERO and key != taxonomy.residual:
            yield f"Clinicians hardly share content in {taxonomy[key].name} ({shown(value)}): suggest it, do not write it."
    ranked = [(c.content_as_draft.f1.estimate, c) for c in iap.clinicians if c.content_as_draft.f1.estimate is not None]
    if len(ranked) > 2:
        low, high = min(ranked, key=lambda x: x[0])[1], max(ranked, key=lambda x: x[0])[1]
        yield (
            f"As a draft for the others, {high.clinician}'s replies serve best ({shown(high.content_as_draft.f1)}) and "
            f"{low.clinician}'s least ({shown(low.content_as_draft.f1)}), content edit-F1."
        )  # fmt: skip


def _level(what: str, name: str, level: Level, iap: Iap) -> str:
    paper = f"the paper reports {level.published['overall']:.2f}"
    text = f"Taken as a draft, {what} of another clinician's reply reaches {name} edit-F1 {shown(level.overall)}; {paper}. "
    text += f"{iap.comparisons:,} comparisons"
    text += f" on {iap.messages} message{'s' if iap.messages != 1 else ''}."
    if level.crossed is not None and level.crossed.low is not None:
        text += f" For clinicians beyond these the interval is {shown(level.crossed).split(' ', 1)[1]}."
    return text


def say_annotators(found: Annotators) -> Iterator[str]:
    """Agreement with prevalence beside every chance-corrected figure."""
    for side, name in zip(found.edits, ("deleted", "added"), strict=False):
        yield f"Annotators on which sentences are {name}: {_side(side)}."
    if found.themes is not None:
        sets = found.themes.sets
        yield (
            f"Annotators on the themes of a sentence: the same set in {percent(sets.identical)} of {found.themes.units} sentences, "
            f"MASI alpha {shown(sets.masi_alpha)}, Jaccard alpha {shown(sets.jaccard_alpha)}."
        )  # fmt: skip


def _side(side: AnnotatedSide) -> str:
    if side.agreement.estimate is None:
        return "no sentence was decided by two of them"
    return (
        f"they agree on {percent(side.agreement)} of {side.units} sentences, kappa {shown(side.kappa)}, AC1 {shown(side.ac1)}, "
        f"alpha {shown(side.alpha)}; they say yes of {percent(side.prevalence)}"
    )  # fmt: skip


def say_variance(found: Variance) -> Iterator[str]:
    """Which share of the disagreement is whose."""
    if found.theme is not None:
        yield (
            f"Whether a reply carries a theme: {_shares(found.theme)}, the most that knowing the clinician could explain."
        )  # fmt: skip
    if found.content is not None:
        yield f"Content edit-F1 of two replies: {_shares(found.content)}."


def _shares(shares: VarianceShares) -> str:
    return (
        f"{percent(shares.clinician)} of the variance is the clinician, {percent(shares.message)} the message, "
        f"{percent(shares.rest)} the rest; of what is not the message's, {percent(shares.disagreement)} is the clinician"
    )  # fmt: skip


def say_adaptation(found: Adaptation) -> Iterator[str]:
    """What knowing the individual clinician's habits adds."""
    for gain, (a, b) in zip(found.gains, ((1, 0), (3, 2)), strict=True):
        more, less = found.predictors[a].f1, found.predictors[b].f1
        value = gain.difference
        verdict = "adds nothing that these data can show"
        if value.low is not None and value.high is not None and (value.low > 0 or value.high < 0):
            verdict = "adds" if value.low > 0 else "takes away"
        yield (
            f"Choosing themes by {gain.what} {verdict}: theme F1 {shown(less)} to {shown(more)}, difference {shown(value)}. "
            "This is about the most that adapting only the choice of themes to the individual can gain here."
            if b == 2
            else f"Choosing themes by {gain.what} {verdict}: theme F1 {shown(less)} to {shown(more)}, difference {shown(value)}."
        )


def iap_limits(iap: Iap, taxonomy: Taxonomy) -> Iterator[str]:
    """What the clinicians of these data cannot tell."""
    people = len(iap.clinicians)
    if people == 2:
        yield "Two clinicians only: their agreement is about these two, and which of them is the unusual one cannot be told."
    elif people < MIN_CLINICIANS:
        yield f"{people} clinicians: the figures are about them; {MIN_CLINICIANS} or more are needed for clinicians beyond them."
    missing = people * (people - 1) // 2 - len({frozenset((p.draft_by, p.reference_by)) for p in iap.pairs})
    if missing:
        yield f"{missing} pair{'s' if missing > 1 else ''} of clinicians answered no message in common, and stand in no figure."
    if iap.messages < MIN_CLUSTERS:
        yield f"Messages with two replies: {iap.messages}; fewer than {MIN_CLUSTERS} give no interval."
    elif iap.messages < WANTED_MESSAGES:
        yield f"{iap.messages} messages with two replies: the paper asks for {WANTED_MESSAGES} to 50; expect wide intervals."
    rare = [
        taxonomy[key].name
        for key, share in iap.prevalence.items()
        if share.estimate is not None and not EXTREME <= share.estimate <= 1 - EXTREME
    ]
    if rare:
        yield f"In nearly no reply, or in nearly every one: {', '.join(rare)}. Their F1 mostly says how common they are."
    if iap.unjudged:
        yield f"{iap.unjudged} comparisons are in no figure: the judge answered nothing about one side."
    if iap.failed:
        yield f"{iap.failed} units have no answer of the judge or the classifier and enter no sum."
    for level, name in ((iap.content, "content"), (iap.theme, "theme")):
        if level.swap_gap is not None and level.swap_gap > 0.005:
            yield (
                f"The judge is not the same in both directions: P of (a, b) and R of (b, a) are one question and differ by up to "
                f"{level.swap_gap:.2f} ({name} level)."
            )  # fmt: skip


def judge_limits(judge: JudgeLine) -> Iterator[str]:
    """That a judge's error is inside the figures, and whether anybody checked this judge."""
    standing = judge.content_standing
    text = f"Content IAP is as good as its judge ({judge.content}), whose error is inside it: {standing}"
    text += "." if judge.card else "; validate it on your data (redline validate) and name the card (--card)."
    yield text
    if standing == Standing.CORRECTED.value:
        yield "These figures are the judge's own: nothing here is corrected by people's labels."
    if standing == Standing.NOT_VALID.value:
        yield "People found this judge not valid: do not use the content figures."
    if judge.theme_labels == "classifier":
        yield f"Theme IAP goes by the classifier ({judge.themes}), whose error is inside it: {judge.themes_standing}."
    else:
        yield (
            "Theme labels are each writer's own: clinicians who label the same sentence differently seem to disagree though they "
            "write alike."
        )  # fmt: skip


def together(notes: Sequence[str]) -> list[str]:
    """Notes that end alike after `what: ` as one, in the order of their first.

    >>> together(["Themes: two raters only.", "Edits: two raters only.", "A rest."])
    ['Themes, edits: two raters only.', 'A rest.']
    """
    ends: dict[str, list[str]] = {}
    for note in notes:
        what, colon, end = note.partition(": ")
        ends.setdefault(colon + end if colon else note, []).append(what if colon else "")
    return [
        ", ".join([names[0], *(n[:1].lower() + n[1:] for n in dict.fromkeys(names[1:]) if n != names[0])]) + end
        for end, names in ends.items()
    ]
