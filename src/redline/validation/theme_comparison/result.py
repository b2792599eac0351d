"""`themes.json`: how clinicians use the themes, beside the paper and beside each system's drafts, and what it means."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from redline.validation.figure import Figure

__all__ = [
    "Answer", "ConfusedPair", "Difference", "LabellerGap", "PublishedRow", "ResidualShare", "RuleResult", "SystemThemes",
    "ThemeComparison", "Published", "Verdict",
]  # fmt: skip


class Published(StrEnum):
    """How a theme's share among these clinicians stands to the published one."""

    AS_PUBLISHED = "as published"
    DEVIATES = "deviates"
    CANNOT_TELL = "cannot tell"
    NOT_PUBLISHED = "not published"


class Answer(StrEnum):
    """What one rule says about the taxonomy."""

    REVISE = "revise"
    KEEP = "keep"
    CANNOT_TELL = "cannot tell"
    NOT_ASKED = "not asked"


class Verdict(StrEnum):
    """What all rules together say."""

    REVISE = "revise"
    KEEP = "keep"
    NO_SIGN = "no sign so far"


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Difference(_Plain):
    """A difference of two shares with its p, plain and after Holm's correction over themes."""

    difference: Figure
    p: float | None
    p_holm: float | None


class PublishedRow(_Plain):
    """One theme among these clinicians: share of replies, the paper's share (low and high), and the distance to it.

    `distance` is from the nearer end of the published range, 0 within it.
    """

    rate: Figure
    published: tuple[float, float] | None
    distance: Difference | None
    standing: Published


class SystemThemes(_Plain):
    """One system's drafts: `differences` are drafts minus clinicians' replies on the messages that have both, all themes of
    which are the classifier's; `by_annotators` is the same where annotators labelled both.
    """

    system: str
    drafts: int
    messages: int
    shared_messages: int
    rates: dict[str, Figure]
    differences: dict[str, Difference]
    by_annotators: dict[str, Difference] | None


class LabellerGap(_Plain):
    """The classifier's share minus the writers' own on the same replies: how far the labeller moves a share."""

    rates: dict[str, Figure]
    differences: dict[str, Difference]


class ResidualShare(_Plain):
    """Share of the residual theme: of all sentences, and of those that are neither the first nor the last of a reply."""

    every: Figure
    inside: Figure


class ConfusedPair(_Plain):
    """Two themes that people confuse on the same sentence; `p_holm` is of the share being above the rule's threshold."""

    first: str
    second: str
    sentences: int
    confused: int
    share: Figure
    p_holm: float | None
    answer: Answer


class RuleResult(_Plain):
    """One rule: its answer, and the sentence that says why."""

    rule: str
    answer: Answer
    text: str


class ThemeComparison(_Plain):
    """Everything on the page.

    `labels` says whose labels the clinicians' distribution goes by (`writers` or `classifier`).
    """

    redline: str
    corpus: str
    digest: str
    provenance: str
    split: str | None
    classifier: str
    labels: str
    labels_note: str
    draws: int
    seed: int
    rules: dict[str, float]
    theme_names: dict[str, str]
    residual: str
    replies: int
    messages: int
    clinicians: dict[str, PublishedRow]
    by_clinician: dict[str, dict[str, Figure]]
    systems: tuple[SystemThemes, ...]
    labeller_gap: LabellerGap | None
    residual_share: ResidualShare
    raters: tuple[str, ...]
    labelled_sentences: int
    confusions: tuple[ConfusedPair, ...]
    verdict: Verdict
    results: tuple[RuleResult, ...]
    words: tuple[str, ...]
    limits: tuple[str, ...]
