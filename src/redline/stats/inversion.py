"""Intervals of quantities that cannot be below 0 and are estimated through noise, by inverting a test.

A sum of squares or of absolute values of noisy effects is pushed up by the noise.  Near 0 a bootstrap resamples around
effects that already hold that noise, so its intervals (percentile or BCa) miss small truths.  Here the effects are scaled
to each candidate truth t, the noise is added, and the t stay that the observed value does not contradict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Inverted", "invert"]

_STEPS = 40


@dataclass(frozen=True, slots=True)
class Inverted:
    """Ends of the interval and the median-unbiased value, each at least 0."""

    low: float
    middle: float
    high: float


def invert(observed: float, values: Callable[[float], NDArray[np.float64]], tail: float, start: float) -> Inverted:
    """Candidates t >= 0 by `values(t)` (draws,), what would be observed if t were true; it grows with t.

    low solves P(values(t) >= observed) = tail, high P(values(t) <= observed) = tail, middle the first with 1/2; each is
    0 where t = 0 already gives more.  For high, an observed value below what t = 0 gives half of the time counts as that
    median: luck in the noise must not make a bound tighter than the noise allows (Cowan et al. 2011, "Power-constrained
    limits", arXiv 1105.3166), so high is never 0.  `start` > 0 is a t to begin the search with.

    >>> noise = np.random.default_rng(0).normal(size=4000)
    >>> found = invert(9.0, lambda t: (t + noise) ** 2, 0.025, 1.0)
    >>> round(found.low, 1), round(found.middle, 1), round(found.high, 1)
    (1.0, 3.0, 4.9)
    """
    seen = max(observed, float(np.median(values(0.0))))
    return Inverted(
        _solve(lambda t: float((values(t) >= observed).mean()), tail, start),
        _solve(lambda t: float((values(t) >= observed).mean()), 0.5, start),
        _solve(lambda t: float((values(t) > seen).mean()), 1.0 - tail, start),
    )


def _solve(share: Callable[[float], float], wanted: float, start: float) -> float:
    """The smallest t >= 0 at which a share that grows with t reaches `wanted`."""
    if share(0.0) >= wanted:
        return 0.0
    low, high = 0.0, start
    for _ in range(_STEPS):
        if share(high) >= wanted:
            break
        low, high = high, 2.0 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if share(middle) >= wanted else (middle, high)
        if high - low <= 1e-4 * high:  # far below what the draws resolve
            break
    return high
