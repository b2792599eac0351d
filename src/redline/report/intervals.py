"""An interval as a row of `results.json`."""

from __future__ import annotations

from typing import Any

from redline.stats import Interval

__all__ = ["interval_row"]


def interval_row(interval: Interval) -> dict[str, Any]:
    """Full precision; null where there is no interval.

    >>> interval_row(Interval(0.5, None, None, None, 3))
    {'estimate': 0.5, 'low': None, 'high': None, 'se': None, 'clusters': 3}
    """
    return {
        "estimate": interval.estimate, "low": interval.low, "high": interval.high, "se": interval.se,
        "clusters": interval.clusters,
    }  # fmt: skip
