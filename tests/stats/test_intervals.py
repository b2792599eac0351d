"""Statistics: exact cases, agreement with SciPy, coverage by simulation with a naive interval as negative control."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from redline.stats import (
    Interval,
    NonInferiority,
    ResamplingPlan,
    bootstrap,
    bootstrap_crossed,
    group_clusters,
    holm,
    interval,
    intervals,
    non_inferiority,
    paired_contrast,
)  # fmt: skip
from redline.stats.quantiles import t_quantile


def ratio(sums):
    with np.errstate(divide="ignore", invalid="ignore"):
        return (sums[..., 0] / sums[..., 1])[..., None]


@pytest.mark.parametrize("df", [1, 2, 3, 5, 10, 30, 99])
@pytest.mark.parametrize("p", [0.9, 0.95, 0.975, 0.995])
def test_t_quantiles_agree_with_scipy(p: float, df: int) -> None:
    assert t_quantile(p, df) == pytest.approx(scipy_stats.t.ppf(p, df), rel=2e-4)


def test_same_seed_same_intervals_and_another_seed_others() -> None:
    sums = np.random.default_rng(0).uniform(1, 5, (30, 2, 2))
    first, second, third = (intervals(bootstrap(sums, ratio, ResamplingPlan(30, 2000, seed))) for seed in (1, 1, 2))
    assert first == second and first != third


def test_no_interval_where_there_is_nothing_to_learn_from() -> None:
    one = intervals(bootstrap(np.ones((1, 1, 2)), ratio, ResamplingPlan(1, 500)))[0][0]
    same = intervals(bootstrap(np.ones((9, 1, 2)), ratio, ResamplingPlan(9, 500)))[0][0]
    none = intervals(bootstrap(np.zeros((9, 1, 2)), ratio, ResamplingPlan(9, 500)))[0][0]
    assert (one.estimate, one.low) == (1.0, None)
    assert (same.estimate, same.low) == (1.0, None)
    four = intervals(bootstrap(np.random.default_rng(0).uniform(1, 5, (4, 1, 2)), ratio, ResamplingPlan(4, 500)))[0][0]
    assert four.estimate is not None and four.low is None
    assert (none.estimate, none.low) == (None, None)


def clustered(rng: np.random.Generator, clusters: int) -> np.ndarray:
    """Sums of clusters of 3 to 15 units whose edit probability is the cluster's own (ICC about 0.3), truth 0.4."""
    sizes = rng.integers(3, 16, clusters)
    rates = rng.beta(0.4 * 2.3, 0.6 * 2.3, clusters)
    return np.stack([rng.binomial(sizes, rates), sizes], axis=1)[:, None, :].astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [20, 50, 150])
def test_clustered_intervals_cover_and_naive_ones_do_not(clusters: int) -> None:
    rng = np.random.default_rng(clusters)
    trials, hits, naive_hits = 400, 0, 0
    for trial in range(trials):
        sums = clustered(rng, clusters)
        found = intervals(bootstrap(sums, ratio, ResamplingPlan(clusters, 800, trial)))[0][0]
        hits += found.low <= 0.4 <= found.high
        edits, units = sums[:, 0].sum(axis=0)
        p = edits / units
        half = 1.96 * np.sqrt(p * (1 - p) / units)
        naive_hits += abs(p - 0.4) <= half
    # Three standard errors of a simulated share of 0.95 are 0.033.
    assert 0.917 <= hits / trials <= 0.983
    assert naive_hits / trials < 0.85


@pytest.mark.slow
def test_the_paired_test_keeps_its_level_and_beats_the_unpaired_one() -> None:
    rng = np.random.default_rng(5)
    rejected, narrower, trials = 0, 0, 300
    for trial in range(trials):
        base = clustered(rng, 60)[:, 0]
        other = np.stack(
            [rng.binomial(base[:, 1].astype(int), np.clip(base[:, 0] / base[:, 1], 0, 1)), base[:, 1]], axis=1
        )
        first = np.stack(
            [rng.binomial(base[:, 1].astype(int), np.clip(base[:, 0] / base[:, 1], 0, 1)), base[:, 1]], axis=1
        )
        drawn = bootstrap(np.stack([first, other], axis=1).astype(float), ratio, ResamplingPlan(60, 800, trial))
        contrast = paired_contrast(drawn, ["a", "b"], 0, 1, 0)
        rejected += contrast.p < 0.05
        a, b = (row[0] for row in intervals(drawn))
        narrower += contrast.difference.se < np.hypot(a.se, b.se)
    assert rejected / trials <= 0.09
    assert narrower / trials > 0.95


@pytest.mark.slow
def test_redrawing_clinicians_is_wider_when_clinicians_differ() -> None:
    rng = np.random.default_rng(1)
    parts = []
    for clinician in range(5):
        sizes = rng.integers(4, 9, 40)
        rate = 0.15 + 0.15 * clinician
        parts.append(((clinician,), np.stack([rng.binomial(sizes, rate), sizes], axis=1)[:, None, :].astype(float)))
    plan = ResamplingPlan(40, 2000, 3, clinicians=5)
    crossed = intervals(bootstrap_crossed(parts, ratio, plan))[0][0]
    messages = intervals(bootstrap(sum(p for _, p in parts), ratio, ResamplingPlan(40, 2000, 3)))[0][0]
    assert crossed.estimate == pytest.approx(messages.estimate)
    assert crossed.se > 2 * messages.se


@pytest.mark.slow
@pytest.mark.parametrize("carrying", [5, 8])
def test_a_theme_in_few_messages_is_covered_or_has_no_interval(carrying: int) -> None:
    """80 messages, the score lives in `carrying` of them: only those count as clusters."""
    rng = np.random.default_rng(carrying)
    hits = 0
    for trial in range(300):
        sums = np.zeros((80, 1, 2))
        sums[:carrying] = clustered(rng, carrying)
        found = intervals(bootstrap(sums, ratio, ResamplingPlan(80, 800, trial)))[0][0]
        hits += found.low is None or found.low <= 0.4 <= found.high
    assert hits / 300 >= 0.90


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [6, 10])
def test_p_values_of_few_messages_keep_their_level(clusters: int) -> None:
    rng = np.random.default_rng(clusters)
    rejected = disagree = 0
    for trial in range(400):
        pair = np.stack([clustered(rng, clusters)[:, 0], clustered(rng, clusters)[:, 0]], axis=1)
        contrast = paired_contrast(bootstrap(pair, ratio, ResamplingPlan(clusters, 600, trial)), ["a", "b"], 0, 1, 0)
        if contrast.p is not None:
            rejected += contrast.p < 0.05
            outside = contrast.difference.low > 0 or contrast.difference.high < 0
            disagree += outside != (contrast.p < 0.05)
    assert rejected / 400 <= 0.085
    assert disagree / 400 <= 0.08


def test_bootstrap_agrees_with_brute_force() -> None:
    """Weights times sums is the same as drawing clusters and summing their rows."""
    sums = np.random.default_rng(0).uniform(1, 5, (7, 3, 2))
    plan = ResamplingPlan(7, 50, 11)
    fast = bootstrap(sums, ratio, plan).draws
    rng = np.random.default_rng([11, 0])
    slow = np.stack([ratio(sums[rows].sum(axis=0)) for rows in rng.integers(0, 7, size=(50, 7))])
    np.testing.assert_allclose(fast, slow, rtol=1e-5)


def test_holm_agrees_with_its_definition() -> None:
    p = [0.01, 0.04, 0.03, 0.005]
    expected, running = [0.0] * 4, 0.0
    for rank, i in enumerate(sorted(range(4), key=p.__getitem__)):
        running = max(running, min(1.0, p[i] * (4 - rank)))
        expected[i] = running
    assert holm(p) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.02, 0.1, "non-inferior"),
        (-0.2, -0.06, "inferior"),
        (-0.1, 0.1, "inconclusive"),
        (None, None, "inconclusive"),
    ],
)
def test_non_inferiority(low: float | None, high: float | None, verdict: str) -> None:
    assert non_inferiority(Interval(0.0, low, high, 0.1, 50), 0.05) is NonInferiority(verdict)


def test_many_clusters_are_grouped_whole() -> None:
    index, count = group_clusters([f"m{i // 2}" for i in range(9000)])
    assert count == 2000
    assert (index[0::2] == index[1::2]).all()
    assert np.bincount(index).min() >= 4


def test_draws_that_equal_the_point_are_ties_though_they_are_in_single_precision() -> None:
    """354 of 360 agree: a sixth of the draws does too, but 354 / 360 in single precision is not the same number."""
    rows = np.array([[8.0, 9.0]] * 6 + [[9.0, 9.0]] * 34)[:, None]
    drawn = bootstrap(rows, lambda sums: sums[..., :1] / sums[..., 1:], ResamplingPlan(40, 2_000))
    single, left_out = drawn.draws[:, 0, 0], drawn.left_out[:, 0, 0]
    point = float(drawn.point[0, 0])
    assert not (single.astype(float) == point).any()
    exact = np.round(single.astype(float) * 360) / 360
    ours, wanted = interval(point, single, left_out, 40), interval(354 / 360, exact, left_out, 40)
    assert (ours.low, ours.high) == pytest.approx((wanted.low, wanted.high), abs=1e-6)
