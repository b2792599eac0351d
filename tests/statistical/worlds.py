"""Worlds with a known truth: patient messages whose units people edit, and a judge who errs.

Units of one message are alike (ICC 0.3 unless told otherwise), so whoever takes units as independent is too sure.  All
replications of a world come at once, as an axis, so that one bootstrap call serves them all (replications as its cells).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class World:
    """Rates of edits and of errors.  `false_edit` and `missed_edit` are the judge's error rates in each strategy."""

    deletion: tuple[float, ...] = (0.6, 0.6)
    addition: tuple[float, ...] = (0.5, 0.5)
    false_edit: tuple[float, ...] = (0.10, 0.30)
    missed_edit: tuple[float, ...] = (0.20, 0.05)
    icc: float = 0.3
    draft_units: tuple[int, int] = (5, 11)
    reference_units: tuple[int, int] = (3, 8)

    def human_scores(self) -> np.ndarray:
        """True edit-P, R and F1 of each strategy: (strategies, 3)."""
        return _scores(np.array(self.deletion), np.array(self.addition))

    def judge_scores(self) -> np.ndarray:
        """What the uncorrected judge converges to."""
        false, missed = np.array(self.false_edit), np.array(self.missed_edit)
        seen = [p * (1 - missed) + (1 - p) * false for p in (np.array(self.deletion), np.array(self.addition))]
        return _scores(*seen)


def _scores(deletion: np.ndarray, addition: np.ndarray) -> np.ndarray:
    p, r = 1 - deletion, 1 - addition
    return np.stack([p, r, 2 * p * r / (p + r)], axis=-1)


@dataclass(frozen=True)
class Drawn:
    """Loads (replications, messages, strategies, 4): draft units, deletions, reference units, additions."""

    human: np.ndarray
    judge: np.ndarray


def draw(world: World, rng: np.random.Generator, messages: int, replications: int) -> Drawn:
    """One draft a strategy and message.  A message's own edit rate is shared by its strategies (so contrasts are paired)."""
    strategies = len(world.deletion)
    shape = (replications, messages, strategies)
    human, judge = np.zeros((*shape, 4)), np.zeros((*shape, 4))
    sides = ((0, world.deletion, world.draft_units), (2, world.addition, world.reference_units))
    rank = rng.uniform(size=(replications, messages, 1, 2))
    for number, (column, rates, (least, most)) in enumerate(sides):
        sizes = rng.integers(least, most + 1, (replications, messages, 1 if column else strategies))
        sizes = np.broadcast_to(sizes, shape)
        rate = np.concatenate([beta_quantile(rank[..., number], p, world.icc) for p in rates], axis=-1)
        edits = rng.binomial(sizes, rate)
        false = rng.binomial(sizes - edits, np.array(world.false_edit))
        missed = rng.binomial(edits, np.array(world.missed_edit))
        human[..., column], human[..., column + 1] = sizes, edits
        judge[..., column], judge[..., column + 1] = sizes, edits - missed + false
    return Drawn(human, judge)


def beta_quantile(u: np.ndarray, mean: float, icc: float) -> np.ndarray:
    """Quantiles of the beta distribution with this mean and intra-class correlation."""
    from scipy.stats import beta

    if icc <= 0:
        return np.full_like(u, mean)
    total = 1 / icc - 1
    return beta.ppf(u, mean * total, (1 - mean) * total)


def raters(
    rng: np.random.Generator, messages: int, replications: int, errors: tuple[float, ...], *, rate: float = 0.5,
    icc: float = 0.3, units: int = 8,
) -> np.ndarray:  # fmt: skip
    """Codes (replications, messages, units, raters) of 0 and 1: a latent truth that each rater mistakes at their own rate."""
    p = beta_quantile(rng.uniform(size=(replications, messages, 1)), rate, icc)
    truth = rng.uniform(size=(replications, messages, units)) < p
    wrong = rng.uniform(size=(*truth.shape, len(errors))) < np.array(errors)
    return (truth[..., None] ^ wrong).astype(int)


def covered(low: np.ndarray, high: np.ndarray, truth: float) -> float:
    """Share of intervals that hold the truth."""
    return float(np.mean((low <= truth) & (truth <= high)))
