"""What a drift test could have found: the error and the bias that these messages would have shown with a wanted probability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.sequential import log_e_values
from redline.validation.judge.message_errors import MessageErrors

__all__ = ["Rehearsal", "detectable_bias", "detectable_rise"]

Floats = NDArray[np.float64]
_CELLS = 1_000_000
_STEPS = 8
_SUM = 1 / 0.2 - 1
"""Both parameters of a beta distribution whose draws are shared by units of ICC 0.2."""


@dataclass(frozen=True)
class Rehearsal:
    """How a test is rehearsed: up to 400 times, with as many messages drawn anew from those that there are.

    Where the bets begin anew every month only those of the first month are counted, so that answers err on the large side.
    """

    log_e_needed: float
    power: float = 0.8
    seed: int = 17
    months: bool = False

    def picks(self, n: int) -> NDArray[np.intp]:
        """Which messages each rehearsal draws: (rehearsals, n)."""
        rehearsals = min(400, max(100, _CELLS // max(n, 1)))
        return np.random.default_rng([self.seed, 3]).integers(0, n, (rehearsals, n))

    def found(self, values: Floats, mean: float) -> bool:
        """Whether the share of rehearsals that end in an alarm reaches the power."""
        log_e = log_e_values(values, mean, starts=(0,) if self.months else None)
        return bool(np.mean((log_e >= self.log_e_needed).any(axis=-1)) >= self.power)


def detectable_rise(errors: MessageErrors, bound: float, how: Rehearsal) -> float | None:
    """Smallest mean error that is found; None where none would be.

    Every unit that the judge got right becomes wrong with a chance that differs from message to message (beta, ICC 0.2) and
    whose mean a bisection finds to 1/256.
    """
    picks = how.picks(len(errors.cases))
    error, units = errors.error[picks], errors.units[picks]
    right = np.rint(units * (1 - error)).astype(np.int64)

    def enough(chance: float) -> bool:
        rng = np.random.default_rng([how.seed, 4])
        each = rng.beta(_SUM * chance, _SUM * (1 - chance), right.shape) if 0 < chance < 1 else chance
        more = rng.binomial(right, each)
        return how.found(np.minimum(error + more / units, 1.0), min(max(bound, 1e-3), 1 - 1e-3))

    chance = None if bound >= 1 else _smallest(enough)
    now = float(errors.error.mean())
    return None if chance is None else now + chance * (1 - now)


def detectable_bias(errors: MessageErrors, bound: float, how: Rehearsal, *, sign: int) -> float | None:
    """Smallest mean bias beyond `bound` (above it for `sign` 1, below for -1) that is found; None where none would be.

    All messages are moved by the same amount, as far as the scale goes.
    """
    values = (1 + sign * errors.bias) / 2
    drawn, mean = values[how.picks(len(values))], (1 + sign * bound) / 2
    if mean >= 1:
        return None
    shift = _smallest(lambda by: how.found(np.minimum(drawn + by, 1.0), max(mean, 1e-3)))
    return None if shift is None else sign * (2 * float(np.minimum(values + shift, 1.0).mean()) - 1)


def _smallest(enough: Callable[[float], bool]) -> float | None:
    if not enough(1.0):
        return None
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
