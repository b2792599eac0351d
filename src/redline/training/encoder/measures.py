"""Figures for choosing and for the card; small enough not to need a library (tests compare with one)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["auc", "calibration_error", "f1_at", "kappa"]

Floats = NDArray[np.floating]
Labels = NDArray[np.bool_]


def auc(scores: Floats, labels: Labels) -> float:
    """Area under the ROC curve by ranks, ties counted half.

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = int(labels.sum())
    negative = len(labels) - positive
    if not positive or not negative:
        return float("nan")
    return float((ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * negative))


def kappa(a: Labels, b: Labels) -> float:
    """Cohen's kappa of two yes/no decisions.

    >>> kappa(np.array([True, False, True, False]), np.array([True, False, False, False]))
    0.5
    """
    agree = float((a == b).mean())
    chance = float(a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean()))
    return 1.0 if chance == 1.0 else (agree - chance) / (1 - chance)


def f1_at(scores: Floats, labels: Labels, threshold: float) -> tuple[float, float, float]:
    """Precision, recall and F1 of `scores >= threshold`."""
    said = scores >= threshold
    hit = float((said & labels).sum())
    precision = hit / said.sum() if said.any() else 0.0
    recall = hit / labels.sum() if labels.any() else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if hit else 0.0


def calibration_error(p: Floats, labels: Labels | Floats, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count."""
    order = np.argsort(p, kind="stable")
    parts = np.array_split(order, bins)
    return float(sum(len(i) * abs(p[i].mean() - labels[i].mean()) for i in parts if len(i)) / len(p))
