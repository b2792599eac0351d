"""Figures as a terminal shows them."""

from __future__ import annotations

from redline.stats import Interval

__all__ = ["say_interval", "say_p"]


def say_interval(i: Interval, digits: int = 2, sign: str = "") -> str:
    """Estimate and interval; a dash where nothing is known.

    >>> say_interval(Interval(0.5, 0.4, 0.61, 0.1, 9)), say_interval(Interval(0.5, None, None, None, 3), 3, "+")
    ('0.50 [0.40, 0.61]', '+0.500')
    """
    form = f"{sign}.{digits}f"
    if i.estimate is None:
        return "–"
    if i.low is None or i.high is None:
        return f"{i.estimate:{form}}"
    return f"{i.estimate:{form}} [{i.low:{form}}, {i.high:{form}}]"


def say_p(value: float | None) -> str:
    """A p-value to three digits.

    >>> say_p(None), say_p(0.0004), say_p(0.0321)
    ('–', '< 0.001', '0.032')
    """
    return "–" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"
