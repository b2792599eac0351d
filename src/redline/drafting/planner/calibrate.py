"""Calibration by Platt scaling on held-out predictions, shrunk towards leaving them alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Calibration", "calibrate"]

Floats = NDArray[np.float64]

_SLOPE_SD = 0.15
_OFFSET_SD = 0.2
_STEEPEST = 0.2  # a slope below this would turn the ranking flat or around


@dataclass(frozen=True, slots=True)
class Calibration:
    """calibrated logit = offset + slope * logit.

    >>> float(Calibration(offset=-0.5, slope=2.0)(np.array(1.0)))
    1.5
    """

    offset: float = 0.0
    slope: float = 1.0

    def __call__(self, logit: Floats) -> Floats:
        return np.asarray(self.offset + self.slope * logit)


def calibrate(logit: Floats, y: Floats) -> Calibration:
    """Maximum a posteriori (offset, slope) of y ~ sigmoid(offset + slope * logit) (Platt 1999).

    Priors: slope ~ N(1, 0.15^2), offset ~ N(0, 0.2^2): a handful of replies must not turn a prediction around.  `logit`
    are predictions for messages that the fit has not seen; none at all leaves everything as it is.

    >>> calibrate(np.zeros(0), np.zeros(0))
    Calibration(offset=0.0, slope=1.0)
    """
    design = np.stack([np.ones_like(logit), logit], axis=1)
    prior = np.asarray([1 / _OFFSET_SD**2, 1 / _SLOPE_SD**2])
    centre = np.asarray([0.0, 1.0])
    weights = centre.copy()
    for _ in range(100):
        p = np.exp(-np.logaddexp(0.0, -design @ weights))
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(prior)
        step = np.linalg.solve(hessian, design.T @ (p - y) + prior * (weights - centre))
        step *= min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))  # at most 1: Newton alone can overshoot
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return Calibration(float(weights[0]), max(float(weights[1]), _STEEPEST))
