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

    def human_amounts(self, read: float = 0.22, delete: float = 0.1) -> np.ndarray:
        """True deletions, additions and units saved a comparison, in each strategy: (strategies, 3)."""
        units, wanted = np.mean(self.draft_units), np.mean(self.reference_units)
        gone, new = units * np.array(self.deletion), wanted * np.array(self.addition)
        return np.stack([gone, new, wanted - new - read * units - delete * gone], axis=-1)

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
        known = {p: beta_quantile(rank[..., number], p, world.icc) for p in set(rates)}
        rate = np.concatenate([known[p] for p in rates], axis=-1)
        edits = rng.binomial(sizes, rate)
        false = rng.binomial(sizes - edits, np.array(world.false_edit))
        missed = rng.binomial(edits, np.array(world.missed_edit))
        human[..., column], human[..., column + 1] = sizes, edits
        judge[..., column], judge[..., column + 1] = sizes, edits - missed + false
    return Drawn(human, judge)


def choose(
    rng: np.random.Generator,
    drawn: Drawn,
    messages: int,
    *,
    unequal: bool = False,
    partly: bool = False,
    apart: bool = False,
) -> np.ndarray:
    """Weights (replications, messages, strategies) of the labelled drafts, 0 for the others: so many messages of each world.

    Messages are drawn with equal probabilities, or (`unequal`) three quarters of them from the half whose first draft the
    judge would edit most, with weights that make up for it.  `partly` leaves out about half of the drafts of each labelled
    message, never all; `apart` gives the two halves of the strategies labels of different messages.
    """
    replications, count, strategies, _ = drawn.judge.shape
    first = drawn.judge[:, :, 0]
    tie = 1e-6 * rng.uniform(size=(replications, count))
    above = _rank((first[..., 1] / first[..., 0] if unequal else 0) + tie) >= count // 2
    size = round(0.75 * messages) if unequal else messages // 2
    halves = ((above, size), (~above, messages - size))
    sides = []
    for _ in range(2 if apart else 1):
        chosen = np.zeros((replications, count))
        for half, most in halves:
            chosen += (_rank(np.where(half, rng.uniform(size=half.shape), 2)) < most) * (count // 2 / most)
        sides.append(chosen)
    weights = np.repeat(np.stack(sides, axis=-1), strategies // len(sides), axis=-1)
    if partly:
        ranks = _rank(rng.uniform(size=weights.shape))
        weights = weights * (ranks < rng.integers(strategies // 2, strategies, (replications, count, 1)))
    return weights


def _rank(x: np.ndarray) -> np.ndarray:
    """Places along the last axis."""
    order = np.argsort(x, axis=-1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(x.shape[-1]), x.shape), axis=-1)
    return ranks


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
