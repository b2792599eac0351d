"""Is the mean of a bounded difference below a margin?  A one-sided test over clusters that stays within its level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.intervals import MIN_CLUSTERS
from redline.stats.skewed_t import hall, jackknife
from redline.stats.t_distribution import binomial_cdf, t_cdf

__all__ = ["MeanTest", "mean_is_below"]


@dataclass(frozen=True, slots=True)
class MeanTest:
    """Mean over units, its jackknife standard error over clusters, and p of H0: mean >= margin (None: no test)."""

    mean: float | None
    se: float | None
    p: float | None
    clusters: int


def mean_is_below(
    values: NDArray[np.float64], counted: NDArray[np.bool_], index: NDArray[np.intp], count: int, margin: float
) -> MeanTest:
    """Test of `values` (n,) in [-1, 1] on the `counted` units; `index` (n,) is each unit's cluster of `count`.

    t = (mean - margin) / se with the leave-one-cluster-out jackknife se (the mean is a ratio of sums) and G - 1 degrees
    of freedom.  The mean of rare differences is skewed, which makes that test too eager, so it is made again with Hall's
    correction (`redline.stats.skewed_t`), and the larger of the two p-values counts.

    Where fewer than 5 clusters move the mean there is no standard error to trust.  Then p = P(Binomial(G, margin) <= K),
    K = clusters with a positive sum: a cluster's mean is at most 1, so under H0 at least a share `margin` of clusters
    (of equal size) is positive.  With no difference anywhere this is (1 - margin)^G, not 0.

    >>> same = np.zeros(40)
    >>> found = mean_is_below(same, same == 0, np.arange(40), 40, 0.1)
    >>> found.mean, found.se, round(found.p, 4)
    (0.0, None, 0.0148)
    """
    sums = np.bincount(index[counted], weights=values[counted], minlength=count)
    sizes = np.bincount(index[counted], minlength=count).astype(np.float64)
    sums, sizes = sums[sizes > 0], sizes[sizes > 0]
    clusters = len(sums)
    if not clusters:
        return MeanTest(None, None, None, 0)
    mean = float(sums.sum() / sizes.sum())
    if clusters < MIN_CLUSTERS:
        return MeanTest(mean, None, None, clusters)
    left_out = (sums.sum() - sums) / (sizes.sum() - sizes)
    moved = int((np.abs(left_out - mean) > 1e-12).sum())
    if margin > 0 and min(moved, int((sums != 0).sum())) < MIN_CLUSTERS:
        return MeanTest(mean, None, binomial_cdf(int((sums > 0).sum()), clusters, margin), clusters)
    se, skew = jackknife(left_out)
    if se <= 1e-12:
        return MeanTest(mean, None, None, clusters)
    t = (mean - margin) / se
    return MeanTest(mean, se, max(t_cdf(t, clusters - 1), t_cdf(hall(t, skew), clusters - 1)), clusters)
