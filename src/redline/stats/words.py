"""Figures as people read them: the same on a terminal, in a sentence, on a page and on a drawing."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Estimated", "say_difference", "say_estimate", "say_interval", "say_number", "say_p"]

DASH = "–"


class Estimated(Protocol):
    """An estimate and its interval; None where there is none."""

    @property
    def estimate(self) -> float | None:
        """The estimate."""

    @property
    def low(self) -> float | None:
        """Lower end."""

    @property
    def high(self) -> float | None:
        """Upper end."""


def say_number(value: float | None, digits: int = 2, sign: str = "", unknown: str = DASH) -> str:
    """A number to so many digits; `sign` is "+" where a plus is to be seen.  Never a negative zero.

    >>> say_number(-0.001), say_number(0.25, 3, "+"), say_number(None)
    ('0.00', '+0.250', '–')
    """
    return unknown if value is None else f"{round(value, digits) + 0.0:{sign}.{digits}f}"


def say_estimate(
    estimate: float | None, low: float | None, high: float | None, digits: int = 2, sign: str = "", unknown: str = DASH
) -> str:  # fmt: skip
    """Estimate and interval; the estimate alone where there is no interval, `unknown` where there is none either.

    >>> say_estimate(0.5, 0.4, 0.61), say_estimate(0.5, None, None, 3, "+"), say_estimate(None, None, None)
    ('0.50 [0.40, 0.61]', '+0.500', '–')
    """
    text = say_number(estimate, digits, sign, unknown)
    if estimate is None or low is None or high is None:
        return text
    return f"{text} [{say_number(low, digits, sign)}, {say_number(high, digits, sign)}]"


def say_interval(found: Estimated, digits: int = 2, sign: str = "", unknown: str = DASH) -> str:
    """`say_estimate` of an interval or a figure.

    >>> from redline.stats import Interval
    >>> say_interval(Interval(0.5, 0.4, 0.61, 0.1, 9))
    '0.50 [0.40, 0.61]'
    """
    return say_estimate(found.estimate, found.low, found.high, digits, sign, unknown)


def say_difference(found: Estimated) -> str:
    """A difference: signed, to three digits.

    >>> from redline.stats import Interval
    >>> say_difference(Interval(-0.02, -0.03, -0.0001, 0.1, 9))
    '-0.020 [-0.030, +0.000]'
    """
    return say_interval(found, 3, "+")


def say_p(value: float | None) -> str:
    """A p-value to three digits.

    >>> say_p(None), say_p(0.0004), say_p(0.0321)
    ('–', '< 0.001', '0.032')
    """
    return DASH if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"
