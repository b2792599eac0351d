"""How far to trust the judge: influences of clusters, and the weight that makes the variance smallest.

The corrected estimate is ``f(H) - w (f(L) - f(J))`` for sums H of people's loads on what is labelled, L of the judge's on
the same and J of the judge's on everything.  Its first term is right on average; the bracket is 0 on average and goes with
it, so it is a control variate.  The best weight is ``cov(f(H), f(L) - f(J)) / var(f(L) - f(J))``: the power tuning of PPI++
(Angelopoulos, Duchi and Zrnic 2023, arXiv:2311.01453, section 6), here for any function of sums and with clusters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.bootstrap import Draws

__all__ = ["Influences", "Tuning", "influences", "tune", "tune_error"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Influences:
    """How much each cluster moves f(H), f(L) and f(J): arrays (clusters, cells, values), or (clusters,) of one figure.

    For a mean over n clusters an influence is ``(x_i - mean) / n``, and the variance of the mean is the sum of their squares
    times ``n / (n - 1)``.  `labelled` counts the clusters that move f(H): those with labels that bear on the figure.
    """

    human: Floats
    paired: Floats
    judged: Floats

    @property
    def difference(self) -> Floats:
        """Influences on f(L) - f(J)."""
        return self.paired - self.judged

    @property
    def labelled(self) -> NDArray[np.intp]:
        """Clusters that move f(H)."""
        return np.asarray((np.abs(self.human) > 1e-12).sum(axis=0), dtype=np.intp)

    def of(self, cell: int, value: int) -> Influences:
        """Of one figure."""
        human, paired, judged = (x[:, cell, value].copy() for x in (self.human, self.paired, self.judged))
        return Influences(human, paired, judged)

    def minus(self, other: Influences) -> Influences:
        """On the difference of two figures."""
        return Influences(self.human - other.human, self.paired - other.paired, self.judged - other.judged)


def influences(draws: Draws) -> Influences:
    """From the leave-one-out scores of a bootstrap of stacked sums (`threefold`): ``(f - f_without_i) (n - 1) / n``.

    `n` counts the clusters that move the score.  Where a score is undefined without a cluster, that cluster counts as none
    (such a figure hangs on one message and gets no corrected estimate anyway).
    """
    if draws.left_out is None:
        raise ValueError("influences need the leave-one-out scores")
    moved = np.nan_to_num(draws.point[None] - draws.left_out, nan=0.0)
    count = (np.abs(moved) > 1e-12).sum(axis=0)
    moved *= (count - 1) / np.maximum(count, 1)
    judged, human, paired = np.split(moved, 3, axis=-1)
    return Influences(human, paired, judged)


@dataclass(frozen=True, slots=True)
class Tuning:
    """The weight of one figure, and what its spread is worth.

    `inflation` is by how much the spread has to grow because the weight was fitted on the same labels, `freedom` the number of
    clusters that it is as sure as.
    """

    weight: float
    inflation: float
    freedom: float


def tune(found: Influences, *, weight: float | None = None) -> Tuning:
    """The weight for the influences of one figure, within 0 and 1; a given `weight` is taken as it is.

    The weight is fitted on the same labels whose spread gives the interval, which makes the spread too small (by 1 to 8 % at
    30 labelled messages).  So each cluster's residual is taken with the weight fitted without that cluster, as in a PRESS
    residual (Allen 1974): `inflation` is the ratio of the two spreads, at least 1.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=100)
    >>> judge = np.where(np.arange(100) < 20, x, 0.0)
    >>> round(tune(Influences(0.6 * judge, judge, np.zeros(100))).weight, 3)
    0.6
    >>> tune(Influences(-judge, judge, np.zeros(100))).weight
    0.0
    """
    h, c = found.human, found.difference
    products, squares = h * c, c * c
    top, bottom = float(products.sum()), float(squares.sum())
    if weight is None:
        weight = min(max(top / bottom, 0.0), 1.0) if bottom > 0 else 0.0
        rest = bottom - squares
        without = np.divide(top - products, rest, out=np.zeros_like(rest), where=rest > 1e-12 * bottom)
        pressed = h - without.clip(0.0, 1.0) * c
    else:
        pressed = h - weight * c
    plain = float(((h - weight * c) ** 2).sum())
    inflation = math.sqrt(max(float((pressed**2).sum()) / plain, 1.0)) if plain > 0 else 1.0
    return Tuning(weight, inflation, _freedom(pressed, found))


def tune_error(found: Influences) -> Tuning:
    """What the spread of f(L) - f(H) is worth; nothing is fitted."""
    return Tuning(1.0, 1.0, _freedom(found.paired - found.human, found))


def _freedom(residuals: Floats, found: Influences) -> float:
    """Clusters of normal data that would give a spread as sure as these residuals do: ``1 + 2 n / (kurtosis - 1)``, at most n.

    A variance of n values has a relative variance of (kurtosis - 1) / n, of normal ones 2 / n.  Unequal weights and rare
    large errors make the kurtosis large: 50 labels, a quarter of which stand for half of the messages, are worth about 20.
    """
    moved = residuals[np.abs(found.human) > 1e-12] ** 2
    if len(moved) < 2:
        return float(len(moved))
    spare = float((moved**2).sum()) - float(moved.sum()) ** 2 / len(moved)
    return min(float(len(moved)), 1 + 2 * float(moved.sum()) ** 2 / spare) if spare > 0 else float(len(moved))
