"""Coverage of what a verdict rests on: the paired difference of kappas, and the bias of edit scores.

Annotators and judge mistake a latent truth; truth and mistakes are alike within a message (ICC 0.3).  Taking units as
independent is the control, and fails.
"""

from itertools import combinations

import numpy as np
import pytest

from redline.stats.agreement import pair_figures
from redline.stats.bootstrap import jackknife
from redline.stats.skewed_t import jackknife_interval
from redline.validation.judge.content_level import count_of
from redline.validation.judge.edit_bias import differences, edit_scores_of_loads
from redline.validation.judge.together import _Means
from tests.statistical.worlds import World, beta_quantile, covered, draw

pytestmark = pytest.mark.slow
LOW, HIGH = 0.93, 0.97
REPLICATIONS = 1_000  # a coverage of 95 % has a Monte-Carlo error of 0.7 %
MARGIN = 0.014  # two of them
SIZES = [30, 50, 100, 500]
MEANS = _Means(pair_figures, count_of, 1, 4, 3)
ERRORS = (0.20, 0.08, 0.10, 0.15)  # the judge's first


def confusions(rng: np.random.Generator, messages: int, replications: int, *, units: int = 8) -> np.ndarray:
    """(messages, units, replications, stats) as `kappa_means` lays them out, of a judge and three annotators."""
    shape = (replications, messages, 1)
    rate = beta_quantile(rng.uniform(size=shape), 0.4, 0.3)
    hard = rng.uniform(size=shape)
    truth = rng.uniform(size=(replications, messages, units)) < rate
    codes = [truth ^ (rng.uniform(size=truth.shape) < beta_quantile(hard, e, 0.3)) for e in ERRORS]

    def both(a: int, b: int) -> np.ndarray:
        x, y = codes[a], codes[b]
        return np.stack([x & y, x & ~y, ~x & y, ~x & ~y], axis=-1)

    parts = [both(0, k) for k in (1, 2, 3)]
    for a, b in combinations((1, 2, 3), 2):
        parts += [both(0, a), both(0, b), both(a, b)]
    return np.moveaxis(np.concatenate(parts, axis=-1), 0, 2).astype(np.float64)


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    """The judge's mean kappa, people's, and the difference in 300,000 messages; their own error is below 0.001."""
    rng = np.random.default_rng(99)
    total = sum(confusions(rng, 20_000, 1).sum(axis=(0, 1)) for _ in range(15))
    return np.asarray(MEANS(total)[0])


def ends(sums: np.ndarray, value: int) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of a value in every replication of (clusters, replications, stats)."""
    point, left_out = MEANS(sums.sum(axis=0)), jackknife(sums, MEANS)
    found = [jackknife_interval(float(point[k, value]), left_out[:, k, value]) for k in range(len(point))]
    return np.array([i.low for i in found]), np.array([i.high for i in found])


@pytest.mark.parametrize("messages", SIZES)
def test_the_judges_kappa_and_the_difference_are_covered(messages: int, truth: np.ndarray) -> None:
    rng = np.random.default_rng(messages)
    parts = [confusions(rng, messages, 100).sum(axis=1) for _ in range(REPLICATIONS // 100)]
    for value in (0, 2):
        low, high = (np.concatenate(side) for side in zip(*(ends(p, value) for p in parts), strict=True))
        assert LOW - MARGIN < covered(low, high, truth[value]) < HIGH + MARGIN, value


def test_units_taken_as_independent_fail(truth: np.ndarray) -> None:
    """Negative control: each unit its own message."""
    rng = np.random.default_rng(3)
    units = confusions(rng, 50, 300)
    low, high = ends(units.reshape(-1, *units.shape[2:]), 0)
    assert covered(low, high, truth[0]) < LOW - 0.03


@pytest.mark.parametrize("messages", SIZES)
@pytest.mark.parametrize("error", [0.05, 0.30])
def test_the_bias_of_edit_scores_is_covered(messages: int, error: float) -> None:
    """Judge minus people, P, R and F1, of a judge with these error rates and of one without a bias."""
    world = World(false_edit=(error, error), missed_edit=(error / 2, error))
    drawn = draw(world, np.random.default_rng(messages), messages, REPLICATIONS)
    truth = (world.judge_scores() - world.human_scores())[0]
    sums = np.stack([drawn.judge[:, :, 0], drawn.human[:, :, 0]], axis=2).transpose(1, 0, 2, 3)
    found = differences(sums.reshape(messages, -1, 4), edit_scores_of_loads)
    for value in range(3):
        known = [row[value][0] for row in found if row[value][0].known]  # none where fewer than 5 messages move it
        assert len(known) > 0.6 * REPLICATIONS
        low, high = (np.array([getattr(i, end) for i in known]) for end in ("low", "high"))
        assert LOW - MARGIN < covered(low, high, truth[value]) < HIGH + MARGIN, value


@pytest.mark.parametrize("messages", [30, 100])
def test_a_bias_that_is_not_there_is_found_at_the_nominal_rate(messages: int) -> None:
    """Two annotators with the same rates of mistakes: no bias, and p < 0.05 in at most 5 % + 1 % + two Monte-Carlo errors."""
    world = World(false_edit=(0.1, 0.1), missed_edit=(0.1, 0.1))
    one, other = (draw(world, np.random.default_rng(17), messages, REPLICATIONS) for _ in range(2))
    rng = np.random.default_rng(messages)
    swap = rng.uniform(size=(REPLICATIONS, messages, 1)) < 0.5  # judge and people of a message are exchangeable
    first, second = (
        np.where(swap, a[:, :, 0], b[:, :, 0]) for a, b in ((one.judge, other.human), (other.human, one.judge))
    )
    found = differences(
        np.stack([first, second], axis=2).transpose(1, 0, 2, 3).reshape(messages, -1, 4), edit_scores_of_loads
    )
    for value in range(3):
        rate = np.mean([row[value][1] < 0.05 for row in found])
        assert rate <= 0.06 + MARGIN, value
