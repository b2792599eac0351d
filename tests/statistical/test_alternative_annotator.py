"""Size and power of the clustered alternative-annotator test, with the published independent t-test as the control.

World: each rater errs on a unit with a rate that a message shares (ICC 0.3); 8 units a message, three annotators who err
on 15 %.  The judge errs more often, by so much that it is worse by exactly epsilon: then every annotator's null is true at
its edge.  Epsilon is the exact expectation of W_j - W_judge in that world, found by enumeration.
"""

import itertools

import numpy as np
import pytest
from scipy import stats as scipy_stats

from redline.stats.alternative_annotator import alternative_annotator
from redline.stats.noninferior_mean import mean_is_below
from tests.statistical.worlds import beta_quantile

PEOPLE, UNITS, REPLICATIONS = 0.15, 8, 4_000


def margin(judge_error: float, people_error: float = PEOPLE) -> float:
    """E[W_j - W_judge] of one annotator with two others: errors of raters are independent, so this is a finite sum."""
    total = 0.0
    for judge, own, one, two in itertools.product((0, 1), repeat=4):
        rates = (judge_error, people_error, people_error, people_error)
        chance = np.prod([r if w else 1 - r for r, w in zip(rates, (judge, own, one, two), strict=True)])
        gap = (own == one) + (own == two) - (judge == one) - (judge == two)
        total += chance * ((gap >= 0) - (gap <= 0))
    return float(total)


def errors(rng, shape, rate, icc=0.3):
    p = beta_quantile(rng.uniform(size=(*shape[:-1], 1)), rate, icc)
    return rng.uniform(size=shape) < p


def differences(rng, messages, judge_error, icc=0.3, replications=REPLICATIONS):
    """W_j - W_judge (replications, messages, units) of one annotator."""
    shape = (replications, messages, UNITS)
    judge, own, one, two = (errors(rng, shape, e, icc).astype(int) for e in (judge_error, *[PEOPLE] * 3))
    gap = (own == one).astype(int) + (own == two) - (judge == one) - (judge == two)
    return np.sign(gap).astype(float)


def rejected(values, epsilon):
    """Shares of replications that the clustered and the independent test reject at 5 %."""
    index = np.repeat(np.arange(values.shape[1]), UNITS)
    counted = np.ones(len(index), bool)
    ours = [mean_is_below(v.ravel(), counted, index, values.shape[1], epsilon).p <= 0.05 for v in values]
    flat = values.reshape(len(values), -1)
    control = scipy_stats.ttest_1samp(flat, epsilon, axis=1, alternative="less").pvalue <= 0.05
    return float(np.mean(ours)), float(np.mean(control))


@pytest.mark.slow
@pytest.mark.parametrize("messages", [30, 50, 100, 500])
def test_false_positives_stay_within_one_point_of_nominal(messages) -> None:
    """4,000 replications: a simulated share of 0.05 has a standard error of 0.0034 (of 1,000 with 500 messages: 0.007)."""
    replications = REPLICATIONS if messages < 500 else 1_000
    values = differences(np.random.default_rng(messages), messages, 0.27, replications=replications)
    ours, control = rejected(values, margin(0.27))
    assert ours <= 0.06 + 2 * (0.05 * 0.95 / replications) ** 0.5
    assert ours >= 0.025  # it is a test, not a refusal
    assert control > 0.09  # the independent t-test is nowhere near its level


@pytest.mark.slow
def test_strong_likeness_within_messages_needs_the_skew_correction() -> None:
    """ICC 0.6, 30 messages: the jackknife t alone (the control) is over its level, with Hall's correction it is not."""
    values = differences(np.random.default_rng(1), 30, 0.27, icc=0.6)
    epsilon = margin(0.27)
    ours, _ = rejected(values, epsilon)
    means = values.mean(axis=2)
    plain = scipy_stats.ttest_1samp(means, epsilon, axis=1, alternative="less").pvalue <= 0.05
    assert ours <= 0.06 + 2 * 0.0034
    assert plain.mean() > ours


@pytest.mark.slow
def test_power_of_the_whole_test() -> None:
    """An equal judge passes more often with more messages; one at the edge hardly ever, whatever their number."""
    passed = {}
    for messages, judge_error in itertools.product((30, 100), (PEOPLE, 0.27)):
        rng = np.random.default_rng(messages)
        found = []
        for _ in range(80):
            shape = (messages, UNITS)
            codes = [errors(rng, shape, e).astype(int).ravel() for e in (judge_error, *[PEOPLE] * 3)]
            labels = [str(m) for m in np.repeat(np.arange(messages), UNITS)]
            people = np.stack(codes[1:], axis=1)
            test = alternative_annotator(codes[0], people, labels, "ABC", epsilon=margin(0.27))
            found.append(test.passed)
        passed[messages, judge_error] = np.mean(found)
    assert passed[100, PEOPLE] > 0.9 and passed[100, PEOPLE] > passed[30, PEOPLE] > 0.25
    assert passed[30, 0.27] <= 0.05 and passed[100, 0.27] <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("messages", [30, 50, 100, 500])
def test_the_advantage_interval_covers(messages) -> None:
    """300 replications: three standard errors of a simulated 0.95 are 0.038."""
    rng = np.random.default_rng(messages)
    hits, total = 0, 0.0
    for judge, own, one, two in itertools.product((0, 1), repeat=4):
        rates = (0.2, PEOPLE, PEOPLE, PEOPLE)
        chance = np.prod([r if w else 1 - r for r, w in zip(rates, (judge, own, one, two), strict=True)])
        total += chance * ((judge == one) + (judge == two) >= (own == one) + (own == two))
    for _ in range(300):
        codes = [errors(rng, (messages, UNITS), e).astype(int).ravel() for e in (0.2, *[PEOPLE] * 3)]
        labels = [str(m) for m in np.repeat(np.arange(messages), UNITS)]
        people = np.stack(codes[1:], axis=1)
        found = alternative_annotator(codes[0], people, labels, "ABC").advantage
        hits += found.low <= total <= found.high
    assert 0.95 - 0.02 - 0.038 <= hits / 300 <= 1.0
