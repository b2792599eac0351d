"""What `plan.json` holds: the goal, what each figure needs for it, and what cannot be reached by labels."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

__all__ = ["Assumed", "Goal", "LabelPlan", "Need", "Needed", "Now"]


class Assumed(StrEnum):
    """Why a figure is planned by assumption though there may be labels: too few messages with labels (or none of a system),
    labels that all say the same, or labels with which the judge hardly ever differs.
    """

    FEW = "few labels"
    ALIKE = "labels do not differ"
    NO_ERRORS = "judge hardly differs from labels"


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Goal(_Form):
    """A width of the interval of edit-F1, or a difference to show with `power` at `alpha` (divided by the contrasts)."""

    width: float | None
    difference: float | None
    power: float
    alpha: float
    level: float
    icc: float


class Now(_Form):
    """What is labelled, and what that gives: the width, or the power and the difference that is found with it."""

    messages: int
    pairs: int
    width: float | None
    power: float | None
    detectable: float | None


class Needed(_Form):
    """Labelled messages and pairs in all; `pairs_low` to `pairs_high` is how unsure the pilot leaves this: in
    simulations of pilots of 30 to 100 messages the true number was between them nine times in ten.

    `pairs_high` is null where the pilot cannot exclude that labelling everything would not be enough; both are null without a
    pilot.
    """

    messages: int
    pairs: int
    pairs_low: int | None
    pairs_high: int | None


class Need(_Form):
    """One figure: a system's corrected edit-F1, or the difference of two systems.

    `basis` is `pilot` or `assumed`, and `assumed_because` says why the latter.  `needed` is null where labels cannot reach the
    goal; then `reason` says why, and `messages_needed` how many messages would, all of them labelled.  `best` is the width or
    the detectable difference with every comparison labelled.
    """

    name: str
    systems: list[str]
    basis: str
    assumed_because: Assumed | None
    now: Now
    needed: Needed | None
    more_pairs: int | None
    messages: int
    pairs: int
    best: float | None
    messages_needed: int | None
    reason: str = ""


class LabelPlan(_Form):
    """The whole plan.  `more_pairs` is null where a figure's goal cannot be reached; `minutes` need a price a pair."""

    redline: str
    judge: str
    corpus: str
    goal: Goal
    words: list[str]
    needs: list[Need]
    labelled_pairs: int
    more_pairs: int | None
    more_pairs_of: dict[str, int]
    minutes: float | None
    seed: int
