"""How much to shrink, learnt from the past replies themselves; and predictions for messages that a fit has not seen.

Variances are empirical Bayes: the fixed point of the marginal likelihood under the Laplace posterior (MacKay 1992),

    v_g <- (sum over the group's weights of w^2 + n0 v0) / (sum of (1 - S_ww / v_g) + n0)

where S_ww is a weight's posterior variance, so that the divisor counts the weights that the data determine, and n0 = 1 is
one weight's worth of prior belief v0, which is what holds with one clinician or without any variation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from redline.drafting.planner.pooling import (
    CLINICIAN,
    INTERCEPT,
    PLAIN_FEATURES,
    SLOPES,
    VECTORS,
    Head,
    Layout,
    Rows,
    fit_head,
)
from redline.records import digest

__all__ = ["PRIOR", "fit_pooled", "held_out", "message_folds", "moderated"]

Floats = NDArray[np.float64]

PRIOR = np.asarray([4.0, 0.04, 0.04, 1.0, 0.01])
"""v0 of each group: intercept (fixed, not learnt), message directions, plain features, clinicians, their slopes."""

_BELIEF = 1.0
_ROUNDS = 60
_STILL = 0.01  # change of log v at which the rounds end


def moderated(mean: Floats, variance: Floats) -> Floats:
    """Logit of the mean probability under a normal logit: m / sqrt(1 + pi s^2 / 8) (MacKay 1992).

    >>> moderated(np.array([2.0, 2.0]), np.array([0.0, 4.0])).round(3).tolist()
    [2.0, 1.247]
    """
    return np.asarray(mean / np.sqrt(1.0 + np.pi * variance / 8.0))


def fit_pooled(rows: Rows, y: Floats, layout: Layout, *, offset: float = 0.0) -> Head:
    """A head with the variances that make these replies most probable; deterministic."""
    variances = PRIOR.copy()
    head = fit_head(rows, y, layout, variances, offset=offset)
    for _ in range(_ROUNDS):
        new = _updated(head, layout, rows.clinicians)
        moved = float(np.abs(np.log(new / variances)).max())
        variances = new
        head = fit_head(rows, y, layout, variances, offset=offset, start=head)
        if moved < _STILL:
            break
    return head


def _updated(head: Head, layout: Layout, clinicians: int) -> Floats:
    general, own = head.uncertain
    new = PRIOR.copy()
    for group, square, unsure, of, times in (
        (VECTORS, head.b**2, general, layout.general, 1),
        (PLAIN_FEATURES, head.b**2, general, layout.general, 1),
        (CLINICIAN, (head.u**2).sum(axis=0), own, layout.own_groups, clinicians),
        (SLOPES, (head.u**2).sum(axis=0), own, layout.own_groups, clinicians),
    ):
        mine = of == group
        known = max(mine.sum() * times - unsure[mine].sum() / head.variances[group], 0.0)
        new[group] = (square[mine].sum() + _BELIEF * PRIOR[group]) / (known + _BELIEF)
    new[INTERCEPT] = PRIOR[INTERCEPT]
    return new


def message_folds(messages: Sequence[str], folds: int) -> NDArray[np.intp]:
    """Fold of each message; equal messages share one, and the order in which they come does not matter.

    >>> message_folds(["a", "b", "a", "c"], 3).tolist()
    [1, 2, 1, 0]
    """
    order = sorted(set(messages), key=lambda m: (digest(m), m))
    place = {m: i % folds for i, m in enumerate(order)}
    return np.asarray([place[m] for m in messages], dtype=np.intp)


def held_out(rows: Rows, y: Floats, layout: Layout, head: Head, fold: NDArray[np.intp]) -> Floats:
    """(replies,) moderated logits, each from a fit without the messages of its fold.

    The variances stay those of `head`: five numbers learnt from all replies say nothing about a single one.
    """
    made = np.zeros(len(y))
    for out in _masks(fold):
        part = fit_head(rows.part(~out), y[~out], layout, head.variances, offset=head.offset, start=head)
        for c in np.unique(rows.clinician[out]):
            mine = out & (rows.clinician == c)
            made[mine] = moderated(*part.predict(layout, rows.x[mine], int(c)))
    return made


def _masks(fold: NDArray[np.intp]) -> Iterator[NDArray[np.bool_]]:
    for number in np.unique(fold):
        yield fold == number
