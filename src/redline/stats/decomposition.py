"""Intervals of variance components over messages.

Message and rest come from many messages: their intervals are Student's t over the jackknife (`redline.stats.skewed_t`;
BCa covers 92 % with 30 messages where this covers 94).  A clinician's component is a sum of squares
of a few effects, each seen through the noise of the messages: its intervals invert a test (`redline.stats.inversion`).
For that the effects of the clinicians are scaled by 0, 1 and 2 in the data; every component is a quadratic form of the
data, so three versions give its resampled value at any scale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.bootstrap import Draws, bootstrap
from redline.stats.components import Components, shares_of, undetermined
from redline.stats.intervals import Interval, widening
from redline.stats.inversion import invert
from redline.stats.quantiles import normal_cdf, normal_quantile
from redline.stats.resampling import ResamplingPlan, group_clusters
from redline.stats.skewed_t import jackknife_interval

__all__ = ["Forms", "Path", "decompose", "effects"]

Forms = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Maps summed statistics (..., stats) to components (..., components); NaN where the design does not determine them."""


@dataclass(frozen=True, slots=True)
class Path:
    """Versions of the data in which effects of clinicians are scaled by 0 and by 2, and their variance at scale 1.

    `sources` are the components that grow with the scale; their effects' variances (divisor clinicians - 1) add up to
    `variance`.
    """

    sources: tuple[int, ...]
    none: int
    double: int
    variance: float


def effects(
    y: NDArray[np.float64], message: NDArray[np.intp], factors: Sequence[NDArray[np.intp]], size: int
) -> list[NDArray[np.float64]]:
    """Least-squares effects (size,) of each factor's levels beside the messages', each with mean 0."""
    columns = np.concatenate([np.eye(size)[f] for f in factors], axis=1)
    both = np.column_stack([columns, y])
    count = np.bincount(message).astype(np.float64)
    means = np.zeros((len(count), both.shape[1]))
    np.add.at(means, message, both)
    within = both - (means / count[:, None])[message]
    found = np.linalg.lstsq(within[:, :-1], within[:, -1], rcond=None)[0].reshape(len(factors), size)
    return [effect - effect.mean() for effect in found]


def decompose(
    rows: NDArray[np.float64], forms: Forms, names: Sequence[str], counts: tuple[int, int, int], scale: float,
    paths: Sequence[Path], *, draws: int, seed: int, level: float,
) -> Components:  # fmt: skip
    """Components from statistics of each message, `rows` (messages, versions, stats); version 0 is the data themselves.

    `names` are the sources: message, clinicians (one or two), rest; `forms` may return the covariance of the rest behind
    them.  `counts` are values, messages and clinicians; values were divided by `scale`.  There is a path for each
    clinicians' source, and last one for all of them together.
    """
    size = len(names)
    index, count = group_clusters([str(i) for i in range(len(rows))], seed=seed)
    sums = np.zeros((max(count, 1), *rows.shape[1:]))
    np.add.at(sums, index, rows)

    def figures(summed: NDArray[np.floating]) -> NDArray[np.floating]:
        found = forms(np.asarray(summed, dtype=np.float64))[..., :size]
        return np.concatenate([found, shares_of(found)], axis=-1)

    drawn = bootstrap(sums, figures, ResamplingPlan(len(sums), draws, seed))
    point = forms(sums[:, 0].sum(axis=0))
    if not np.isfinite(point).all():
        return undetermined(names, counts, "too few clinicians answer the same messages to separate the sources")
    found = [_plain(drawn, k, size, level) for k in range(2 * size + 1)]
    for path in paths[:-1]:
        for column in (path.sources[0], size + path.sources[0]):
            found[column] = _inverted(found[column], drawn, size, path, column, level)
    found[-1] = _inverted(found[-1], drawn, size, paths[-1], 2 * size, level)
    truncated = shares_of(np.maximum(point[:size], 0.0))
    shares = [_within(i, float(share)) for i, share in zip(found[size:], truncated, strict=True)]
    rest, swapped = float(point[size - 1]), float(point[size]) if len(point) > size else None
    return Components(
        tuple(names),
        {name: _scaled(found[k], scale**2) for k, name in enumerate(names)},
        dict(zip(names, shares, strict=False)),
        shares[-1],
        None if swapped is None or rest <= 0 else min(max(swapped / rest, -1.0), 1.0),
        tuple(name for name, value in zip(names, point, strict=False) if value < 0),
        *counts,
        "",
    )


def _plain(drawn: Draws, column: int, size: int, level: float) -> Interval:
    point = float(drawn.point[0, column])
    left_out = np.zeros(0) if drawn.left_out is None else drawn.left_out[:, 0, column]
    return jackknife_interval(point, left_out, level=level, log=column == size - 1)


def _inverted(plain: Interval, drawn: Draws, size: int, path: Path, column: int, level: float) -> Interval:
    """The interval of a figure that grows with the clinicians' effects; `plain` where it has none."""
    if not plain.known or plain.estimate is None:
        return plain
    none, one, two = (drawn.draws[:, v, :size].astype(np.float64) for v in (path.none, 0, path.double))
    whole = np.isfinite(none).all(axis=1) & np.isfinite(one).all(axis=1) & np.isfinite(two).all(axis=1)
    none, one, two = none[whole], one[whole], two[whole]
    curve = (two - 2 * one + none) / 2
    slope = one - none - curve

    def figure(variances: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([variances, shares_of(variances)], axis=-1)[..., column]

    tail = normal_cdf(-normal_quantile(0.5 + level / 2) * widening(plain.clusters, level))
    found = invert(float(drawn.point[0, column]), lambda t: figure(none + t * slope + t * t * curve), tail, 1.0)
    truths = [float(figure(_truth(drawn.point, size, path, t))) for t in (found.low, found.high)]
    return Interval(
        plain.estimate, min(truths[0], plain.estimate), max(truths[1], plain.estimate), plain.se, plain.clusters
    )


def _truth(point: NDArray[np.float64], size: int, path: Path, t: float) -> NDArray[np.float64]:
    """Components in the world whose clinicians' effects are scaled by `t`: of the others, what the data say without them."""
    found = np.maximum(point[path.none, :size], 0.0)
    found[list(path.sources)] = t * t * path.variance / len(path.sources)
    return found


def _within(found: Interval, estimate: float) -> Interval:
    """A share's interval within [0, 1], holding the truncated estimate."""
    if not np.isfinite(estimate):
        return Interval(None, None, None, None, found.clusters)
    if found.low is None or found.high is None:
        return Interval(estimate, None, None, None, found.clusters)
    low, high = (min(max(v, 0.0), 1.0) for v in (found.low, found.high))
    return Interval(estimate, min(low, estimate), max(high, estimate), found.se, found.clusters)


def _scaled(found: Interval, factor: float) -> Interval:
    estimate, low, high = (None if v is None else v * factor for v in (found.estimate, found.low, found.high))
    return Interval(estimate, low, high, None if found.se is None else found.se * factor, found.clusters)
