"""From held-out logits to probabilities and thresholds.

Calibration and thresholds are fitted on held-out train-side cases and questions, each source with the same
total weight, so that no kind of text decides alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.training.encoder.measures import calibration_error, f1_at, kappa

__all__ = ["content_calibration", "platt", "reliability", "theme_calibration"]

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


def platt(logits: Floats, labels: Floats, weights: Floats | None = None, *, prior: float = 1e-3) -> tuple[float, float]:
    """Slope and offset of p = sigmoid(slope * logit + offset), by Newton's method with Platt's soft targets.

    `labels` are 1, 0 or a share between.
    `prior` pulls the slope towards 1 and keeps it positive on separable data.
    """
    weights = np.ones(len(logits)) if weights is None else weights * len(weights) / weights.sum()
    positive, negative = labels.sum(), (1 - labels).sum()
    low, high = 1 / (negative + 2), (positive + 1) / (positive + 2)
    target = low + labels * (high - low)
    design = np.stack([logits, np.ones(len(logits))], axis=1)
    beta, centre, ridge = np.array([1.0, 0.0]), np.array([1.0, 0.0]), prior * len(logits) * np.array([1.0, 0.01])

    def loss(at: Floats) -> float:
        score = design @ at
        return float(
            (weights * (np.logaddexp(0, score) - target * score)).sum() + (ridge * (at - centre) ** 2).sum() / 2
        )

    for _ in range(100):
        p = _sigmoid(design @ beta)
        gradient = design.T @ (weights * (p - target)) + ridge * (beta - centre)
        hessian = (design * (weights * p * (1 - p))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0  # halved until the loss falls: saturated logits send a full Newton step far away
        while loss(beta - size * step) > loss(beta) and size > 1e-8:
            size /= 2
        beta = beta - size * step
        if np.abs(size * step).max() < 1e-9:
            break
    return float(beta[0]), float(beta[1])


def content_calibration(held: Mapping[str, tuple[Floats, Floats]]) -> dict[str, Any]:
    """Slope, offset and threshold from {source: (logits, share carried)}.

    The threshold is the middle of the plateau of the mean kappa over sources (within 0.003 of its maximum).
    """
    logits = np.concatenate([z for z, _ in held.values()])
    labels = np.concatenate([y for _, y in held.values()])
    weights = np.concatenate([np.full(len(z), 1.0 / len(z)) for z, _ in held.values()])
    slope, offset = platt(logits, labels, weights)
    p = {name: _sigmoid(slope * z + offset) for name, (z, _) in held.items()}
    grid = np.linspace(0.1, 0.9, 161)
    mean = np.asarray([np.mean([kappa(p[n] >= t, held[n][1] >= 0.5) for n in held]) for t in grid])
    threshold = float(np.median(grid[mean >= mean.max() - 0.003]))
    return {
        "slope": slope, "offset": offset, "threshold": threshold,
        "held_out": {
            name: {
                "questions": len(y), "calibration_error": calibration_error(p[name], y),
                "kappa": kappa(p[name] >= threshold, y >= 0.5), "reliability": reliability(p[name], y),
            }
            for name, (_, y) in held.items()
        },
    }  # fmt: skip


def reliability(p: Floats, labels: Floats, bins: int = 10) -> list[list[float]]:
    """[mean probability, share carried, count] of ten bins of equal count."""
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return [[round(float(p[i].mean()), 4), round(float(labels[i].mean()), 4), len(i)] for i in parts if len(i)]


def theme_calibration(logits: Floats, labels: Labels) -> list[dict[str, float]]:
    """Slope, offset and threshold of each theme (columns); the threshold maximises held-out F1.

    With few held-out positives the best threshold is mostly luck, so it is the middle of the plateau within
    0.01 of the best, kept between 0.3 and 0.6.
    """
    result = []
    for column in range(logits.shape[1]):
        z, y = logits[:, column], labels[:, column]
        slope, offset = platt(z, y.astype(np.float64), prior=0.02)
        p = _sigmoid(slope * z + offset)
        grid = np.linspace(0.2, 0.8, 121)
        f1 = np.asarray([f1_at(p, y, t)[2] for t in grid])
        threshold = float(np.clip(np.median(grid[f1 >= f1.max() - 0.01]), 0.3, 0.6))
        result.append({"slope": slope, "offset": offset, "threshold": threshold})
    return result


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -60, 60))))
