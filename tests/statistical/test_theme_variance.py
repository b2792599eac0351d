"""Pooled variance components of theme use: the clinicians' share of the disagreement is found, and its interval covers.

Five clinicians with fixed tastes for six themes answer messages that call for a theme or not.  Intervals redraw the messages
and keep the clinicians.  The truth is exact: presence is Bernoulli with p = 0.45 + taste + message.
"""

import numpy as np
import pytest

from redline.validation.agree.components import pooled_components

REPLICATIONS = 250  # a coverage of 95 % has a Monte-Carlo error of 1.4 %
PEOPLE, THEMES, CALLED = 5, 6, 0.2


def tastes(strength: float) -> np.ndarray:
    return strength * np.array([1.0, -1.0, 0.5, -0.5, 0.0])[:, None] * np.where(np.arange(THEMES) % 2, 1.0, -1.0)


def draw(rng: np.random.Generator, messages: int, taste: np.ndarray) -> np.ndarray:
    p = 0.45 + taste[None] + rng.choice([-CALLED, CALLED], (messages, 1, THEMES))
    return (rng.uniform(size=(messages, PEOPLE, THEMES)) < p).astype(float)


def share_of_disagreement(taste: np.ndarray) -> float:
    """Clinician / (clinician + rest), summed over themes; divisor of the clinicians' variance is their number less 1."""
    clinician = taste.var(axis=0, ddof=1).sum()
    p = 0.45 + taste[..., None] + np.array([-CALLED, CALLED])
    rest = (p * (1 - p)).mean(axis=(0, 2)).sum()
    return float(clinician / (clinician + rest))


@pytest.mark.slow
@pytest.mark.parametrize("messages", [30, 80])
@pytest.mark.parametrize("strength", [0.05, 0.2])
def test_share_of_the_clinician_is_found_and_covered(messages: int, strength: float) -> None:
    taste = tastes(strength)
    truth = share_of_disagreement(taste)
    rng = np.random.default_rng([1, messages])
    found = [pooled_components(draw(rng, messages, taste), draws=400, seed=r).disagreement for r in range(REPLICATIONS)]
    assert np.mean([i.estimate for i in found]) == pytest.approx(truth, abs=0.004)
    covered = np.mean([(i.low or 0.0) <= truth <= (i.high or 0.0) for i in found])
    assert covered >= 0.93 - 0.014
    if strength == 0.2:
        assert covered <= 0.97 + 0.014, (
            "near 0 an interval of a variance covers more than its level; further up it does not"
        )


@pytest.mark.slow
def test_where_clinicians_do_not_differ_nothing_is_claimed() -> None:
    rng = np.random.default_rng(2)
    found = [pooled_components(draw(rng, 50, tastes(0.0)), draws=400, seed=r).disagreement for r in range(REPLICATIONS)]
    assert np.mean([(i.low or 0.0) > 0 for i in found]) <= 0.06 + 0.014
    assert np.mean([i.estimate for i in found]) < 0.01
