"""Are the judge's probabilities right?  Reliability curve, calibration error, gap and Brier score, over messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from redline.stats.bootstrap import Draws, bootstrap
from redline.stats.calibration_error import corrected_error
from redline.stats.intervals import MIN_CLUSTERS, Interval, intervals, widening
from redline.stats.resampling import ResamplingPlan, group_clusters

__all__ = ["Reliability", "ReliabilityBin", "reliability"]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Units with low <= p < high (the last bin holds p = 1): how many, their mean p and the humans' share."""

    low: float
    high: float
    count: int
    mean_p: float | None
    share: Interval


@dataclass(frozen=True, slots=True)
class Reliability:
    """`ece` is corrected for chance; `ece_plain` is the usual binned value, which is biased upwards.

    `ece_of_chance` is the plain ECE that a perfectly calibrated judge would show on average on these messages.  `gap` =
    mean p - mean human share: the judge expects more edits (above 0) or fewer.  `brier` = mean (p - share)^2.
    """

    bins: tuple[ReliabilityBin, ...]
    ece: Interval
    ece_plain: float | None
    ece_of_chance: float | None
    gap: Interval
    brier: Interval
    units: int
    clusters: int
    reason: str


def reliability(
    p: ArrayLike, share: ArrayLike, clusters: Sequence[str], *, bins: int = 10, draws: int = 2_000, seed: int = 17,
    level: float = 0.95,
) -> Reliability:  # fmt: skip
    """Calibration of probabilities `p` (n,) against the humans' `share` (n,) in [0, 1], clustered by message.

    Units with NaN in either are left out.  Bins have equal width.  ECE = sum_b |sum_{i in b} (p_i - share_i)| / n
    (Naeini et al. 2015); its correction and interval are in `redline.stats.calibration_error`.

    `ece_of_chance` turns the sign of each message's residuals (message by message, seeded; a wild cluster bootstrap,
    Cameron, Gelbach and Miller 2008) around the judge's own curve.  It keeps every message's units, probabilities and
    likeness within the message; it assumes that messages are independent and that a message's residuals could as well
    have had the other sign.  It does not assume that units are independent, nor a distribution of the share.

    >>> rng = np.random.default_rng(0)
    >>> p = rng.uniform(size=400)
    >>> found = reliability(p, rng.uniform(size=400) < p, [f"m{i // 4}" for i in range(400)])
    >>> round(found.ece_plain, 3), round(found.ece_of_chance, 2), found.ece.low
    (0.035, 0.05, 0.0)
    """
    probability, people = np.asarray(p, dtype=np.float64), np.asarray(share, dtype=np.float64)
    if probability.ndim != 1 or probability.shape != people.shape or len(clusters) != len(probability) or bins < 1:
        raise ValueError(f"needs p and share (n,) with a cluster each, got {probability.shape} and {people.shape}")
    known = np.isfinite(probability) & np.isfinite(people)
    probability, people = probability[known], people[known]
    if ((probability < 0) | (probability > 1) | (people < 0) | (people > 1)).any():
        raise ValueError("p and share lie in [0, 1]")
    if not len(probability):
        nothing = Interval(None, None, None, None, 0)
        return Reliability((), nothing, None, None, nothing, nothing, 0, 0, "no unit has both p and a share")
    index, count = group_clusters([c for c, k in zip(clusters, known, strict=True) if k], seed=seed)
    sums = _sums(probability, people, index, count, bins)
    drawn = bootstrap(sums[:, None], _Curve(bins), ResamplingPlan(count, draws, seed))
    found = intervals(drawn, level=level)[0]
    curve = tuple(
        ReliabilityBin(b / bins, (b + 1) / bins, int(n), float(total / n) if n else None, found[b])
        for b, (n, total) in enumerate(sums.sum(axis=0)[: 2 * bins].reshape(2, bins).T)
    )
    ece, chance = _error(drawn, sums, bins, count, seed, level)
    plain = float(np.abs(drawn.point[0, bins + 2 :]).sum())
    reason = "" if ece.known else f"{count} messages, at least {MIN_CLUSTERS} are needed for intervals"
    return Reliability(curve, ece, plain, chance, found[bins], found[bins + 1], len(people), count, reason)


def _sums(
    p: NDArray[np.float64], share: NDArray[np.float64], index: NDArray[np.intp], count: int, bins: int
) -> NDArray[np.float64]:
    """(clusters, 3 bins + 1): counts, sums of p and sums of shares of each bin; sum of squared errors."""
    bin_of = np.minimum((p * bins).astype(np.intp), bins - 1)
    sums = np.zeros((count, 3 * bins + 1))
    for block, value in enumerate((np.ones_like(p), p, share)):
        np.add.at(sums, (index, block * bins + bin_of), value)
    np.add.at(sums[:, -1], index, (p - share) ** 2)
    return sums


@dataclass(frozen=True, slots=True)
class _Curve:
    """Of summed `_sums`: each bin's share; gap; Brier score; what each bin adds to the gap."""

    bins: int

    def __call__(self, sums: NDArray[np.floating]) -> NDArray[np.floating]:
        counts, p, share = (sums[..., k * self.bins : (k + 1) * self.bins] for k in range(3))
        total = counts.sum(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            each = share / counts
            gaps = (p - share) / total
            brier = sums[..., -1:] / total
        return np.concatenate([each, gaps.sum(axis=-1, keepdims=True), brier, gaps], axis=-1)


def _error(
    drawn: Draws, sums: NDArray[np.float64], bins: int, count: int, seed: int, level: float
) -> tuple[Interval, float | None]:
    gaps = drawn.point[0, bins + 2 :]
    if count < MIN_CLUSTERS:
        return Interval(float(np.abs(gaps).sum()), None, None, None, count), None
    noise = drawn.draws[:, 0, bins + 2 :].astype(np.float64) - gaps
    noise = noise[np.isfinite(noise).all(axis=1)] * widening(count, level)
    weights = sums[:, :bins].sum(axis=0) / sums[:, :bins].sum()
    if not noise.any():
        return Interval(float(np.abs(gaps).sum()), None, None, None, count), None
    return corrected_error(gaps, noise, weights, count, level=level), _of_chance(sums, gaps, bins, len(noise), seed)


def _of_chance(sums: NDArray[np.float64], gaps: NDArray[np.float64], bins: int, draws: int, seed: int) -> float:
    counts, p, share = (sums[:, k * bins : (k + 1) * bins] for k in range(3))
    total = counts.sum()
    in_bin = np.maximum(counts.sum(axis=0), 1.0)
    residuals = (p - share) - counts * (gaps * total / in_bin)
    signs = np.random.default_rng([seed, 3]).integers(0, 2, (draws, len(sums))) * 2.0 - 1.0
    return float(np.abs(signs @ residuals / total).sum(axis=1).mean())
