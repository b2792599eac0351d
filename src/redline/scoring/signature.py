"""The line that travels with every reported number; a change that can move a score changes a part of it."""

from __future__ import annotations

from dataclasses import dataclass

import redline
from redline.stats import ResamplingPlan
from redline.units import UNITS_VERSION

__all__ = ["Signature"]


@dataclass(frozen=True, slots=True)
class Signature:
    """What was measured and how; `card` is the digest of the judge card that speaks for the judge, if there is one.

    >>> str(Signature("encoder@3fa9", "encoder@3fa9", ResamplingPlan(clusters=80))).split("|")[:4]
    ['edit-f1', 'units:v1', 'judge:encoder@3fa9', 'themes:encoder@3fa9']
    """

    judge: str
    themes: str
    plan: ResamplingPlan
    mode: str = "expected"
    average: str = "micro"
    cluster: str = "message"
    card: str | None = None

    def __str__(self) -> str:
        return "|".join(
            (
                "edit-f1", f"units:{UNITS_VERSION}", f"judge:{self.judge}", f"themes:{self.themes}", self.mode,
                self.average, f"boot:{self.plan.draws}", f"cluster:{self.cluster}", f"seed:{self.plan.seed}",
                f"card:{self.card}" if self.card else "unvalidated", f"redline:{redline.__version__}",
            )
        )  # fmt: skip
