"""Shares of themes and their differences: known rates are found, intervals cover, tests of no difference hold their level.

Replies to one message are alike (ICC 0.3): a message has its own rate for a theme, from which the replies of its
clinicians and the draft are drawn.  Replications are the themes of one `rates` call, so that all come from one bootstrap.
"""

import numpy as np
import pytest

from redline.stats import Contrast, Draws, ResamplingPlan, bootstrap, intervals, paired_contrast
from redline.validation.theme_comparison.rare_shares import share_figure
from redline.validation.theme_comparison.rates import against, shares
from tests.statistical.worlds import beta_quantile, covered

REPLICATIONS = 1_000
LOW, HIGH = 0.93, 0.97
MC = 0.007  # a coverage of 95 % from 1,000 replications has this Monte-Carlo error
DRAWS = 1_000
SIZES = [30, 50, 100, pytest.param(500, marks=pytest.mark.slow)]


def summed(
    seed: int, messages: int, rate: float, gap: float = 0.0, *, uneven: bool = False, naive: bool = False
) -> np.ndarray:
    """Sums of cells (replies, drafts): five replies a message (or 1 to 5) and one draft, `gap` more likely to have the theme.

    `naive` makes every reply its own cluster.
    """
    rng = np.random.default_rng([seed, messages])
    replies = rng.integers(1, 6, messages) if uneven else np.full(messages, 5)
    rank = rng.uniform(size=(messages, REPLICATIONS))
    own, drafted = (beta_quantile(rank, p, 0.3) for p in (rate, rate + gap))
    sums = np.zeros((messages, 2, 1 + REPLICATIONS))
    sums[:, 0, 0], sums[:, 1, 0] = replies, 1
    sums[:, 0, 1:] = rng.binomial(replies[:, None], own)
    sums[:, 1, 1:] = rng.uniform(size=drafted.shape) < drafted
    if not naive:
        return sums
    split = np.repeat(sums, replies, axis=0)
    place = np.concatenate([np.arange(count) for count in replies])
    split[:, 0, 0] = 1
    split[:, 0, 1:] = place[:, None] < split[:, 0, 1:]
    return split


def drawn(sums: np.ndarray) -> Draws:
    return bootstrap(sums, shares, ResamplingPlan(len(sums), DRAWS, 17))


def ends(sums: np.ndarray, cell: int = 0) -> tuple[np.ndarray, np.ndarray]:
    carrying = (sums[:, cell, 1:] > 0).sum(axis=0)
    lacking = (sums[:, cell, :1] > sums[:, cell, 1:]).sum(axis=0)
    found = intervals(drawn(sums))[cell]
    shown = [share_figure(i, 1, len(sums), int(a), int(b)) for i, a, b in zip(found, carrying, lacking, strict=True)]
    return np.array([f.low for f in shown], dtype=float), np.array([f.high for f in shown], dtype=float)


def differences(sums: np.ndarray) -> list[Contrast]:
    found = drawn(sums)
    return [paired_contrast(found, ("replies", "drafts"), 1, 0, k) for k in range(REPLICATIONS)]


@pytest.mark.parametrize("messages", SIZES)
@pytest.mark.parametrize("rate", [0.22, 0.34, 0.85])
def test_shares_cover(messages: int, rate: float) -> None:
    """And the shares themselves are found: the mean of 1,000 estimates is the truth but for its Monte-Carlo error."""
    sums = summed(1, messages, rate)
    error = (rate * (1 - rate) * (1 + 4 * 0.3) / 5 / messages / REPLICATIONS) ** 0.5
    assert np.mean(shares(sums.sum(axis=0))[0]) == pytest.approx(rate, abs=4 * error)
    assert LOW - MC <= covered(*ends(sums), rate) <= HIGH + MC


@pytest.mark.parametrize("messages", SIZES)
def test_shares_cover_where_clinicians_answer_unevenly(messages: int) -> None:
    assert LOW - MC <= covered(*ends(summed(2, messages, 0.3, uneven=True)), 0.3) <= HIGH + MC


def test_replies_as_if_independent_do_not_cover() -> None:
    """The control: five replies to one message are not five messages."""
    assert covered(*ends(summed(1, 100, 0.34, naive=True)), 0.34) < 0.85


@pytest.mark.parametrize("messages", SIZES)
@pytest.mark.parametrize("gap", [0.0, 0.3])
def test_differences_cover(messages: int, gap: float) -> None:
    found = [c.difference for c in differences(summed(3, messages, 0.34, gap))]
    low, high = (np.array([getattr(i, end) for i in found], dtype=float) for end in ("low", "high"))
    assert LOW - MC <= covered(low, high, gap) <= HIGH + MC


@pytest.mark.parametrize("messages", SIZES)
def test_no_difference_is_called_at_most_at_its_level(messages: int) -> None:
    """At most nominal + 1 %: between drafts and replies, and against the paper's share."""
    sums = summed(4, messages, 0.34)
    found = drawn(sums)
    paper = [against(found, "replies", 0, k, 0.34).p for k in range(REPLICATIONS)]
    for p in ([c.p for c in differences(sums)], paper):
        assert np.mean([v is not None and v < 0.05 for v in p]) <= 0.06 + MC


@pytest.mark.parametrize("messages", [30, 50, 100])
@pytest.mark.parametrize("rate", [0.03, 0.05])
def test_rare_themes_are_covered_from_above(messages: int, rate: float) -> None:
    """Where few messages show a theme the exact bound keeps the upper end from stopping short, which a percentile's does."""
    sums = summed(5, messages, rate)
    assert np.mean(ends(sums)[1] >= rate) >= 0.93 - 2 * 0.008
    if messages <= 50 and rate == 0.03:
        alone = np.quantile(drawn(sums).draws[:, 0], 0.975, axis=0)
        assert np.mean(alone >= rate) < 0.9, "the control: percentiles of the bootstrap"
