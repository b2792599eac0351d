"""Cluster bootstrap of any score that is a function of summed statistics, for all cells at once.

`sums[cluster, cell, stat]` are the sufficient statistics.  One matrix product per block of draws gives the
resampled sums of every cell; the score is applied to those.  Nothing is recomputed per resample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.resampling import ResamplingPlan

__all__ = ["Draws", "Score", "bootstrap", "bootstrap_crossed", "jackknife"]

Floats = NDArray[np.floating]
Score = Callable[[Floats], Floats]
"""Maps sums (..., stats) to scores (..., values); NaN where the score is undefined."""


@dataclass(frozen=True, slots=True)
class Draws:
    """`point[cell, value]`, `draws[draw, cell, value]` and, where computed, `left_out[cluster, cell, value]`."""

    point: NDArray[np.float64]
    draws: NDArray[np.float32]
    left_out: NDArray[np.float64] | None
    clusters: NDArray[np.intp]


def bootstrap(sums: NDArray[np.float64], score: Score, plan: ResamplingPlan) -> Draws:
    """Point estimates (in double precision) and resampled scores of every cell.

    `sums` has shape (clusters, cells, stats); a cluster without rows in a cell holds zeros there.  The
    number of clusters of a cell counts those with any non-zero statistic.
    """
    clusters, cells, stats = sums.shape
    if clusters != plan.clusters:
        raise ValueError(f"the plan is for {plan.clusters} clusters, the sums have {clusters}")
    flat = sums.reshape(clusters, cells * stats).astype(np.float32)
    blocks = [score((w @ flat).reshape(len(w), cells, stats)).astype(np.float32) for w in plan.weights()]
    return Draws(_point(score, sums), np.concatenate(blocks), jackknife(sums, score), _counts(sums))


def bootstrap_crossed(
    parts: Sequence[tuple[tuple[int, ...], NDArray[np.float64]]], score: Score, plan: ResamplingPlan
) -> Draws:
    """The same with clinicians drawn too: each part holds the sums of the rows that involve these clinicians.

    A part's weight is the product of its clinicians' weights: ``sum_g prod_c v[c in g] * (W @ S_g)``.
    """
    total = np.sum([sums for _, sums in parts], axis=0)
    clusters, cells, stats = total.shape
    flats = [(group, sums.reshape(clusters, -1).astype(np.float32)) for group, sums in parts]
    blocks = []
    for weights, people in zip(plan.weights(), plan.clinician_weights(), strict=True):
        summed = np.zeros((len(weights), cells * stats), dtype=np.float32)
        for group, flat in flats:
            summed += people[:, list(group)].prod(axis=1)[:, None] * (weights @ flat)
        blocks.append(score(summed.reshape(len(weights), cells, stats)).astype(np.float32))
    return Draws(_point(score, total), np.concatenate(blocks), None, _counts(total))


def _point(score: Score, sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(score(sums.sum(axis=0)), dtype=np.float64)


def jackknife(sums: NDArray[np.float64], score: Score) -> NDArray[np.float64]:
    """Scores with one cluster left out at a time: (clusters, cells, values)."""
    return np.asarray(score(sums.sum(axis=0)[None] - sums), dtype=np.float64)


def _counts(sums: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.asarray((sums != 0).any(axis=2).sum(axis=0), dtype=np.intp)
