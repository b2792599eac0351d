"""Coverage of the calibration figures: messages of 8 units, answers alike within a message (ICC about 0.3).

The judge's probabilities are right, shifted, or too sure; the truth of each is computed from four million units.  The
control is the plain binned error with a bootstrap percentile interval, which almost never holds the 0 of a right judge.
"""

import functools
from statistics import NormalDist

import numpy as np
import pytest

from redline.stats import ResamplingPlan, bootstrap
from redline.stats.calibration import _Curve, _sums, reliability
from redline.stats.intervals import intervals

UNITS, BINS = 8, 10
MAPS = {"right": lambda z: z, "shifted": lambda z: z - 0.5, "too sure": lambda z: 0.5 * z}


def draw(rng, messages, kind):
    """Probabilities (messages, units), what they should be, and answers with a shared normal factor of each message."""
    from scipy.special import expit, ndtri

    z = rng.normal(-0.3, 1.45, (messages, UNITS)) + 0.8 * rng.normal(size=(messages, 1))
    right = expit(MAPS[kind](z))
    latent = np.sqrt(0.55) * rng.normal(size=z.shape) + np.sqrt(0.45) * rng.normal(size=(messages, 1))
    return expit(z), right, (ndtri(right) > latent).astype(float)


@functools.cache
def truth(kind):
    """True binned error, gap, Brier score and share of each bin."""
    p, right, _ = draw(np.random.default_rng(99), 500_000, kind)
    p, right = p.ravel(), right.ravel()
    which = np.minimum((p * BINS).astype(int), BINS - 1)
    counts = np.bincount(which, minlength=BINS)
    each = np.bincount(which, weights=p - right, minlength=BINS)
    error = 0.0 if kind == "right" else np.abs(each).sum() / len(p)
    brier = ((p - right) ** 2 + right * (1 - right)).mean()
    return error, (p - right).mean(), brier, np.bincount(which, weights=right, minlength=BINS) / counts


@pytest.mark.slow
@pytest.mark.parametrize("messages", [30, 50, 100, 500])
def test_curve_gap_and_brier_score_cover(messages) -> None:
    """400 replications: three standard errors of a simulated 0.95 are 0.033 (of 150, with 500 messages: 0.053)."""
    rng = np.random.default_rng(messages)
    replications = 400 if messages < 500 else 150
    index = np.repeat(np.arange(messages), UNITS)
    sums = np.empty((messages, replications, 3 * BINS + 1))
    for r in range(replications):
        p, _, answer = draw(rng, messages, "shifted")
        sums[:, r] = _sums(p.ravel(), answer.ravel(), index, messages, BINS)
    found = intervals(bootstrap(sums, lambda s: _Curve(BINS)(s)[..., : BINS + 2], ResamplingPlan(messages, 500)))
    _, gap, brier, shares = truth("shifted")
    slack = 0.033 if messages < 500 else 0.053
    for value, true in ((BINS, gap), (BINS + 1, brier)):
        held = np.mean([row[value].low <= true <= row[value].high for row in found])
        assert 0.95 - slack <= held <= min(0.95 + slack, 1.0)
    shown = [(row[b].low <= shares[b] <= row[b].high) for row in found for b in range(BINS) if row[b].known]
    assert 0.93 <= np.mean(shown) <= 0.985  # sparse bins of few messages are a little too wide, never too narrow


@pytest.mark.slow
@pytest.mark.parametrize(
    ("messages", "kind"),
    [(30, "right"), (50, "right"), (100, "right"), (500, "right"), (30, "shifted"), (100, "shifted"), (500, "shifted"),
     (50, "too sure"), (500, "too sure")],
)  # fmt: skip
def test_the_calibration_error_covers_and_the_plain_percentiles_do_not(messages, kind) -> None:
    """80 replications: three standard errors of a simulated 0.95 are 0.073.  Coverage may be above nominal: the interval
    is the widest over the shapes of miscalibration that the data allow."""
    error = truth(kind)[0]
    rng = np.random.default_rng(messages + len(kind))
    labels = [str(m) for m in np.repeat(np.arange(messages), UNITS)]
    replications, held, control, estimates, plain = 80, 0, 0, [], []
    for seed in range(replications):
        p, _, answer = draw(rng, messages, kind)
        found = reliability(p.ravel(), answer.ravel(), labels, draws=300, seed=seed)
        held += found.ece.low - 1e-9 <= error <= found.ece.high
        estimates.append(found.ece.estimate)
        plain.append(found.ece_plain)
        if kind == "right":
            sums = _sums(p.ravel(), answer.ravel(), np.repeat(np.arange(messages), UNITS), messages, BINS)
            drawn = bootstrap(sums[:, None], _Curve(BINS), ResamplingPlan(messages, 200, seed)).draws[:, 0, BINS + 2 :]
            control += np.quantile(np.abs(drawn).sum(axis=1), 0.025) <= error
    assert held / replications >= 0.95 - 0.073
    assert abs(np.mean(estimates) - error) < 0.035 * (30 / messages) ** 0.5 + 0.002
    if kind == "right":
        assert control / replications < 0.05
        assert np.mean(estimates) < 0.5 * np.mean(plain)


def test_the_latent_factor_gives_the_likeness_it_should() -> None:
    """A latent correlation of 0.45 is an ICC of about 0.3 of a yes-or-no answer (2 asin(rho) / pi at a share of 1/2)."""
    assert 2 * np.arcsin(0.45) / np.pi == pytest.approx(0.3, abs=0.01)
    assert NormalDist().cdf(0.0) == 0.5
