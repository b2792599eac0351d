"""The judge with each annotator, and annotators with each other, on the same units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from redline.stats import Interval, ResamplingPlan, Score, bootstrap, intervals
from redline.stats.bootstrap import jackknife
from redline.stats.skewed_t import jackknife_interval
from redline.validation.cards.parts import Kappa, Pairwise
from redline.validation.figure import Figure, figure
from redline.validation.judge.unit_table import by_cluster

__all__ = ["JUDGE", "Comparisons", "every_pair", "kappa_means", "pairwise"]

Floats = NDArray[np.float64]
JUDGE = -1
_AT_ONCE = 60
"""Comparisons resampled at a time: memory stays the same with many annotators."""


@dataclass(frozen=True)
class Comparisons:
    """Statistics (units, stats) of each pair of raters, by (first, second) with -1 for the judge; a score for their sums.

    `n` is what a pair of raters was compared on, `count` finds that in summed statistics.
    """

    names: tuple[str, ...]
    score: Score
    count: Callable[[Floats], Floats]
    rows: dict[tuple[int, int], Floats]
    n: dict[tuple[int, int], int]

    @classmethod
    def of(
        cls, names: Sequence[str], score: Score, count: Callable[[Floats], Floats], rows: dict[tuple[int, int], Floats]
    ) -> Comparisons:
        """Pairs of raters without a unit in common are left out."""
        n = {pair: round(float(count(r.sum(axis=0)))) for pair, r in rows.items()}
        met = {pair: r for pair, r in rows.items() if n[pair] or pair[0] == JUDGE}
        return cls(tuple(names), score, count, met, n)

    def title(self, pair: tuple[int, int]) -> str:
        """As the card names it."""
        first, second = pair
        return self.names[second] if first == JUDGE else f"{self.names[first]}|{self.names[second]}"


def every_pair(annotators: int) -> list[tuple[int, int]]:
    """The judge with each, then each with each later one."""
    return [(JUDGE, i) for i in range(annotators)] + list(combinations(range(annotators), 2))


def pairwise(
    found: Comparisons, index: NDArray[np.intp], values: Sequence[str], plan: ResamplingPlan
) -> dict[str, Pairwise]:
    """Every value of the score for every pair of raters, by its name."""
    pairs = list(found.rows)
    made: dict[tuple[int, int], list[Interval]] = {}
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        sums = by_cluster(np.stack([found.rows[p] for p in some], axis=1), index, plan.clusters)
        made.update(zip(some, intervals(bootstrap(sums, found.score, plan)), strict=True))
    return {name: _pairwise(found, {p: row[i] for p, row in made.items()}) for i, name in enumerate(values)}


def _pairwise(found: Comparisons, made: dict[tuple[int, int], Interval]) -> Pairwise:
    figures: dict[bool, dict[str, Figure]] = {True: {}, False: {}}
    for pair, interval in made.items():
        figures[pair[0] == JUDGE][found.title(pair)] = figure(interval, found.n[pair])
    return Pairwise(judge=figures[True], annotators=figures[False])


def kappa_means(
    found: Comparisons, same: dict[tuple[int, int], tuple[Floats, Floats]], index: NDArray[np.intp], at: int,
    plan: ResamplingPlan, shown: Pairwise,
) -> Kappa:  # fmt: skip
    """Mean agreement of the judge, of annotators, and their paired difference, weighted by units.

    Value `at` of the score is the agreement.  `same[a, b]` are the judge's statistics with a and with b on the units that both
    decided: the difference is the mean over pairs of annotators of (judge with a + judge with b)/2 - (a with b), so the judge
    is never compared on easier units than people are.  Intervals are Student's t over messages (`redline.stats.skewed_t`),
    which cover a difference of kappas in few messages better than the bootstrap.
    """
    single = [found.rows[p] for p in found.rows if p[0] == JUDGE]
    double = [(*same[p], found.rows[p]) for p in found.rows if p[0] != JUDGE]
    parts = [*single, *(r for three in double for r in three)]
    sums = by_cluster(np.concatenate(parts, axis=1), index, plan.clusters)[:, None]
    means = _Means(found.score, found.count, at, parts[0].shape[1], len(single))
    point, left_out = means(sums.sum(axis=0)), jackknife(sums, means)
    judge, people, difference = (
        jackknife_interval(float(point[0, k]), left_out[:, 0, k], bounds=(-reach, reach))
        for k, reach in enumerate((1, 1, 2))
    )
    alone, met = (sum(found.n[p] for p in found.rows if (p[0] == JUDGE) is by_judge) for by_judge in (True, False))
    nobody = "" if double else "no unit was decided by two annotators"
    return Kappa(
        judge=shown.judge, annotators=shown.annotators,
        judge_mean=figure(judge, alone), annotators_mean=figure(people, met, nobody),
        difference=figure(difference, met, nobody),
    )  # fmt: skip


@dataclass(frozen=True)
class _Means:
    """Summed statistics, one block of `stats` a comparison: first the judge with each annotator, then threes."""

    score: Score
    count: Callable[[Floats], Floats]
    at: int
    stats: int
    single: int

    def __call__(self, sums: NDArray[np.floating]) -> Floats:
        blocks = np.asarray(sums, dtype=np.float64).reshape(*sums.shape[:-1], -1, self.stats)
        value = np.asarray(self.score(blocks), dtype=np.float64)[..., self.at]
        weight = self.count(blocks)
        cut = self.single
        mine, alone = value[..., :cut], weight[..., :cut]
        threes = value[..., cut:].reshape(*value.shape[:-1], -1, 3)
        both = weight[..., cut:].reshape(*value.shape[:-1], -1, 3)[..., 2]
        gap = (threes[..., 0] + threes[..., 1]) / 2 - threes[..., 2]
        return np.stack([_mean(mine, alone), _mean(threes[..., 2], both), _mean(gap, both)], axis=-1)


def _mean(values: Floats, weights: Floats) -> Floats:
    known = np.isfinite(values)
    weights = np.where(known, weights, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = weights.sum(axis=-1)
        return np.asarray(np.where(total > 0, (np.where(known, values, 0.0) * weights).sum(axis=-1) / total, np.nan))
