"""Looking after every message: the e-value keeps its promise, a repeated t-test does not."""

import numpy as np
import pytest

from redline.stats.quantiles import t_quantile
from redline.stats.sequential import confidence_sequence, first_crossing, log_e_values
from tests.statistical.worlds import beta_quantile

ALPHA = 0.05
REPLICATIONS = 2_000
MESSAGES = 300
ERROR = 3 * np.sqrt(ALPHA * (1 - ALPHA) / REPLICATIONS)
"""Three Monte-Carlo standard errors of a rate of 5 %: 1.5 points."""
MONTHS = range(0, MESSAGES, 50)


def messages(rate: float, replications: int, seed: int, *, icc: float = 0.3, messages: int = MESSAGES) -> np.ndarray:
    """Share of the units that the judge gets wrong in each message: units of a message are alike, and 8 to 19 of them."""
    rng = np.random.default_rng(seed)
    p = beta_quantile(rng.uniform(size=(replications, messages)), rate, icc)
    units = rng.integers(8, 20, p.shape)
    return rng.binomial(units, p) / units


def repeated_t_test(x: np.ndarray, mean: float, alpha: float, least: int = 10) -> np.ndarray:
    """Whether a one-sided t-test after every message from `least` on ever rejects."""
    n = np.arange(1, x.shape[-1] + 1)
    average = x.cumsum(axis=-1) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = ((x**2).cumsum(axis=-1) - n * average**2) / (n - 1)
        t = (average - mean) / np.sqrt(variance / n)
    limit = np.array([np.inf] * (least - 1) + [t_quantile(1 - alpha, int(k) - 1) for k in n[least - 1 :]])
    return (t > limit).any(axis=-1)


def repeated_test_of_units(x: np.ndarray, mean: float, alpha: float) -> np.ndarray:
    """The same with 13 independent units a message, which they are not."""
    n = 13 * np.arange(1, x.shape[-1] + 1)
    z = (x.cumsum(axis=-1) / (n / 13) - mean) / np.sqrt(mean * (1 - mean) / n)
    return (z > 1.645).any(axis=-1)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.05, 0.15, 0.3])
@pytest.mark.parametrize("icc", [0.05, 0.3])
@pytest.mark.parametrize("starts", [None, MONTHS])
def test_a_false_alarm_ever_has_probability_alpha_at_most(rate: float, icc: float, starts: range | None) -> None:
    x = messages(rate, REPLICATIONS, 1, icc=icc)
    above = first_crossing(log_e_values(x, rate, starts=starts), ALPHA) > 0
    below = first_crossing(log_e_values(1 - x, 1 - rate, starts=starts), ALPHA) > 0
    assert above.mean() <= ALPHA + ERROR and below.mean() <= ALPHA + ERROR


def test_the_controls_exceed_it() -> None:
    """The same messages and the same alpha: an ordinary test, looked at after every message, is wrong in a fifth of studies."""
    x = messages(0.15, REPLICATIONS, 1)
    assert repeated_t_test(x, 0.15, ALPHA).mean() > 0.12
    assert repeated_test_of_units(x, 0.15, ALPHA).mean() > 0.4
    once = repeated_t_test(x, 0.15, ALPHA, least=MESSAGES)
    assert once.mean() <= ALPHA + ERROR, "looked at once, the t-test is honest: it is the looking that is not"


@pytest.mark.slow
def test_power_and_when_a_rise_is_found() -> None:
    """From 15 % to 25 % wrong: found in all, after 32 messages in the median; to 35 % after 10; to 20 % in six of seven."""
    found = {
        rise: first_crossing(log_e_values(messages(0.15 + rise, 1_000, 2), 0.15), ALPHA) for rise in (0.05, 0.1, 0.2)
    }
    share = {rise: float((at > 0).mean()) for rise, at in found.items()}
    median = {rise: float(np.median(np.where(at > 0, at, np.inf))) for rise, at in found.items()}
    assert share[0.05] > 0.8 and share[0.1] > 0.99 and share[0.2] > 0.99
    assert median[0.2] < 15 < median[0.1] < 50 < median[0.05] < 180


@pytest.mark.slow
def test_a_late_rise_is_found_sooner_when_bets_begin_anew() -> None:
    x = np.concatenate([messages(0.15, 1_000, 3, messages=200), messages(0.3, 1_000, 4, messages=100)], axis=1)
    once, again = (first_crossing(log_e_values(x, 0.15, starts=s), ALPHA) for s in (None, MONTHS))
    after = [np.median(np.where(at > 200, at, np.inf)[(at == 0) | (at > 200)]) - 200 for at in (once, again)]
    assert after[1] < 0.7 * after[0]
    early = first_crossing(log_e_values(messages(0.3, 1_000, 5), 0.15, starts=MONTHS), ALPHA)
    plain = first_crossing(log_e_values(messages(0.3, 1_000, 5), 0.15), ALPHA)
    assert np.median(early) <= 1.5 * np.median(plain), "the price where the rise is there from the start"


@pytest.mark.slow
def test_a_confidence_sequence_holds_the_mean_at_every_look() -> None:
    x = messages(0.15, 200, 6, messages=150)
    missed = [
        bool(((found.low > 0.15) | (found.high < 0.15)).any())
        for found in (confidence_sequence(row, alpha=ALPHA, steps=100) for row in x)
    ]
    assert np.mean(missed) <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / 200)
