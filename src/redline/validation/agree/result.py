"""`agreement.json`: every figure an estimate with its interval, and in words what it does not tell."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from redline.validation.figure import Figure

__all__ = [
    "Adaptation", "Agreement", "AnnotatedSide", "Annotators", "ClinicianScores", "CorpusLine", "Gain", "Iap", "JudgeLine",
    "Level", "PairScores", "Predictor", "RaterPair", "ResamplingLine", "Said", "Scores", "ThemeAgreement", "ThemeSets",
    "Variance", "VarianceShares",
]  # fmt: skip


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Said(_Plain):
    """A sentence of the page, and what it is about."""

    about: str
    text: str


class Scores(_Plain):
    """Edit-precision, edit-recall and edit-F1."""

    precision: Figure
    recall: Figure
    f1: Figure


class PairScores(_Plain):
    """The reply of `draft_by` plays the draft for `reference_by`."""

    draft_by: str
    reference_by: str
    content: Scores
    theme: Scores


class ClinicianScores(_Plain):
    """One clinician against all the others: their reply as the draft, and the others' replies as drafts for them."""

    clinician: str
    content_as_draft: Scores
    content_as_reference: Scores
    theme_as_draft: Scores
    theme_as_reference: Scores


class Level(_Plain):
    """IAP at one level: `overall` and `themes` are edit-F1.

    At content level a theme's figure is content edit-F1 of the units that carry the theme; at theme level it is the F1 of the
    theme's presence.  `crossed` redraws the clinicians as well as the messages (for clinicians beyond these); null with
    fewer than five.  `published` are the paper's figures, by theme key and as `overall`.
    """

    overall: Figure
    precision: Figure
    recall: Figure
    crossed: Figure | None
    themes: dict[str, Figure]
    theme_scores: dict[str, Scores]
    published: dict[str, float]
    swap_gap: float | None
    """Largest difference between P of (a, b) and R of (b, a), which are the same question asked in two directions."""


class Iap(_Plain):
    """Both levels, every ordered pair of clinicians, and each clinician against all others.

    `theme_by_classifier` is the theme level again with the classifier's themes, where the headline goes by the writers' own.
    """

    content: Level
    theme: Level
    theme_by_classifier: Figure | None
    prevalence: dict[str, Figure]
    """Share of replies with each theme.  Two replies that share a theme by chance only would have about this F1."""
    pairs: tuple[PairScores, ...]
    clinicians: tuple[ClinicianScores, ...]
    messages: int
    comparisons: int
    unjudged: int
    """Comparisons left out because nothing of one side was judged."""
    failed: int
    """Units without an answer; they enter no sum."""

    @property
    def silent(self) -> bool:
        """Whether the judge answered for no comparison at all: its server is down, and every figure of content is unknown."""
        return 0 < self.comparisons == self.unjudged


class RaterPair(_Plain):
    """Two annotators on the units that both of them decided; prevalence is how often each said yes."""

    first: str
    second: str
    agreement: Figure
    kappa: Figure
    ac1: Figure
    prevalence_first: Figure
    prevalence_second: Figure


class AnnotatedSide(_Plain):
    """Yes/no decisions of annotators: `deleted` draft units, `added` reply units, or the presence of one theme."""

    what: str
    units: int
    agreement: Figure
    alpha: Figure
    ac1: Figure
    kappa: Figure
    prevalence: Figure
    pairs: tuple[RaterPair, ...]


class ThemeSets(_Plain):
    """Agreement on whole sets of themes a sentence: Krippendorff's alpha with a distance between sets."""

    masi_alpha: Figure
    jaccard_alpha: Figure
    identical: Figure


class ThemeAgreement(_Plain):
    """Sentence by sentence: sets of themes, and each theme as a yes/no decision."""

    raters: tuple[str, ...]
    texts: int
    units: int
    sets: ThemeSets
    themes: dict[str, AnnotatedSide]


class Annotators(_Plain):
    """Inter-annotator agreement; a part is null where no file was given for it."""

    raters: tuple[str, ...]
    pairs: int
    edits: tuple[AnnotatedSide, ...]
    themes: ThemeAgreement | None


class VarianceShares(_Plain):
    """Shares of the variance, adding up to 1: clinician(s), message and the rest.

    `disagreement` is the clinician's share of what is not the message's, clinician / (clinician + rest): what a draft that
    knows its clinician could gain at most.
    """

    clinician: Figure
    message: Figure
    rest: Figure
    disagreement: Figure


class Variance(_Plain):
    """Where disagreement comes from; a part is null where the design does not tell it.

    `theme` pools the presence of all themes (but the residual one), `themes` is each theme alone, `content` is edit-F1 of
    ordered pairs (there `clinician` is the writer of the draft and the writer of the reference together).
    """

    theme: VarianceShares | None
    themes: dict[str, VarianceShares]
    content: VarianceShares | None
    reasons: tuple[str, ...]


class Predictor(_Plain):
    """Theme edit-F1 of sets that are predicted without reading the reply: what was known, and the score."""

    knows: str
    f1: Figure


class Gain(_Plain):
    """Difference of two predictors in theme F1."""

    what: str
    difference: Figure


class Adaptation(_Plain):
    """How much knowing the individual clinician could add (leave one message out)."""

    predictors: tuple[Predictor, ...]
    gains: tuple[Gain, ...]


class JudgeLine(_Plain):
    """Who judged, and what is known about that judge."""

    content: str
    themes: str
    content_standing: str
    themes_standing: str
    card: str | None
    reasons: tuple[str, ...]
    theme_labels: str
    """Whose theme labels the replies carry in this report: `writers` or `classifier`."""
    theme_labels_note: str


class CorpusLine(_Plain):
    """What was looked at."""

    name: str
    digest: str
    provenance: str
    split: str | None
    messages: int
    replies: int
    clinicians: dict[str, int]


class ResamplingLine(_Plain):
    """How the intervals were made."""

    draws: int
    seed: int
    level: float


class Agreement(_Plain):
    """Everything on the page.  `iap` is null where no message has two replies (then there are annotators)."""

    redline: str
    signature: str
    corpus: CorpusLine
    judge: JudgeLine
    resampling: ResamplingLine
    theme_names: dict[str, str]
    iap: Iap | None
    annotators: Annotators | None
    variance: Variance | None
    adaptation: Adaptation | None
    words: tuple[Said, ...]
    limits: tuple[str, ...]
