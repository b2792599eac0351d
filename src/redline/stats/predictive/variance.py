"""What more labels would buy: the variance of an estimate as a function of how many messages are labelled."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from redline.stats.predictive.tuning import Influences, Tuning

__all__ = ["VarianceModel", "variance_model"]


@dataclass(frozen=True, slots=True)
class VarianceModel:
    """Variance of a figure with n labelled of `judged` messages, labels being drawn as they were so far.

    human-only: ``human / n``; corrected: ``residual / n + explained / judged``, where `residual` is the variance per message of
    what the judge does not explain and `explained` that of what it does (the two-sample variance of PPI++, for clusters of
    which the labelled ones are a part).
    """

    human: float
    residual: float
    explained: float
    labelled: int
    judged: int
    weight: float

    def corrected(self, labelled: float, judged: float | None = None) -> float:
        """Variance of the corrected estimate.

        >>> round(VarianceModel(0.04, 0.01, 0.03, 50, 1000, 1.0).corrected(100), 9)
        0.00013
        """
        return self.residual / labelled + self.explained / (self.judged if judged is None else judged)

    def human_only(self, labelled: float) -> float:
        """Variance of the human-only estimate."""
        return self.human / labelled

    def labelled_for(self, variance: float, judged: float | None = None) -> int | None:
        """Fewest labelled messages with which the corrected variance is no larger; None where no number of them is enough.

        >>> model = VarianceModel(0.04, 0.01, 0.03, 50, 1000, 1.0)
        >>> model.labelled_for(0.00013), model.labelled_for(0.00002)
        (100, None)
        """
        left = variance - self.explained / (self.judged if judged is None else judged)
        return math.ceil(self.residual / left - 1e-9) if left > 0 else None


def variance_model(found: Influences, tuning: Tuning) -> VarianceModel:
    """The model of one figure from its influences; the tuning's `inflation` enters the residual."""
    labelled = int(found.labelled)
    judged = int((np.abs(found.judged) > 1e-12).sum())
    if labelled < 2:
        raise ValueError("a variance needs two labelled messages")
    small, grown = labelled / (labelled - 1), tuning.inflation**2
    residual = labelled * small * grown * float(((found.human - tuning.weight * found.paired) ** 2).sum())
    total = small * grown * float(((found.human - tuning.weight * found.difference) ** 2).sum())
    explained = max(total - residual / labelled, 0.0) * judged
    human = labelled * small * float((found.human**2).sum())
    return VarianceModel(human, residual, explained, labelled, judged, tuning.weight)
