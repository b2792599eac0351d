"""E-values by hand and by brute force; what may not move, does not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.stats.sequential import FRACTIONS, confidence_sequence, first_crossing, log_e_values

VALUES = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=12)


def by_hand(values: list[float], mean: float) -> list[float]:
    """The mixture as its formula reads, without logarithms."""
    wealth = [1.0] * len(FRACTIONS)
    path = []
    for x in values:
        wealth = [w * (1 - f + f * x / mean) for w, f in zip(wealth, FRACTIONS, strict=True)]
        path.append(sum(wealth) / len(wealth))
    return path


@given(VALUES, st.floats(0.05, 1))
def test_against_the_formula(values: list[float], mean: float) -> None:
    assert np.exp(log_e_values(np.array(values), mean)) == pytest.approx(by_hand(values, mean), rel=1e-9)


@given(VALUES, st.floats(0.05, 0.95))
@settings(max_examples=50)
def test_a_path_does_not_change_when_values_and_months_come_in(values: list[float], mean: float) -> None:
    """Otherwise one could not look again next week."""
    x = np.array(values)
    months = [0, len(x) // 2]
    grown = log_e_values(np.concatenate([x, x]), mean, starts=[*months, len(x)])
    assert grown[: len(x)] == pytest.approx(log_e_values(x, mean, starts=months), abs=1e-9)


def test_bets_that_begin_anew_cost_little_and_find_late_rises() -> None:
    x = np.concatenate([np.tile([0.1, 0.0, 0.2], 60), np.tile([0.4, 0.2, 0.3], 20)])
    once, again = log_e_values(x, 0.15), log_e_values(x, 0.15, starts=(0, 90, 180))
    assert again[-1] > once[-1] + 3
    assert np.exp(log_e_values(np.zeros(4), 0.2, starts=(0,)))[-1] >= 0.5, "half of the wealth waits for the next month"


def test_all_replications_at_once_are_each_by_itself() -> None:
    x = np.random.default_rng(0).uniform(size=(3, 4, 20))
    together = log_e_values(x, 0.4)
    assert together.shape == x.shape
    assert together[2, 1] == pytest.approx(log_e_values(x[2, 1], 0.4), abs=1e-12)


def test_ends_of_the_scale() -> None:
    assert np.exp(log_e_values(np.array([0.0, 0.0]), 0.0)).tolist() == [1.0, 1.0]
    assert log_e_values(np.array([0.0, 0.1]), 0.0).tolist() == [0.0, math.inf], "a value above 0 refutes a mean of 0"
    assert (log_e_values(np.ones(50), 1.0) <= 1e-12).all(), "nothing is above 1"
    assert np.isfinite(log_e_values(np.zeros(5), 0.3)).all(), "who bet everything is out, the others are not"
    assert log_e_values(np.zeros(0), 0.3).shape == (0,)
    assert first_crossing(np.zeros((2, 0)), 0.05).tolist() == [0, 0]


@pytest.mark.parametrize(
    "values, mean", [([1.2], 0.5), ([-0.1], 0.5), ([math.nan], 0.5), ([0.5], 1.5), ([0.5], math.nan)]
)
def test_values_outside_the_scale_are_refused(values: list[float], mean: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        log_e_values(np.array(values), mean)


def test_other_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="begin at a value"):
        log_e_values(np.array([0.5]), 0.5, starts=(1,))
    with pytest.raises(ValueError, match="one row"):
        confidence_sequence(np.zeros((2, 3)))


@given(VALUES)
@settings(max_examples=30)
def test_a_confidence_sequence_holds_the_means_that_no_bet_refutes(values: list[float]) -> None:
    x = np.array(values)
    found = confidence_sequence(x, alpha=0.1, steps=50)
    assert found.estimate[-1] == pytest.approx(x.mean(), abs=1e-12)
    assert (found.low <= found.estimate + 1e-12).all() and (found.estimate <= found.high + 1e-12).all()
    for m in np.arange(1, 50) / 50:
        assert (log_e_values(x, m)[-1] >= math.log(20)) == (m <= found.low[-1] + 1e-9)
        assert (log_e_values(1 - x, 1 - m)[-1] >= math.log(20)) == (m >= found.high[-1] - 1e-9)


def test_a_running_sequence_never_widens_and_mirrors() -> None:
    x = np.random.default_rng(1).beta(2, 8, 120)
    found, running = confidence_sequence(x), confidence_sequence(x, running=True)
    assert (np.diff(running.low) >= 0).all() and (np.diff(running.high) <= 0).all()
    assert (running.low >= found.low).all() and (running.high <= found.high).all()
    mirrored = confidence_sequence(1 - x)
    assert 1 - mirrored.high == pytest.approx(found.low, abs=1e-12)
