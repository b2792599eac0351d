"""The judge's place among the annotators, leave-one-out, with an interval.

Each annotator is scored against all the others, and the judge, in that annotator's stead, against the same others
(HealthBench's meta-evaluation of graders: Arora et al. 2025, arXiv 2505.08775, section 8; theirs has no intervals).
Everything is a function of summed confusions of pairs of raters, so that messages can be resampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from redline.stats.agreement.pairs import PAIR_FIGURES, confusion_rows, pair_figures
from redline.stats.bootstrap import Draws, bootstrap
from redline.stats.intervals import Interval
from redline.stats.resampling import ResamplingPlan, group_clusters
from redline.stats.skewed_t import jackknife_interval

__all__ = ["AnnotatorRank", "Place", "Ranking", "pair_confusions", "rank_among"]

_LEAST_DRAWS = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Place of the judge, 1 = best, among `of` raters (the annotators and the judge), with the places it may have.

    >>> print(Place(2, 1, 4, 4))
    2 of 4 [1, 4]
    """

    place: int
    low: int | None
    high: int | None
    of: int

    def __str__(self) -> str:
        shown = f"{self.place} of {self.of}"
        return shown if self.low is None else f"{shown} [{self.low}, {self.high}]"


@dataclass(frozen=True, slots=True)
class AnnotatorRank:
    """One annotator against the others, the judge against the same others, and judge minus annotator."""

    name: str
    score: Interval
    judge: Interval
    difference: Interval


@dataclass(frozen=True, slots=True)
class Ranking:
    """`figure` of the judge (mean over the annotators it replaces), of the annotators, and what follows from them.

    `at_or_above_median` and `at_or_above_worst` are shares of the bootstrap draws in which at most half of the
    annotators, or not all of them, are above the judge; None where under 100 draws hold a figure of every annotator.  `place`
    is None where there is none; `reason` says why.
    """

    figure: str
    judge: Interval
    annotators: tuple[AnnotatorRank, ...]
    mean_difference: Interval
    place: Place | None
    at_or_above_median: float | None
    at_or_above_worst: float | None
    reason: str
    notes: tuple[str, ...]


def pair_confusions(
    judge: ArrayLike, people: ArrayLike, clusters: Sequence[str], *, seed: int = 17
) -> NDArray[np.float64]:
    """Sums for `rank_among`, (clusters, pairs, 4), of codes 1, 0 or -1: judge (n,), people (n, annotators).

    Raters are numbered with the judge as 0; pairs are (0,1), (0,2), ..., (1,2), ... as `itertools.combinations` gives
    them; columns are both, first only, second only, neither (`redline.stats.agreement.confusion_rows`).

    >>> pair_confusions([1, 0], [[1, 1], [1, 0]], ["m1", "m1"]).tolist()
    [[[1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0]]]
    """
    codes = np.column_stack([np.asarray(judge), np.asarray(people)])
    index, count = group_clusters(clusters, seed=seed)
    pairs = list(combinations(range(codes.shape[1]), 2))
    sums = np.zeros((count, len(pairs), 4))
    for p, (a, b) in enumerate(pairs):
        np.add.at(sums[:, p], index, confusion_rows(codes[:, a], codes[:, b]))
    return sums


def rank_among(
    pair_sums: NDArray[np.float64], names: Sequence[str], *, figure: str = "f1", draws: int = 2_000, seed: int = 17,
    level: float = 0.95,
) -> Ranking:  # fmt: skip
    """Place of the judge among the annotators `names`; `pair_sums` (clusters, pairs, 4) as `pair_confusions` gives them.

    `figure` is one of `PAIR_FIGURES` of which more is better: "f1" (of the class 1), "kappa", "ac1", "agreement".  The
    score of annotator k is the figure of the pooled confusion of k with every other annotator; the judge's score in k's
    stead is that of the judge with the same others.  place = 1 + annotators whose score is above the judge's in their
    stead, so that each comparison is on the same others.

    Intervals of scores and differences are Student's t over messages (`redline.stats.skewed_t`: with 30 messages BCa
    covers 90 to 92 % of differences).  The interval of the place comes from those of the differences (one an annotator,
    at 1 - (1 - level) / m each): an annotator is above, or below, when their interval does not reach 0, and may be either
    otherwise.  It covers at least `level` whatever the ties (Mogstad, Romano, Shaikh and Wilhelm 2024, "Inference for
    ranks", Review of Economic Studies 91); percentiles of resampled places do not where raters are about equal.

    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 400)
    >>> noisy = lambda error: np.where(rng.uniform(size=400) < error, 1 - truth, truth)
    >>> people = np.stack([noisy(0.05), noisy(0.05), noisy(0.30)], axis=1)
    >>> sums = pair_confusions(noisy(0.15), people, [f"m{i // 8}" for i in range(400)])
    >>> print(rank_among(sums, ["A", "B", "C"]).place)
    3 of 4 [3, 3]
    """
    if figure not in PAIR_FIGURES[:4]:
        raise ValueError(f"figure is one of {', '.join(PAIR_FIGURES[:4])}, got {figure!r}")
    size = len(names)
    if pair_sums.ndim != 3 or pair_sums.shape[1:] != (size * (size + 1) // 2, 4) or not size:
        raise ValueError(f"needs sums (clusters, pairs, 4) of the judge and {size} annotators, got {pair_sums.shape}")
    nothing = Interval(None, None, None, None, len(pair_sums))
    if not len(pair_sums):
        return Ranking(figure, nothing, (), nothing, None, None, None, "no units to compare", ())
    if size == 1:
        reason = "one annotator: there is no other annotator to rank the judge against"
        return Ranking(figure, nothing, (), nothing, None, None, None, reason, ())
    score = _Scores(size, PAIR_FIGURES.index(figure))
    drawn = bootstrap(pair_sums.reshape(len(pair_sums), 1, -1), score, ResamplingPlan(len(pair_sums), draws, seed))
    least = 0.0 if figure in ("f1", "agreement") else -1.0
    scores, differences = (least, 1.0), (least - 1.0, 1.0 - least)
    bounds = [scores] * (2 * size) + [differences] * size + [scores, differences]
    found = [_interval(drawn, k, bound, level) for k, bound in enumerate(bounds)]
    ranks = tuple(
        AnnotatorRank(name, *found[k : 3 * size : size]) for k, name in enumerate(names)
    )  # one of each block: scores, the judge's in their stead, differences
    ranked = [k for k, rank in enumerate(ranks) if rank.difference.estimate is not None]
    notes = tuple(f"{names[k]}: no figure to compare with the judge's" for k in range(size) if k not in ranked)
    if size == 2:
        notes += ("two annotators: both have the same score, their agreement with each other",)
    if len(ranked) < 2:
        reason = "fewer than two annotators have units in common with each other and the judge, with both codes given"
        return Ranking(figure, found[-2], ranks, found[-1], None, None, None, reason, notes)
    place, median, worst = _place(drawn, size, ranked, level)
    return Ranking(figure, found[-2], ranks, found[-1], place, median, worst, "", notes)


@dataclass(frozen=True, slots=True)
class _Scores:
    """Of summed pairs: annotators' scores, the judge's in their stead, differences; judge's mean, mean difference."""

    size: int
    figure: int

    def __call__(self, sums: NDArray[np.floating]) -> NDArray[np.floating]:
        pairs = sums.reshape(*sums.shape[:-1], -1, 4)
        of = {pair: number for number, pair in enumerate(combinations(range(self.size + 1), 2))}
        people = range(1, self.size + 1)
        with_judge = np.stack([pairs[..., of[0, i], :] for i in people], axis=-2)
        replaced = with_judge.sum(axis=-2, keepdims=True) - with_judge
        own = np.stack(
            [sum(_seen_from(k, i, pairs[..., of[min(k, i), max(k, i)], :]) for i in people if i != k) for k in people],
            axis=-2,
        )
        theirs, judges = (pair_figures(s)[..., self.figure] for s in (own, replaced))
        gap = judges - theirs
        known = np.isfinite(gap)
        count = known.sum(axis=-1)
        means = [np.where(known, v, 0.0).sum(axis=-1) / np.where(count > 0, count, np.nan) for v in (judges, gap)]
        return np.concatenate([theirs, judges, gap, np.stack(means, axis=-1)], axis=-1)


def _interval(drawn: Draws, column: int, bounds: tuple[float, float], level: float) -> Interval:
    left_out = np.zeros(0) if drawn.left_out is None else drawn.left_out[:, 0, column]
    return jackknife_interval(float(drawn.point[0, column]), left_out, level=level, bounds=bounds)


def _seen_from(k: int, i: int, sums: NDArray[np.floating]) -> NDArray[np.floating]:
    """The confusion with rater `k` first: pairs are stored with the lower number first."""
    return sums if k < i else sums[..., [0, 2, 1, 3]]


def _place(drawn: Draws, size: int, ranked: Sequence[int], level: float) -> tuple[Place, float | None, float | None]:
    columns = [2 * size + k for k in ranked]
    gaps = drawn.draws[:, 0, columns]
    whole = gaps[np.isfinite(gaps).all(axis=1)]
    point = drawn.point[0, columns]
    above = int((point < 0).sum())
    each = 1.0 - (1.0 - level) / len(ranked)
    bounds = [_interval(drawn, column, (-2.0, 2.0), each) for column in columns]
    low, high = 1, len(ranked) + 1
    for bound in bounds:
        low += bound.high is not None and bound.high < 0
        high -= bound.low is not None and bound.low >= 0
    if all(bound.low is None for bound in bounds):
        return Place(above + 1, None, None, len(ranked) + 1), None, None
    place = Place(above + 1, min(low, above + 1), max(high, above + 1), len(ranked) + 1)
    if len(whole) < _LEAST_DRAWS:
        return place, None, None
    higher = (whole < 0).sum(axis=1)
    return place, float((higher <= len(ranked) / 2).mean()), float((higher < len(ranked)).mean())
