"""What `drift.json` holds: decision, tests, months and the path of the e-values."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from redline.validation.figure import Figure

__all__ = ["DriftLevel", "DriftReport", "DriftTest", "Month", "Path", "Shown", "State"]


class State(StrEnum):
    """What the messages say about the judge since its card."""

    DRIFT = "drift"
    NO_DRIFT = "no drift"
    TOO_LITTLE = "too little to say"


class DriftLevel(StrEnum):
    """Whose drift: of the content judge or of the theme classifier."""

    CONTENT = "content"
    THEMES = "themes"


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Shown(_Form):
    """The first message at which a test was decided: its number in the order of the messages, its case and its date."""

    message: int
    case: str
    date: str | None


class DriftTest(_Form):
    """One question about one figure.  The card's figure is beside its bound at this test's level with the tolerance added.

    `log_e` is the largest logarithm of the e-value so far, `log_e_needed` what decides.  `harm` tells a judge that got
    worse from one that got better.
    """

    name: str
    question: str
    harm: bool
    card: Figure
    bound: float
    log_e: float
    log_e_needed: float
    shown: Shown | None


class Estimate(_Form):
    """Mean over the messages and its confidence sequence at the end: inside at every look at once, if nothing drifts."""

    estimate: float
    low: float
    high: float


class Month(_Form):
    """One month of messages by itself: ordinary 95 % intervals over messages, for the eye and not for a decision."""

    month: str
    messages: int
    error: Figure
    bias: Figure


class Path(_Form):
    """After every message: logarithms of the e-values by test name."""

    case: list[str]
    date: list[str] | None
    error: list[float]
    bias: list[float]
    log_e: dict[str, list[float]]


class DriftReport(_Form):
    """The whole answer for one level.  `n` messages, `compared` pairs or texts.

    An error of `detectable_error`, and a bias below the first or above the second of `detectable_bias`, would have been found
    with probability `power`; null where none would.
    """

    redline: str
    level: DriftLevel
    judge: str
    card: str
    decision: State
    words: list[str]
    order: str
    alpha: float
    tolerance: float
    power: float
    n: int
    compared: int
    units: int
    failed_units: int
    annotators: list[str]
    first: Shown | None
    detectable_error: float | None
    detectable_bias: list[float | None]
    error: Estimate
    bias: Estimate
    tests: list[DriftTest]
    months: list[Month]
    path: Path
