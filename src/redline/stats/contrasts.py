"""Paired differences between systems, Holm's correction over a family, and non-inferiority.

Two cells of one plan are resampled with the same weights, so their difference is paired message by message
without any further bookkeeping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from redline.stats.bootstrap import Draws
from redline.stats.intervals import Interval, interval, widening

__all__ = ["Contrast", "NonInferiority", "holm", "non_inferiority", "paired_contrast"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """`a` minus `b` with interval and two-sided p; `p_holm` once a family is corrected."""

    a: str
    b: str
    difference: Interval
    p: float | None
    p_holm: float | None = None


def paired_contrast(draws: Draws, names: Sequence[str], a: int, b: int, value: int, *, level: float = 0.95) -> Contrast:
    """Difference of one score between cells `a` and `b`.

    The p-value recentres the draws at zero (Hall and Wilson 1991) and widens them for few clusters as the interval
    is widened: p = (1 + #{k |d* - d| >= |d|}) / (B + 1).  None where the difference has no interval.
    """
    change = draws.draws[:, a, value].astype(np.float64) - draws.draws[:, b, value]
    left_out = None if draws.left_out is None else draws.left_out[:, a, value] - draws.left_out[:, b, value]
    point = float(draws.point[a, value] - draws.point[b, value])
    clusters = int(min(draws.clusters[a], draws.clusters[b]))
    difference = interval(point, change, left_out, clusters, level=level)
    if not difference.known:
        return Contrast(names[a], names[b], difference, None)
    finite = change[np.isfinite(change)]
    extreme = int((widening(difference.clusters, level) * np.abs(finite - point) >= abs(point)).sum())
    return Contrast(names[a], names[b], difference, (1 + extreme) / (len(finite) + 1))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjusted p-values; None stays None and does not count towards the family.

    >>> [round(p, 4) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    >>> holm([None, 0.2])
    [None, 0.2]
    """
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, i) in enumerate(known):
        running = max(running, min(1.0, p * (len(known) - rank)))
        adjusted[i] = running
    return adjusted


class NonInferiority(StrEnum):
    """What the data say about "not worse than the comparator by more than the margin"."""

    NON_INFERIOR = "non-inferior"
    INFERIOR = "inferior"
    INCONCLUSIVE = "inconclusive"


def non_inferiority(difference: Interval, margin: float) -> NonInferiority:
    """Verdict from the two-sided interval of (system - comparator); `margin` > 0 in score points.

    >>> non_inferiority(Interval(-0.01, -0.03, 0.01, 0.01, 80), 0.05)
    <NonInferiority.NON_INFERIOR: 'non-inferior'>
    """
    if margin <= 0:
        raise ValueError(f"a margin is a positive number of score points, got {margin}")
    if difference.low is None or difference.high is None:
        return NonInferiority.INCONCLUSIVE
    if difference.low > -margin:
        return NonInferiority.NON_INFERIOR
    if difference.high < -margin:
        return NonInferiority.INFERIOR
    return NonInferiority.INCONCLUSIVE
