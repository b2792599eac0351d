"""A figure as files hold it: estimate, interval and how much it rests on; null where the data do not give one."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from redline.stats import Interval

__all__ = ["Figure", "figure"]


class Figure(BaseModel):
    """`estimate` with its 95 % interval over `clusters` messages; `n` is what was compared (units, pairs, texts).

    `low` and `high` are null where no interval can be given, `estimate` too where nothing is defined; `note` says why.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    clusters: int
    note: str = ""


def figure(interval: Interval, n: int, note: str = "") -> Figure:
    """The figure of an interval that rests on `n` units, pairs or texts.

    >>> figure(Interval(0.5, 0.4, 0.6, 0.05, 20), 100).model_dump()
    {'estimate': 0.5, 'low': 0.4, 'high': 0.6, 'n': 100, 'clusters': 20, 'note': ''}
    >>> figure(Interval(None, None, None, None, 0), 0).note
    'nothing to compare'
    """
    if not note and interval.estimate is None:
        note = "undefined on these data" if n else "nothing to compare"
    elif not note and interval.low is None:
        note = "too few messages, or no variation between them, for an interval"
    return Figure(
        estimate=interval.estimate, low=interval.low, high=interval.high, n=n, clusters=interval.clusters, note=note
    )  # fmt: skip
