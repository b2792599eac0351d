"""Reliability: brute force, exact cases, chance, refusals."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from redline.stats.calibration import reliability
from redline.stats.calibration_error import corrected_error
from redline.stats.inversion import invert


def judged(seed, messages=80, units=6, sharpen=1.0):
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1.5, messages * units)
    p, truth = 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(-sharpen * z))
    return p, (rng.uniform(size=len(p)) < truth).astype(float), [f"m{i // units}" for i in range(len(p))]


def test_curve_and_error_equal_a_loop_over_bins() -> None:
    p, share, messages = judged(1)
    p[:3], share[:3] = (0.0, 1.0, 0.3), (0.0, 1.0, 0.5)
    found = reliability(p, share, messages, draws=200)
    total = 0.0
    for number, b in enumerate(found.bins):
        inside = (p >= number / 10) & ((p < (number + 1) / 10) | (number == 9))
        assert (b.low, b.high, b.count) == (number / 10, (number + 1) / 10, inside.sum())
        assert b.mean_p == pytest.approx(p[inside].mean())
        assert b.share.estimate == pytest.approx(share[inside].mean())
        total += abs(p[inside].mean() - share[inside].mean()) * inside.mean()
    assert found.ece_plain == pytest.approx(total)
    assert found.gap.estimate == pytest.approx(p.mean() - share.mean())
    assert found.brier.estimate == pytest.approx(np.mean((p - share) ** 2))
    whole = share.round() == share
    again = reliability(p[whole], share[whole], [m for m, w in zip(messages, whole, strict=True) if w], draws=200)
    assert again.brier.estimate == pytest.approx(brier_score_loss(share[whole], p[whole]))


def test_a_calibrated_judge_may_be_at_zero_and_an_overconfident_one_is_not() -> None:
    good = reliability(*judged(2), draws=500)
    assert good.ece.low == 0.0 and good.ece.estimate < good.ece_plain
    assert good.ece_plain < 2 * good.ece_of_chance
    bad = reliability(*judged(2, messages=300, sharpen=0.2), draws=500)
    assert bad.ece.low > 0.05 and bad.ece_plain > 3 * bad.ece_of_chance


def test_chance_is_what_calibrated_judges_show() -> None:
    """Over 50 seeds the mean plain error of calibrated judges and the mean error of chance agree within 10 %."""
    found = [reliability(*judged(seed), draws=300) for seed in range(50)]
    plain, chance = np.mean([f.ece_plain for f in found]), np.mean([f.ece_of_chance for f in found])
    assert chance == pytest.approx(plain, rel=0.1)


def test_shares_of_several_people_and_unknown_values() -> None:
    p, share, messages = judged(3)
    share[:10] = np.nan
    p[20] = np.nan
    found = reliability(p, share, messages, draws=200)
    kept = np.isfinite(p) & np.isfinite(share)
    assert found.units == kept.sum() == len(p) - 11
    halves = reliability(p[kept], np.full(kept.sum(), 0.5), [m for m, k in zip(messages, kept, strict=True) if k])
    assert halves.gap.estimate == pytest.approx(p[kept].mean() - 0.5)
    assert all(b.share.low is None for b in halves.bins)  # everybody always half: no variation, no interval


def test_same_seed_same_figures() -> None:
    assert reliability(*judged(4), draws=300) == reliability(*judged(4), draws=300)
    assert reliability(*judged(4), draws=300) != reliability(*judged(4), draws=300, seed=1)


def test_few_or_no_messages_and_wrong_calls() -> None:
    p, share, messages = judged(5)
    few = reliability(p[:24], share[:24], messages[:24], draws=200)
    assert few.ece.low is None and few.ece_of_chance is None and "4 messages" in few.reason
    assert few.ece.estimate == few.ece_plain
    none = reliability([], [], [])
    assert none.reason and none.ece.estimate is None and none.bins == ()
    same = reliability([0.25] * 40, [0.25] * 40, messages[:40])
    assert same.ece.estimate == 0.0 and same.ece.low is None and same.reason
    with pytest.raises(ValueError, match="0, 1"):
        reliability([1.2], [0.0], ["m"])
    with pytest.raises(ValueError, match="cluster"):
        reliability(p, share, messages[:-1])


def test_one_bin_is_the_absolute_gap() -> None:
    p, share, messages = judged(6, messages=200, sharpen=0.3)
    found = reliability(p, share + 0.0, messages, bins=1, draws=2_000)
    assert found.ece_plain == pytest.approx(abs(found.gap.estimate))
    shifted = reliability(np.minimum(p + 0.15, 1.0), share, messages, bins=1, draws=2_000)
    assert shifted.ece.estimate == pytest.approx(shifted.gap.estimate, abs=0.002)
    assert (shifted.ece.low, shifted.ece.high) == pytest.approx((shifted.gap.low, shifted.gap.high), abs=0.006)


def test_inversion_equals_the_folded_normal() -> None:
    """|t + z| with standard normal z: ends solve P(|t + z| >= x) = 0.025, and the other way round."""
    from scipy import optimize, stats

    noise = np.random.default_rng(0).normal(size=200_000)
    found = invert(2.5, lambda t: np.abs(t + noise), 0.025, 1.0)

    def above(t):
        return 1 - stats.norm.cdf(2.5 - t) + stats.norm.cdf(-2.5 - t)

    assert found.low == pytest.approx(optimize.brentq(lambda t: above(t) - 0.025, 0, 5), abs=0.03)
    assert found.middle == pytest.approx(optimize.brentq(lambda t: above(t) - 0.5, 0, 5), abs=0.01)
    assert found.high == pytest.approx(optimize.brentq(lambda t: above(t) - 0.975, 0, 9), abs=0.03)
    tiny = invert(0.001, lambda t: np.abs(t + noise), 0.025, 1.0)
    assert tiny.low == tiny.middle == 0.0 and tiny.high > 1.9  # as if |z| had been at its median, not at 0


def test_a_large_error_is_not_corrected_away() -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, (4_000, 6))
    gaps = np.array([0.1, -0.1, 0.1, 0.1, -0.1, 0.1])
    found = corrected_error(gaps, noise, np.full(6, 1 / 6), 100)
    assert found.estimate == pytest.approx(0.6, abs=0.005)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.01 * 6**0.5, rel=0.1)
