"""The alternative-annotator test: may the judge stand in for a person?  Clustered by patient message.

Calderon, Reichart and Dror 2025, "The Alternative Annotator Test for LLM-as-a-Judge" (arXiv 2501.10970).  One annotator
at a time steps out; the judge and that annotator are compared on how well they agree with the others.  The paper's t-test
takes units as independent; units of one message are not, so here the standard error is over messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.stats.annotator_wins import Similarity, Wins, annotator_wins
from redline.stats.intervals import MIN_CLUSTERS, Interval
from redline.stats.noninferior_mean import mean_is_below
from redline.stats.resampling import group_clusters
from redline.stats.skewed_t import jackknife_interval

__all__ = [
    "MIN_ANNOTATORS",
    "MIN_UNITS",
    "AlternativeTest",
    "AnnotatorComparison",
    "alternative_annotator",
    "benjamini_yekutieli",
]

MIN_ANNOTATORS = 3
"""Fewer annotators give no verdict: with two, "the others" are one person, and one rejection of two would pass."""
MIN_UNITS = 30
"""The paper asks for at least 30 instances an annotator; fewer are tested, and said."""


@dataclass(frozen=True, slots=True)
class AnnotatorComparison:
    """The judge against one annotator, both measured on the other annotators.

    `judge_wins` is rho_judge, the share of units on which the judge is at least as close to the others as this
    annotator; `annotator_wins` is rho_j, the reverse; ties count for both.  `difference` = rho_j - rho_judge with its
    standard error over messages.  `p` is one-sided, of H0: difference >= epsilon; None where it cannot be tested.
    `rejected`: the judge holds its own against this annotator (Benjamini-Yekutieli over the annotators tested).
    """

    name: str
    units: int
    messages: int
    judge_wins: Interval
    annotator_wins: float | None
    difference: float | None
    se: float | None
    p: float | None
    rejected: bool | None
    note: str


@dataclass(frozen=True, slots=True)
class AlternativeTest:
    """`passed` when the winning rate (share of tested annotators rejected) is at least one half.

    `passed` is None, and `reason` says why, where the test cannot be made; what could be compared is still there.
    `advantage` is the paper's average advantage probability: the mean of `judge_wins` over annotators.  It is *not*
    zero-sum: ties count as wins, so 0.5 is not the value of an equal judge.  `notes` are limits to be said beside it.
    """

    epsilon: float
    alpha: float
    winning_rate: float | None
    advantage: Interval
    passed: bool | None
    reason: str
    annotators: tuple[AnnotatorComparison, ...]
    notes: tuple[str, ...]


def alternative_annotator(
    judge: NDArray[Any] | Sequence[Any], people: NDArray[Any] | Sequence[Any], clusters: Sequence[str],
    names: Sequence[str], *, epsilon: float = 0.1, alpha: float = 0.05, similarity: Similarity | None = None,
    seed: int = 17, level: float = 0.95,
) -> AlternativeTest:  # fmt: skip
    """The test for `judge` (n,) and `people` (n, annotators) on the same units; `clusters` names each unit's message.

    Codes are numbers with -1 for unknown, or (with `similarity(a, b) -> array`) any objects, e.g. frozensets of themes,
    with None for unknown.  For annotator j and unit i, S(judge) and S(j) are mean similarities with the *other*
    annotators who coded i; W_judge = 1[S(judge) >= S(j)], W_j = 1[S(j) >= S(judge)].  A unit counts for j when the judge,
    j and at least one other annotator coded it.  H0: mean(W_j - W_judge) >= epsilon is tested over messages (see
    `redline.stats.noninferior_mean`); at least 5 messages.  The paper suggests epsilon 0.1 for lay annotators, 0.15 for
    skilled ones and 0.2 for experts; 0.1 is the strictest of them and the default.

    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 400)
    >>> noisy = lambda error: np.where(rng.uniform(size=400) < error, 1 - truth, truth)
    >>> messages = [f"m{i // 8}" for i in range(400)]
    >>> people = np.stack([noisy(0.15) for _ in range(3)], axis=1)
    >>> alternative_annotator(noisy(0.05), people, messages, ["A", "B", "C"]).passed
    True
    >>> alternative_annotator(noisy(0.45), people, messages, ["A", "B", "C"]).winning_rate
    0.0
    """
    wins = annotator_wins(judge, people, names, similarity)
    index, count = group_clusters(clusters, seed=seed)
    if len(index) != len(wins[0].counted):
        raise ValueError(f"{len(index)} cluster labels for {len(wins[0].counted)} units")
    tested = [mean_is_below(w.theirs - w.judges, w.counted, index, count, epsilon) for w in wins]
    rejected = benjamini_yekutieli([t.p for t in tested], alpha)
    each, advantage = _advantages(wins, index, count, level)
    found = tuple(
        AnnotatorComparison(
            name, int(w.counted.sum()), t.clusters, interval, _share(w.theirs, w.counted), t.mean, t.se, t.p, reject,
            _note(int(w.counted.sum()), t.clusters),
        )
        for name, w, t, interval, reject in zip(names, wins, tested, each, rejected, strict=True)
    )  # fmt: skip
    decided = [a.rejected for a in found if a.rejected is not None]
    rate = sum(decided) / len(decided) if decided else None
    reason = _reason(len(names), len(decided))
    passed = None if reason or rate is None else rate >= 0.5
    notes = tuple(f"{a.name}: {a.note}" for a in found if a.note)
    return AlternativeTest(epsilon, alpha, rate, advantage, passed, reason, found, notes)


def benjamini_yekutieli(p_values: Sequence[float | None], alpha: float) -> list[bool | None]:
    """Which hypotheses are rejected at false discovery rate `alpha` under any dependence; None stays None.

    Rejects the i smallest p for the largest i with p_(i) <= i alpha / (m (1 + 1/2 + ... + 1/m)) (Benjamini and
    Yekutieli 2001); annotators share the judge and each other, so their tests depend on each other.

    >>> benjamini_yekutieli([0.001, 0.2, None, 0.015], 0.05)
    [True, False, None, True]
    """
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    size = len(known)
    harmonic = sum(1.0 / i for i in range(1, size + 1))
    last = max((i for i, (p, _) in enumerate(known, 1) if p <= i * alpha / (size * harmonic)), default=0)
    found: list[bool | None] = [None] * len(p_values)
    for rank, (_, i) in enumerate(known, 1):
        found[i] = rank <= last
    return found


def _advantages(
    wins: Sequence[Wins], index: NDArray[np.intp], count: int, level: float
) -> tuple[list[Interval], Interval]:
    """Of each annotator the share of units the judge wins, and their mean, with intervals over messages."""
    size = len(wins)
    sums = np.zeros((count, 2 * size))
    for j, w in enumerate(wins):
        np.add.at(sums[:, j], index, w.judges)
        np.add.at(sums[:, size + j], index, w.counted)

    def shares(summed: NDArray[np.float64]) -> NDArray[np.float64]:
        won, units = summed[..., :size], summed[..., size:]
        each = np.where(units > 0, won / np.where(units > 0, units, 1.0), np.nan)
        known = np.isfinite(each)
        mean = np.where(known, each, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
        mean = np.where(known.any(axis=-1), mean, np.nan)
        return np.concatenate([each, mean[..., None]], axis=-1)

    total = sums.sum(axis=0)
    point, left_out = shares(total), shares(total - sums)
    *each, mean = (
        jackknife_interval(float(p), left_out[:, k], level=level, bounds=(0.0, 1.0)) for k, p in enumerate(point)
    )
    return each, mean


def _share(won: NDArray[np.float64], counted: NDArray[np.bool_]) -> float | None:
    return float(won.sum() / counted.sum()) if counted.any() else None


def _note(units: int, messages: int) -> str:
    if not units:
        return "no unit that the judge, this annotator and another one coded"
    if messages < MIN_CLUSTERS:
        return f"{messages} messages, at least {MIN_CLUSTERS} are needed for a test"
    return f"{units} units; the test's authors ask for at least {MIN_UNITS}" if units < MIN_UNITS else ""


def _reason(annotators: int, tested: int) -> str:
    if annotators < 2:
        return "one annotator: there is nobody to compare the annotator with, so nothing can be tested"
    if annotators < MIN_ANNOTATORS:
        return (
            "two annotators: each is compared with the judge on the other one alone, so there is no verdict; "
            f"the test wants at least {MIN_ANNOTATORS}"
        )
    if tested < MIN_ANNOTATORS:
        return (
            f"only {tested} of {annotators} annotators share units with the judge and with another annotator in "
            f"{MIN_CLUSTERS} or more messages; the test wants at least {MIN_ANNOTATORS}"
        )
    return ""
