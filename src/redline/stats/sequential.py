"""Anytime-valid tests and confidence sequences for the mean of values in [0, 1], by betting.

Start with 1 and bet on every value in turn that the mean is above `m`.  Where no mean is above it, the wealth cannot be
expected to grow, however the bets are chosen beforehand, and the chance that it *ever* reaches 1/alpha is at most alpha
(Ville 1939).  One may therefore look after every value and stop when one likes; a t-test that is repeated may not.
A fixed fraction f of the wealth is bet; the wealth of several fractions is averaged, so that none has to be chosen:

    E_t(m) = mean over f of  prod_{i <= t} (1 - f + f x_i / m)

Waudby-Smith and Ramdas (2024), Estimating means of bounded random variables by betting, JRSS B 86(1), section 4 (bets
constant in time, mixed over a grid).  Values are one a cluster: clusters are independent, what is inside one need not be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ConfidenceSequence", "confidence_sequence", "first_crossing", "log_e_values"]

Floats = NDArray[np.float64]
FRACTIONS = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4, 7 / 8, 1.0)
"""Shares of the wealth that are bet: small ones find small rises of noisy values, large ones large rises soon."""
_CELLS = 20_000


def log_e_values(values: Floats, mean: float, *, starts: Sequence[int] | None = None) -> Floats:
    """Logarithm of the e-value against "no mean is above `mean`" after each value: (..., n), as `values`.

    For "no mean is below m" ask about ``1 - values`` and ``1 - m``.  With `starts` (positions, for instance where months
    begin) the bets begin anew at each of them, the j-th with 1/(j(j+1)) of the wealth, and the rest waits for starts to
    come: a rise that comes late is found sooner, the wealth is as honest as before (a mixture of e-processes is one), and
    what was found does not change when the values go on.  `ValueError` for values or a mean outside [0, 1].

    >>> import numpy as np
    >>> x = np.array([0.5, 1.0, 1.0, 1.0])
    >>> np.exp(log_e_values(x, 0.25)).round(1).tolist(), np.exp(log_e_values(x, 0.25, starts=(0, 2))).round(1).tolist()
    ([1.4, 3.5, 10.4, 33.3], [1.2, 2.3, 5.9, 18.0])
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim < 1 or not 0.0 <= mean <= 1.0 or not np.isfinite(x).all() or (x.size and (x.min() < 0 or x.max() > 1)):
        raise ValueError("an e-value needs values in [0, 1] along an axis, and a mean in [0, 1]")
    if starts is None:
        return _mixture(x, mean)
    places = sorted({int(s) for s in starts})
    if any(not 0 <= s < max(x.shape[-1], 1) for s in places):
        raise ValueError("bets can begin at a value only")
    total = np.full(x.shape, -math.log(len(places) + 1))
    for number, start in enumerate(places, start=1):
        path = np.zeros(x.shape)
        path[..., start:] = _mixture(x[..., start:], mean)
        np.logaddexp(total, path - math.log(number * (number + 1)), out=total)
    return total


def _mixture(x: Floats, mean: float) -> Floats:
    """Logarithm of the wealth averaged over the fractions."""
    if mean == 0.0:  # every value above 0 refutes it
        seen = np.logical_or.accumulate(x > 0, axis=-1)
        return np.where(seen, np.inf, 0.0)
    return _bets(x / mean)


def _bets(ratios: Floats) -> Floats:
    """The same for values in units of the mean."""
    total = np.full(ratios.shape, -np.inf)
    for fraction in FRACTIONS:
        with np.errstate(divide="ignore"):  # all of the wealth was bet and lost: log 0
            growth = np.log(1.0 - fraction + fraction * ratios)
        np.logaddexp(total, growth.cumsum(axis=-1), out=total)
    return total - math.log(len(FRACTIONS))


def first_crossing(log_e: Floats, alpha: float) -> NDArray[np.intp]:
    """Number of values after which the e-value first reached 1/alpha, and 0 where it never did: (...,).

    >>> import numpy as np
    >>> first_crossing(np.log([[1.0, 30.0, 5.0], [1.0, 1.0, 1.0]]), 0.05).tolist()
    [2, 0]
    """
    over = np.asarray(log_e) >= -math.log(alpha)
    if not over.shape[-1]:
        return np.zeros(over.shape[:-1], dtype=np.intp)
    return np.where(over.any(axis=-1), over.argmax(axis=-1) + 1, 0).astype(np.intp)


@dataclass(frozen=True, slots=True)
class ConfidenceSequence:
    """`low[t]` and `high[t]` after value t + 1, and the running mean.  With probability 1 - alpha the mean is inside at
    every t at once, where it stays the same throughout.
    """

    estimate: Floats
    low: Floats
    high: Floats


def confidence_sequence(
    values: Floats, *, alpha: float = 0.05, running: bool = False, steps: int = 400
) -> ConfidenceSequence:  # fmt: skip
    """Means that the bets against them (alpha/2 a side) have not refuted, to 1/`steps` on the safe side: each (n,).

    With `running` no bound ever gets worse (what was once refuted stays so), which is tighter where the mean does not
    change and wrong where it does.

    >>> import numpy as np
    >>> found = confidence_sequence(np.tile([0.0, 0.2, 0.4], 30))
    >>> round(float(found.estimate[-1]), 2), round(float(found.low[-1]), 2), round(float(found.high[-1]), 2)
    (0.2, 0.14, 0.26)
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1:
        raise ValueError("a confidence sequence is of one row of values")
    low, high = _lower(x, alpha / 2, steps), 1.0 - _lower(1.0 - x, alpha / 2, steps)
    if running:
        low, high = np.maximum.accumulate(low), np.minimum.accumulate(high)
    return ConfidenceSequence(x.cumsum() / np.arange(1, len(x) + 1), low, high)


def _lower(x: Floats, alpha: float, steps: int) -> Floats:
    """Largest mean of the grid that is refuted after each value (E falls in m, so that all smaller ones are too)."""
    bound = np.zeros(len(x))
    limit = -math.log(alpha)
    means = np.arange(1, steps) / steps
    at_once = max(_CELLS // max(len(x), 1), 1)
    for start in range(0, len(means), at_once):
        some = means[start : start + at_once]
        refuted = _bets(x / some[:, None]) >= limit
        bound = np.maximum(bound, np.where(refuted, some[:, None], 0.0).max(axis=0))
        if not refuted[-1].any():
            break
    return bound
