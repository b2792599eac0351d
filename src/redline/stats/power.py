"""How many labels a wanted interval or a wanted power needs: the arithmetic, on variances that others estimate.

A corrected figure has the variance ``residual / n + explained / N`` with n labelled of N judged messages (see
`redline.stats.predictive.VarianceModel`).  Labels make the first part small.  The second is the floor: it is there because the N
messages are a sample themselves, and only more messages lower it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from redline.stats.quantiles import normal_cdf, normal_quantile, t_quantile

__all__ = ["Labels", "LabelModel", "detectable_difference", "labels_needed", "messages_needed", "power_at", "width_at"]

_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class LabelModel:
    """Variance of a figure when `each` comparisons are labelled of each of n labelled messages, out of `messages` judged.

    `residual` is per labelled message with `each` labelled of it; a message offers `most` of them.  The judge's errors about
    comparisons of one message go together (`icc`), so that the k-th label of a message tells less than the first of another:
    the residual of k is in proportion to (1 + (k - 1) icc) / k.

    >>> model = LabelModel(residual=0.01, explained=0.03, messages=1000, each=1, most=2)
    >>> round(model.variance(100), 9), round(model.variance(100, each=2), 9), round(model.variance(100, messages=2000), 9)
    (0.00013, 9.5e-05, 0.000115)
    """

    residual: float
    explained: float
    messages: int
    each: float = 1.0
    most: float = 1.0
    icc: float = 0.3
    sure: float = 1.0

    def freedom(self, labelled: int) -> int:
        """Messages to take the t quantile of, with so many labelled."""
        return max(round(labelled * self.sure), 2)

    def variance(self, labelled: float, *, each: float | None = None, messages: int | None = None) -> float:
        """Variance with `labelled` messages of `messages`, `each` comparisons of them labelled."""
        ratio = 1.0 if each is None else self._share(each) / self._share(self.each)
        return self.residual * ratio / labelled + self.explained / (messages or self.messages)

    def _share(self, each: float) -> float:
        return (1 + (max(each, 1.0) - 1) * self.icc) / max(each, 1.0)


@dataclass(frozen=True, slots=True)
class Labels:
    """`messages` to label and how many comparisons `each`; `comparisons` in all."""

    messages: int
    each: float
    comparisons: int


Enough = Callable[[float, int], bool]
"""Whether a variance is small enough, with t quantiles of this many messages."""


def width_at(variance: float, messages: int, *, level: float = 0.95) -> float:
    """Expected width of the interval of a figure with this variance that rests on so many labelled messages: 2 t se.

    >>> round(width_at(0.0001, 100), 4)
    0.0397
    """
    return 2 * t_quantile(0.5 + level / 2, max(messages - 1, 1)) * math.sqrt(variance)


def power_at(difference: float, variance: float, messages: int, *, alpha: float = 0.05) -> float:
    """Probability that a two-sided t-test shows a true `difference`: normal(|d| / se - t) (Miller 2024, arXiv:2411.00640).

    >>> round(power_at(0.028, 0.0001, 10_000), 2), round(power_at(0.0, 0.0001, 10_000), 3)
    (0.8, 0.05)
    """
    if variance <= 0:
        return 1.0 if difference else alpha
    t, shift = t_quantile(1 - alpha / 2, max(messages - 1, 1)), abs(difference) / math.sqrt(variance)
    return normal_cdf(shift - t) + normal_cdf(-shift - t)


def detectable_difference(variance: float, messages: int, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """The difference that is shown with this power: (t + z) se."""
    return (t_quantile(1 - alpha / 2, max(messages - 1, 1)) + normal_quantile(power)) * math.sqrt(variance)


def labels_needed(model: LabelModel, enough: Enough, *, least: int = 2) -> Labels | None:
    """Fewest labels with which `enough` holds, on at least `least` messages; None where even labelling everything is not enough.

    New messages are labelled before more of the same one, because the first label of a message tells most.

    >>> model = LabelModel(0.01, 0.03, 1000)
    >>> labels_needed(model, lambda v, n: width_at(v, n) <= 0.05)
    Labels(messages=79, each=1.0, comparisons=79)
    >>> labels_needed(model, lambda v, n: width_at(v, n) <= 0.02) is None
    True
    """
    best: Labels | None = None
    each = min(model.each, model.most)
    while True:
        found = _fewest(lambda n: enough(model.variance(n, each=each), model.freedom(n)), least, model.messages)  # noqa: B023
        if found is not None:
            labels = Labels(found, each, math.ceil(found * each - 1e-9))
            best = labels if best is None or labels.comparisons < best.comparisons else best
            break
        if each >= model.most:
            break
        each = min(math.floor(each) + 1.0, model.most)
    return best


def messages_needed(model: LabelModel, enough: Enough) -> int | None:
    """Fewest messages, all of them labelled completely, with which `enough` holds; None where ten million are not enough."""
    return _fewest(lambda n: enough(model.variance(n, each=model.most, messages=n), model.freedom(n)), 2, _MOST)


def _fewest(good: Callable[[int], bool], low: int, high: int) -> int | None:
    """Smallest number from `low` to `high` that is good, when all larger ones are; None where none is."""
    if low > high or not good(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle + 1, high)
    return low
