"""A weighted logistic model with a ridge, fitted by Newton's method; labels may be shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ridge_logistic"]

Floats = NDArray[np.float64]


def ridge_logistic(x: Floats, carried: Floats, weight: Floats, ridge: float) -> tuple[Floats, Floats, Floats]:
    """(mean, scale, weights with the offset last) of p = sigmoid((x - mean) / scale . weights + offset).

    `x` (rows, features), `carried` in [0, 1] and `weight` (rows,); `ridge` is the penalty on standardised weights.
    """
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-3)
    design = np.concatenate([(x - mean) / scale, np.ones((len(x), 1))], axis=1)
    penalty, beta = np.append(np.full(x.shape[1], ridge), 1e-6), np.zeros(x.shape[1] + 1)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(hessian, design.T @ (weight * (p - carried)) + penalty * beta)
        beta = beta - step
        if np.abs(step).max() < 1e-8:
            break
    return mean, scale, beta
