"""Intervals from cluster-bootstrap draws: bias-corrected and accelerated, widened for few clusters.

BCa (Efron 1987) removes the bias and skewness of ratio scores; percentile methods of any kind are too
narrow with few clusters because they lack the factor sqrt(n/(n-1)) and the t quantile, so the nominal tail
is moved outwards before BCa is applied ("expanded percentile", Hesterberg 2015).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.bootstrap import Draws
from redline.stats.quantiles import normal_cdf, normal_quantile, t_quantile

__all__ = ["MIN_CLUSTERS", "Interval", "informative", "interval", "intervals", "widening"]

MIN_CLUSTERS = 5
"""Fewer clusters give no interval: simulations of 2 to 4 cover 50 to 87 % at a nominal 95 %."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval.  `low`/`high` are None where the data cannot support one.

    That is: fewer than `MIN_CLUSTERS` clusters that bear on the score, an undefined score, or no variation between
    clusters at all (an interval of width zero would claim certainty that nobody has).
    """

    estimate: float | None
    low: float | None
    high: float | None
    se: float | None
    clusters: int

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return self.low is not None


def intervals(draws: Draws, *, level: float = 0.95) -> list[list[Interval]]:
    """One `Interval` for each cell and value of the draws."""
    return [list(row) for row in _rows(draws, level)]


def _rows(draws: Draws, level: float) -> Iterator[Iterator[Interval]]:
    columns = np.ascontiguousarray(np.moveaxis(draws.draws, 0, -1))  # (cells, values, draws)
    for cell in range(columns.shape[0]):
        yield (
            interval(
                float(draws.point[cell, value]),
                columns[cell, value],
                None if draws.left_out is None else draws.left_out[:, cell, value],
                int(draws.clusters[cell]),
                level=level,
            )
            for value in range(columns.shape[1])
        )


def interval(
    point: float,
    draws: NDArray[np.floating],
    left_out: NDArray[np.float64] | None,
    clusters: int,
    *,
    level: float = 0.95,
) -> Interval:
    """BCa interval of one score; without `left_out` the acceleration is taken as 0.

    Draws in which the score is undefined (NaN) are left out of the quantiles.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(0.5, 0.1, 40)
    >>> means = np.random.default_rng(1).choice(x, (4000, 40)).mean(axis=1)
    >>> loo = (x.sum() - x) / 39
    >>> i = interval(x.mean(), means, loo, 40)
    >>> i.low < 0.5 < i.high, round(i.se, 2)
    (True, 0.01)
    """
    if not math.isfinite(point):
        return Interval(None, None, None, None, clusters)
    clusters = informative(point, left_out, clusters)
    values = draws if np.isfinite(draws).all() else draws[np.isfinite(draws)]
    if clusters < MIN_CLUSTERS or len(values) < 100:
        return Interval(point, None, None, None, clusters)
    spread = float(np.std(values, ddof=1, dtype=np.float64))
    if spread <= 1e-7 * max(1.0, abs(point)):
        return Interval(point, None, None, None, clusters)
    ordered = np.sort(values)
    low, high = _bca_tails(point, ordered, left_out, clusters, level)
    return Interval(
        point,
        min(point, _quantile(ordered, low)),
        max(point, _quantile(ordered, high)),
        spread * math.sqrt(clusters / (clusters - 1)),
        clusters,
    )


def informative(point: float, left_out: NDArray[np.float64] | None, clusters: int) -> int:
    """Clusters that move the score when left out: a theme in three messages has three, whatever the table has."""
    if left_out is None:
        return clusters
    return min(clusters, int((~np.isclose(left_out, point, rtol=0.0, atol=1e-12)).sum()))


def widening(clusters: int, level: float = 0.95) -> float:
    """Factor by which a bootstrap spread of few clusters is too small: t quantile over normal, times sqrt(n/(n-1)).

    >>> round(widening(5), 2), round(widening(100), 3)
    (1.58, 1.017)
    """
    p = 0.5 + level / 2
    return t_quantile(p, clusters - 1) / normal_quantile(p) * math.sqrt(clusters / (clusters - 1))


def _bca_tails(
    point: float, ordered: NDArray[np.floating], left_out: NDArray[np.float64] | None, clusters: int, level: float
) -> tuple[float, float]:
    """Probabilities at which to read the ordered draws."""
    near = 1e-6 * max(1.0, abs(point))  # draws are in single precision, the point is not: equal ones differ by as much
    below = np.searchsorted(ordered, point - near, side="left")
    ties = np.searchsorted(ordered, point + near, side="right") - below
    share = (below + 0.5 * ties) / len(ordered)
    bias = normal_quantile(min(max(share, 0.5 / len(ordered)), 1 - 0.5 / len(ordered)))
    skew = _acceleration(left_out)
    reach = normal_quantile(0.5 + level / 2) * widening(clusters, level)
    tails = []
    for z in (-reach, reach):
        shifted = bias + z
        tails.append(normal_cdf(bias + shifted / max(1.0 - skew * shifted, 0.1)))
    return tails[0], tails[1]


def _acceleration(left_out: NDArray[np.float64] | None) -> float:
    if left_out is None:
        return 0.0
    known = left_out[np.isfinite(left_out)]
    gaps = known.mean() - known if len(known) else known
    square = float((gaps**2).sum())
    return float((gaps * gaps * gaps).sum()) / (6.0 * square**1.5) if square > 0 else 0.0


def _quantile(ordered: NDArray[np.floating], p: float) -> float:
    position = p * (len(ordered) + 1) - 1
    low = min(max(math.floor(position), 0), len(ordered) - 1)
    high = min(low + 1, len(ordered) - 1)
    part = min(max(position - low, 0.0), 1.0)
    return float(ordered[low]) * (1 - part) + float(ordered[high]) * part
