"""Figures of rows that fall into clusters: the short way from sufficient statistics to intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from redline.stats.bootstrap import Score, bootstrap
from redline.stats.intervals import Interval, intervals
from redline.stats.resampling import ResamplingPlan, group_clusters

__all__ = ["clustered_figures"]


def clustered_figures(
    rows: NDArray[np.float64], clusters: Sequence[str], score: Score, names: Sequence[str], *, draws: int = 2_000,
    seed: int = 17, level: float = 0.95,
) -> dict[str, Interval]:  # fmt: skip
    """The values of `score` of the summed rows (n, stats), by name, with intervals over clusters (a label a row).

    >>> import numpy as np
    >>> share = lambda sums: np.stack([sums[..., 0] / sums[..., 1]], axis=-1)
    >>> rows = np.array([[1.0, 2.0], [0.0, 2.0], [2.0, 2.0], [1.0, 2.0], [1.0, 2.0], [2.0, 2.0]])
    >>> found = clustered_figures(rows, list("abcdef"), share, ["share"])["share"]
    >>> round(found.estimate, 3), found.low < found.estimate < found.high, found.clusters
    (0.583, True, 6)
    """
    if not len(rows):
        return {name: Interval(None, None, None, None, 0) for name in names}
    index, count = group_clusters(clusters, seed=seed)
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, index, rows)
    drawn = bootstrap(sums[:, None], score, ResamplingPlan(count, draws, seed))
    return dict(zip(names, intervals(drawn, level=level)[0], strict=True))
