"""The margins of a judge card, fixed before any judge was looked at (docs/design/010)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Settings"]


class Settings(BaseModel):
    """What a verdict asks of a judge.  The card records them, so a card made by other margins shows it.

    >>> Settings().kappa_margin, Settings().f1_margin
    (0.1, 0.05)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    kappa_margin: float = Field(
        default=0.10, gt=0, description="agreement with people may be lower than theirs by this much"
    )
    f1_margin: float = Field(default=0.05, gt=0, description="bias of edit-F1 stays within this, by its interval")
    failures: float = Field(default=0.02, gt=0, description="share of units without a verdict stays below this")
    flips: float = Field(
        default=0.05, gt=0, description="share of decisions that flip in a stability test stays below this"
    )
    informative: float = Field(default=0.20, description="kappa's lower end above this: the judge tells something")
    alternative_raters: int = Field(default=3, ge=3, description="people that the alternative-annotator test needs")
    epsilon: float = Field(
        default=0.10, ge=0, description="what a judge is granted in that test, since it costs less than a person"
    )
    alpha: float = Field(
        default=0.05, gt=0, lt=1, description="level of that test, and of biases after Holm's correction"
    )
    messages: int = Field(default=5, ge=5, description="fewer patient messages decide nothing")
    unmoved: int = Field(
        default=20,
        ge=5,
        description="messages from which a figure counts that fewer than five of them move (no interval)",
    )
