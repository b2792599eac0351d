"""The parts of a judge card as they stand in its file.  Undefined is null with a reason beside it, never NaN."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from redline.scoring import Standing
from redline.validation.figure import Figure

__all__ = [
    "AlternativeAnnotator", "Beaten", "Bias", "Biases", "Bin", "Check", "ContentFigures", "ContentSection",
    "EditScores", "Elsewhere", "Kappa", "Material", "Named", "Pairwise", "Prevalence", "Rank", "Ranked", "Scores",
    "Slice", "StabilityTest", "ThemeFigures", "ThemeOfCard", "ThemeSection", "Verdict", "Verdicts",
]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Named(_Part):
    """A judge or a classifier: the signature is what a card speaks for."""

    name: str
    signature: str
    units: str = ""


class Material(_Part):
    """What the card was made on; `annotators` with the units that each decided, `digest` of texts and decisions (of pairs and of
    labelled texts also apart; null on older cards).
    """

    name: str
    provenance: str
    pairs: int
    texts: int
    cases: int
    units: int
    annotators: dict[str, int]
    digest: str
    pairs_digest: str | None = None
    texts_digest: str | None = None
    limits: tuple[str, ...] = ()


class Pairwise(_Part):
    """A figure of the judge with each annotator, and of annotators with each other ("a1|a2"), on the same units.

    For precision the first of a pair plays the judge: of the units that the first edits, the share that the second edits.
    """

    judge: dict[str, Figure]
    annotators: dict[str, Figure]


class Kappa(Pairwise):
    """Also the means (weighted by units) and the paired difference judge minus annotators on the units that two decided."""

    judge_mean: Figure
    annotators_mean: Figure
    difference: Figure


class Prevalence(_Part):
    """Share of units edited (or of units with a theme), by the judge and by each annotator."""

    judge: Figure
    annotators: dict[str, Figure]


class Bin(_Part):
    """Units with a probability from `low` to `high`: how many, their mean probability, and people's share of edits."""

    low: float
    high: float
    count: int
    p: float | None
    share: Figure


class Bias(Figure):
    """Judge minus people; `p` of no difference, `p_holm` after Holm's correction over the slices of one measure."""

    p: float | None = None
    p_holm: float | None = None


class Scores(_Part):
    """Edit-precision, -recall and -F1."""

    precision: Figure
    recall: Figure
    f1: Figure


class Biases(_Part):
    """Bias of the three."""

    precision: Bias
    recall: Bias
    f1: Bias


class EditScores(_Part):
    """Expected edit scores (micro) of the same units by the judge and by people, and the difference.

    By people a unit is edited to the share of its annotators who edit it.
    """

    judge: Scores
    people: Scores
    bias: Biases


class Slice(_Part):
    """The same within a part of the material; `kappa` is the judge's with all annotators' decisions pooled."""

    by: Literal["theme", "strategy", "source", "length"]
    value: str
    pairs: int
    bias: Biases
    kappa: Figure


class Ranked(_Part):
    """One annotator against the others, the judge in this annotator's stead, and judge minus annotator."""

    score: Figure
    judge: Figure
    difference: Figure


class Rank(_Part):
    """The judge's place among the annotators, leave-one-out: 1 is the best of `of`, and may be anything from `low` to `high`.

    `figure` is what they are ranked by; `judge` its mean for the judge in the annotators' stead.  `at_or_above_median` and
    `at_or_above_worst` are shares of the resamples.  Without a place `reason` says why.
    """

    figure: str
    place: int | None
    low: int | None
    high: int | None
    of: int | None
    judge: Figure
    mean_difference: Figure
    annotators: dict[str, Ranked]
    at_or_above_median: float | None
    at_or_above_worst: float | None
    reason: str = ""
    notes: tuple[str, ...] = ()


class Beaten(_Part):
    """The judge against one annotator, both measured on the other annotators: share of units on which each is at least as close.

    `rejected`: the judge holds its own against this annotator (null where that was not tested).
    """

    units: int
    judge_wins: Figure
    annotator_wins: float | None
    p: float | None
    rejected: bool | None
    note: str = ""


class AlternativeAnnotator(_Part):
    """May the judge stand in for a person?  Calderon et al. 2025, clustered by message; passed at a winning rate of 1/2.

    `advantage` is the mean share of units on which the judge is at least as close to the others as a person (ties count).
    """

    passed: bool | None
    winning_rate: float | None
    advantage: Figure
    annotators: dict[str, Beaten]
    epsilon: float
    reason: str = ""


class StabilityTest(_Part):
    """The same units asked again in another way; `failed` of `units` had no verdict in one of the two askings.

    `flips` is the share of decisions that change, `p_change` the mean change of the probability (absolute), `f1_shift` the
    change of the expected edit-F1 of the sample.
    """

    name: Literal["repeat", "order", "swap", "paraphrase"]
    units: int
    failed: int
    flips: Figure
    p_change: Figure
    f1_shift: Figure
    note: str = ""


class Check(_Part):
    """One thing that the verdict asks; `passed` is null where the data cannot show it."""

    name: str
    passed: bool | None
    text: str


class Verdict(_Part):
    """Standing with its reasons in plain words, and every check behind it."""

    standing: Standing
    reasons: tuple[str, ...]
    checks: tuple[Check, ...] = ()


class Verdicts(_Part):
    """Standing of each level."""

    content: Standing
    themes: Standing


class ContentFigures(_Part):
    """Decisions about units: would the clinician edit this one?  Compared on `messages` patient messages.

    `error` and `bias` count every message once, and are what `redline drift` is about: the chance to disagree with an
    annotator about a unit, and edits a unit counted too many.
    """

    messages: int
    kappa: Kappa
    ac1: Pairwise
    agreement: Pairwise
    f1: Pairwise
    precision: Pairwise
    recall: Pairwise
    prevalence: Prevalence
    ece: Figure
    ece_plain: float | None
    ece_of_chance: float | None
    gap: Figure
    brier: Figure
    reliability: tuple[Bin, ...]
    edit: EditScores
    slices: tuple[Slice, ...]
    rank: Rank
    alternative_annotator: AlternativeAnnotator
    stability: tuple[StabilityTest, ...]
    failures: dict[str, int]
    failed: Figure
    error: Figure
    bias: Figure


class ContentSection(ContentFigures):
    """With the verdict."""

    verdict: Verdict


class ThemeOfCard(_Part):
    """One theme against the rest."""

    kappa: Pairwise
    ac1: Pairwise
    f1: Pairwise
    prevalence: Prevalence


class ThemeFigures(_Part):
    """Sets of themes of units.  `alpha_*` are Krippendorff's alpha of two raters at a time, over whole sets.

    `text_f1` compares the themes of whole texts; `edit_f1` is the theme edit-F1 of the texts of one message against each
    other, by the classifier and by people, and `edit_bias` the difference.  `error` and `bias` count every message once, and are
    what `redline drift` is about (`theme_errors`); null on a card that was made before they were.
    """

    messages: int
    alpha_masi: Kappa
    alpha_jaccard: Pairwise
    exact: Pairwise
    micro_f1: Pairwise
    macro_f1: Pairwise
    text_f1: Pairwise
    people_alpha: dict[str, Figure]
    themes: dict[str, ThemeOfCard]
    edit_f1: dict[str, Figure]
    edit_bias: Bias
    rank: Rank
    alternative_annotator: AlternativeAnnotator
    stability: tuple[StabilityTest, ...]
    failures: dict[str, int]
    failed: Figure
    error: Figure | None = None
    bias: Figure | None = None


class ThemeSection(ThemeFigures):
    """With the verdict."""

    verdict: Verdict


class Elsewhere(_Part):
    """The same judge on other people's decisions: figures to read beside the card, without a verdict here."""

    name: str
    provenance: str
    pairs: int
    cases: int
    units: int
    content: ContentFigures
