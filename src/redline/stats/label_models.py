"""Where the variances of a label plan come from: a pilot of labelled messages, or the judge's own doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.bootstrap import Score, bootstrap
from redline.stats.intervals import MIN_CLUSTERS
from redline.stats.power import LabelModel
from redline.stats.predictive import Influences, LabelledSums, influences, threefold, tune
from redline.stats.predictive.sums import differing
from redline.stats.predictive.variance import variance_model
from redline.stats.resampling import ResamplingPlan

__all__ = ["MIN_PILOT", "Pilot", "assumed_model", "error_variance", "pilot_models"]

Floats = NDArray[np.float64]
MIN_PILOT = 8
"""Fewer labelled messages say less about the judge's errors than its own probabilities do."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """The model of one figure, and the same models when other messages had been labelled (a bootstrap of the pilot)."""

    model: LabelModel
    others: tuple[LabelModel, ...]
    labelled: int


def pilot_models(
    sums: LabelledSums, score: Score, most: float, *, contrast: bool = False, draws: int = 400, seed: int = 17, icc: float = 0.3
) -> list[list[Pilot | None]]:  # fmt: skip
    """A `Pilot` for each cell and value of `score`; with `contrast` one row for the difference of the two cells.

    `most` comparisons of a message can be labelled, of both cells in a contrast.  Labels of a contrast may be on different
    replies; drawn together from now on they tell more than this says, because what is hard in a message cancels.  None where
    fewer than `MIN_PILOT` labelled messages bear on a figure, they do not differ at all, or the judge was seen to err in fewer than
    `MIN_CLUSTERS` of them (the table then gives the human-only figure, and a plan by its few errors would promise too much).
    """
    clusters = sums.labels.shape[0]
    moved = influences(bootstrap(sums.stacked, threefold(score), ResamplingPlan(clusters, 1, seed)))
    cells, values = moved.human.shape[1:]
    unlike = differing(sums, score)
    if contrast:
        told = unlike.any(axis=1).sum(axis=0) >= MIN_CLUSTERS
        both = [moved.of(0, v).minus(moved.of(1, v)) for v in range(values)]
        labels = sums.labels.sum(axis=1)
        return [[_pilot(d, labels, most, draws, seed, icc) if ok else None for d, ok in zip(both, told, strict=True)]]
    enough = unlike.sum(axis=0) >= MIN_CLUSTERS
    return [
        [
            _pilot(moved.of(c, v), sums.labels[:, c], most, draws, seed, icc) if enough[c, v] else None
            for v in range(values)
        ]
        for c in range(cells)
    ]


def _pilot(found: Influences, labels: NDArray[np.intp], most: float, draws: int, seed: int, icc: float) -> Pilot | None:
    labelled = np.flatnonzero(np.abs(found.human) > 1e-12)
    count = len(labelled)
    if count < MIN_PILOT:
        return None
    tuned = tune(found)
    known = variance_model(found, tuned)
    if known.residual <= 1e-18:
        return None
    each = max(float(labels[labels > 0].mean()), 1.0)
    squares = (found.human - tuned.weight * found.paired)[labelled] ** 2

    def model(residual: float) -> LabelModel:
        return LabelModel(
            residual, known.explained, max(known.judged, count), each, max(most, each), icc, tuned.freedom / count
        )

    again = np.concatenate(list(ResamplingPlan(count, draws, seed).weights())) @ squares / squares.sum()
    return Pilot(model(known.residual), tuple(model(known.residual * float(x)) for x in again), count)


def error_variance(p: Floats, influence: Floats, *, icc: float = 0.3) -> float:
    """Variance of sum of influence times (edit - p) over the units of a comparison, if p is calibrated.

    A unit's error has the variance p (1 - p); errors of two units have the correlation `icc`:
    ``(1 - icc) sum g^2 v + icc (sum |g| sqrt(v))^2``.

    >>> import numpy as np
    >>> error_variance(np.array([0.5, 0.5]), np.ones(2), icc=0.0), error_variance(np.array([0.5, 0.5]), np.ones(2), icc=1.0)
    (0.5, 1.0)
    """
    v, g = p * (1 - p), np.abs(influence)
    return float((1 - icc) * (g**2 * v).sum() + icc * (g * np.sqrt(v)).sum() ** 2)


def assumed_model(
    variances: Floats, judged: Floats, messages: int, most: float, *, each: float = 1.0, icc: float = 0.3
) -> LabelModel | None:  # fmt: skip
    """Model without any label: `variances` (replies,) of the judge's error in a figure as `error_variance` gives them, with
    influences on the figure of all; `judged` (messages,) the influences of the messages on the judge's figure.

    Labels are taken to be of one reply a message, `each` comparisons.  None without comparisons or without any doubt.
    """
    count = len(variances)
    if not count or messages < 2 or variances.sum() <= 0:
        return None
    explained = messages / (messages - 1) * float((judged**2).sum()) * messages
    return LabelModel(float(count * variances.sum()), explained, messages, each, most, icc)
