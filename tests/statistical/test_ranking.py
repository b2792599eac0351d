"""Coverage of the judge's scores, differences and place over messages (ICC 0.3 of the edits and of the errors)."""

import numpy as np
import pytest

from redline.stats import ResamplingPlan, bootstrap
from redline.stats.ranking import _Scores, pair_confusions, rank_among
from redline.stats.skewed_t import jackknife_interval
from tests.statistical.worlds import beta_quantile, covered

REPLICATIONS = 1_000


def world(rng, replications, messages, errors, units=8, icc=0.3):
    """Codes (replications, messages, units, raters): edits and each rater's errors are alike within a message."""
    shape = (replications, messages, units)
    truth = rng.uniform(size=shape) < beta_quantile(rng.uniform(size=(*shape[:2], 1)), 0.5, icc)
    wrong = [rng.uniform(size=shape) < beta_quantile(rng.uniform(size=(*shape[:2], 1)), e, icc) for e in errors]
    return np.stack([truth ^ w for w in wrong], axis=-1).astype(int)


def pair_sums(codes):
    """Sums (messages, replications, pairs * 4) as `pair_confusions` gives them, all replications at once."""
    found = []
    for a in range(codes.shape[-1]):
        for b in range(a + 1, codes.shape[-1]):
            x, y = codes[..., a], codes[..., b]
            found += [(x & y).sum(2), (x & (1 - y)).sum(2), ((1 - x) & y).sum(2), ((1 - x) & (1 - y)).sum(2)]
    return np.stack(found, axis=-1).transpose(1, 0, 2).astype(float)


def truth_of(errors, score):
    rng = np.random.default_rng(0)
    return score(pair_sums(world(rng, 1, 60_000, errors)).sum(axis=0))[0]


@pytest.mark.slow
@pytest.mark.parametrize(("messages", "figure"), [(30, 1), (30, 3), (50, 3), (100, 1), (100, 3), (500, 3)])
def test_scores_and_differences_cover(messages, figure) -> None:
    """Kappa (figure 1) and F1 (3).  1,000 replications: three standard errors of a simulated 0.95 are 0.021; of 300, 0.038."""
    errors = (0.15, 0.05, 0.1, 0.3)
    score = _Scores(3, figure)
    truth = truth_of(errors, score)
    replications = REPLICATIONS if messages < 500 else 300
    sums = pair_sums(world(np.random.default_rng(messages), replications, messages, errors))
    assert np.array_equal(sums[:, 0].reshape(messages, 6, 4), _by_hand(messages, errors, replications))
    total = sums.sum(axis=0)
    point, left_out = score(total), score(total[None] - sums)
    for value in (0, 3, 6, 8, 9, 10):  # A's score, the judge's in A's stead, differences with A and C, means
        found = [jackknife_interval(point[r, value], left_out[:, r, value]) for r in range(replications)]
        low, high = (np.array([getattr(row, end) for row in found]) for end in ("low", "high"))
        slack = 0.021 if messages < 500 else 0.038
        assert 0.95 - 0.02 - slack <= covered(low, high, truth[value]) <= 0.97 + slack, value


def _by_hand(messages, errors, replications):
    codes = world(np.random.default_rng(messages), replications, messages, errors)[0]
    labels = [str(m) for m in np.repeat(np.arange(messages), codes.shape[1])]
    flat = codes.reshape(-1, codes.shape[-1])
    return pair_confusions(flat[:, 0], flat[:, 1:], labels)


@pytest.mark.slow
@pytest.mark.parametrize("messages", [30, 60])
def test_the_place_covers_even_where_raters_are_equal(messages) -> None:
    """All four err on 15 %: any place may be theirs, and place 1 is true by definition.  Percentiles of resampled places
    (the control) leave it out far too often.  300 replications: three standard errors of 0.95 are 0.038."""
    rng = np.random.default_rng(messages)
    held, control, replications = 0, 0, 300
    score = _Scores(3, 3)
    for seed in range(replications):
        sums = pair_sums(world(rng, 1, messages, (0.15,) * 4))
        found = rank_among(sums.reshape(messages, 6, 4), "ABC", draws=300, seed=seed)
        held += found.place.low == 1
        drawn = bootstrap(sums, score, ResamplingPlan(messages, 300, seed)).draws[:, 0, 6:9]
        control += np.quantile((drawn < 0).sum(axis=1), 0.025, method="lower") == 0
    assert held / replications >= 0.95 - 0.012
    assert control < held


@pytest.mark.slow
def test_the_place_covers_where_raters_differ_a_little() -> None:
    errors = (0.16, 0.14, 0.15, 0.17)
    truth = 1 + int((truth_of(errors, _Scores(3, 3))[6:9] < 0).sum())
    rng = np.random.default_rng(3)
    held = 0
    for seed in range(300):
        sums = pair_sums(world(rng, 1, 50, errors)).reshape(50, 6, 4)
        place = rank_among(sums, "ABC", draws=300, seed=seed).place
        held += place.low <= truth <= place.high
    assert held / 300 >= 0.95 - 0.012
