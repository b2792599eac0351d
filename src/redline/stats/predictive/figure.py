"""Draws of one figure, and the interval of a weighted combination of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from redline.stats.bootstrap import Draws
from redline.stats.intervals import MIN_CLUSTERS, Interval, interval, widening
from redline.stats.predictive.tuning import Tuning

__all__ = ["Drawn", "Spread", "bounded", "error_of", "pick", "spread_of", "width"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Point, draws (draws,) and leave-one-out values (clusters,) of one figure's f(J), f(H) and f(L)."""

    point: tuple[float, float, float]
    draws: tuple[Floats, Floats, Floats]
    left_out: tuple[Floats, Floats, Floats]

    def minus(self, other: Drawn) -> Drawn:
        """Of the difference of two figures."""
        p, d, o = self.point, self.draws, self.left_out
        q, e, m = other.point, other.draws, other.left_out
        return Drawn(
            (p[0] - q[0], p[1] - q[1], p[2] - q[2]),
            (d[0] - e[0], d[1] - e[1], d[2] - e[2]),
            (o[0] - m[0], o[1] - m[1], o[2] - m[2]),
        )

    def interval_by_judge(self, clusters: int, level: float) -> Interval:
        """The interval that the table shows: of f(J)."""
        return interval(self.point[0], self.draws[0], self.left_out[0], clusters, level=level)


@dataclass(frozen=True, slots=True)
class Spread:
    """A combined figure ready for its interval: `clusters` are those that count for the widening, `messages` those shown."""

    point: float
    draws: Floats
    left_out: Floats
    clusters: int
    messages: int

    def interval(self, level: float) -> Interval:
        """BCa, as everywhere (`redline.stats.interval`)."""
        found = interval(self.point, self.draws, self.left_out, self.clusters, level=level)
        return replace(found, clusters=self.messages)

    def p_value(self, level: float) -> float:
        """Two-sided, from draws recentred at zero (Hall and Wilson 1991) and widened as the interval is."""
        finite = self.draws[np.isfinite(self.draws)]
        reach = widening(self.clusters, level) * np.abs(finite - self.point)
        return (1 + int((reach >= abs(self.point)).sum())) / (len(finite) + 1)


def spread_of(drawn: Drawn, tuning: Tuning, messages: int, judged: int) -> Spread:
    """``f(H) - w (f(L) - f(J))`` with its draws spread by what the tuning asks for.

    `interval` widens by the t quantile of its clusters and by ``sqrt(n / (n - 1))``.  The second is not wanted here: a
    resample of all `judged` clusters holds a random number of labelled ones, which makes up for it except for
    ``sqrt(judged / (judged - 1))``; so the draws are scaled to leave only that.
    """
    w = tuning.weight
    (judge, human, paired), (first, second, third), (one, two, three) = drawn.point, drawn.draws, drawn.left_out
    point = human - w * (paired - judge)
    draws = second - w * (third - first) if w else second
    left_out = two - w * (three - one) if w else two
    return _spread(point, draws, left_out, tuning, messages, judged)


def error_of(drawn: Drawn, tuning: Tuning, messages: int, judged: int) -> Spread:
    """``f(L) - f(H)``: by how much the judge is off on what people labelled."""
    (_, human, paired), (_, second, third), (_, two, three) = drawn.point, drawn.draws, drawn.left_out
    return _spread(paired - human, third - second, three - two, tuning, messages, judged)


def _spread(point: float, draws: Floats, left_out: Floats, tuning: Tuning, messages: int, judged: int) -> Spread:
    clusters = messages if messages < MIN_CLUSTERS else max(min(messages, int(tuning.freedom)), MIN_CLUSTERS)
    scale = tuning.inflation
    if clusters > 1 and judged > 1:
        scale *= math.sqrt((clusters - 1) / clusters * judged / (judged - 1))
    return Spread(point, point + (draws - point) * scale, left_out, clusters, messages)


def pick(drawn: Draws, columns: NDArray[np.float32], cell: int, value: int) -> Drawn:
    """The three figures of one cell and value; `columns` are the draws with the draws' axis last.

    Copies lie together in memory, which makes the many passes over them several times faster.
    """
    if drawn.left_out is None:
        raise ValueError("corrected figures need the leave-one-out scores")
    values = drawn.point.shape[1] // 3
    judged, human, paired = (i * values + value for i in range(3))
    draws = [columns[cell, i].astype(np.float64) for i in (judged, human, paired)]
    left_out = [drawn.left_out[:, cell, i].copy() for i in (judged, human, paired)]
    point = [float(drawn.point[cell, i]) for i in (judged, human, paired)]
    return Drawn(
        (point[0], point[1], point[2]), (draws[0], draws[1], draws[2]), (left_out[0], left_out[1], left_out[2])
    )


def width(found: Interval) -> float:
    """High minus low; infinite where there is no interval."""
    return math.inf if found.low is None or found.high is None else found.high - found.low


def bounded(found: Interval, limits: tuple[float, float] | None) -> Interval:
    """The interval cut to the range of the score: whether it covers the truth is not changed by that."""
    if limits is None or found.estimate is None or found.low is None or found.high is None:
        return found
    estimate, low, high = (min(max(x, limits[0]), limits[1]) for x in (found.estimate, found.low, found.high))
    return replace(found, estimate=estimate, low=low, high=high)
