"""How much knowing the individual clinician could add, from themes alone.

A reply's set of themes is predicted without reading it, in four ways: from habits common to all clinicians, from this
clinician's own habits, from what the others wrote to this very message, and from both.  What own habits add is the most
that adapting to an individual's *choice of themes* can gain here; content is another matter and mostly larger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from redline.scoring.measures import edit_scores
from redline.stats import ResamplingPlan, bootstrap, intervals, paired_contrast
from redline.validation.agree.result import Adaptation, Gain, Predictor
from redline.validation.figure import figure

__all__ = ["KNOWS", "adaptation", "habit_predictions", "presence_table"]

Floats = NDArray[np.float64]
KNOWS = ("common habits", "own habits", "others' replies to this message", "others' replies and own habits")
THRESHOLDS = np.arange(1, 20) / 20
"""A theme is predicted from this share upwards; the share is chosen on the other messages."""


def presence_table(
    themes: Mapping[tuple[str, str], frozenset[str]], keys: Sequence[str]
) -> tuple[Floats, list[str], list[str]]:
    """(presence (messages, clinicians, themes) of 0 and 1, messages, clinicians); NaN where a clinician did not answer.

    >>> table, messages, people = presence_table({("m1", "a"): frozenset("x"), ("m2", "b"): frozenset()}, ["x"])
    >>> table[..., 0].tolist(), messages, people
    ([[1.0, nan], [nan, 0.0]], ['m1', 'm2'], ['a', 'b'])
    """
    messages, people = (sorted({pair[i] for pair in themes}) for i in range(2))
    row, column = ({name: i for i, name in enumerate(names)} for names in (messages, people))
    table = np.full((len(messages), len(people), len(keys)), np.nan)
    for (case, person), found in themes.items():
        table[row[case], column[person]] = [key in found for key in keys]
    return table, messages, people


def habit_predictions(presence: Floats) -> Floats:
    """Predicted shares (4, messages, clinicians, themes) in the order of `KNOWS`; NaN where one cannot be told.

    With y the presence and a dash for "without message m": *common* is the mean of y- over all replies, *own* the mean of
    this clinician's y-, *message* the mean of the other clinicians' y on m, and *both* = message + own - mean of those
    others' own, cut to [0, 1] (an additive model of message and clinician).
    """
    known = ~np.isnan(presence)
    y = np.where(known, presence, 0.0)
    count = known.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        common = (y.sum(axis=(0, 1)) - y.sum(axis=1)) / (count.sum(axis=(0, 1)) - count.sum(axis=1))
        own = (y.sum(axis=0) - y) / (count.sum(axis=0) - count)
        others = (y.sum(axis=1, keepdims=True) - y) / (count.sum(axis=1, keepdims=True) - count)
        habit = np.where(known & np.isfinite(own), own, 0.0)
        counted = (known & np.isfinite(own)).astype(np.float64)
        theirs = (habit.sum(axis=1, keepdims=True) - habit) / (counted.sum(axis=1, keepdims=True) - counted)
    both = np.clip(others + own - theirs, 0.0, 1.0)
    stacked = np.stack([np.broadcast_to(common[:, None], y.shape), own, others, both])
    return np.where(known & np.isfinite(stacked).all(axis=0), stacked, np.nan)


def adaptation(presence: Floats, *, draws: int, seed: int) -> Adaptation | None:
    """Theme F1 of the four predictions and what own habits add, with message-cluster intervals; None where no reply can be
    predicted in all four ways (one message, or no message with two replies).

    Each message's threshold is the one with the best F1 on the *other* messages, so that no prediction sees what it is
    compared with.  The predicted sets are then held fixed when messages are resampled.
    """
    shares = habit_predictions(presence)
    usable = np.asarray(np.isfinite(shares).all(axis=(0, 3)))
    if not usable.any() or len(presence) < 2:
        return None
    loads = np.stack([_chosen(_loads(s, presence, usable)) for s in shares], axis=1)
    plan = ResamplingPlan(len(presence), draws, seed)
    drawn = bootstrap(loads, _f1, plan)
    n = int(usable.sum())
    predictors = [Predictor(knows=KNOWS[i], f1=figure(row[0], n)) for i, row in enumerate(intervals(drawn))]
    gains = [
        Gain(what=what, difference=figure(paired_contrast(drawn, KNOWS, a, b, 0).difference, n))
        for what, a, b in (
            ("own habits instead of common habits", 1, 0),
            ("own habits on top of the others' replies", 3, 2),
        )
    ]
    return Adaptation(predictors=tuple(predictors), gains=tuple(gains))


def _loads(shares: Floats, presence: Floats, usable: NDArray[np.bool_]) -> Floats:
    """(thresholds, messages, 4): the load of the predicted sets at each threshold."""
    wanted = np.where(usable[..., None], presence, 0.0) > 0
    result = np.zeros((len(THRESHOLDS), len(presence), 4))
    for number, threshold in enumerate(THRESHOLDS):
        said = usable[..., None] & (np.nan_to_num(shares, nan=-1.0) >= threshold - 1e-12)
        both = (said & wanted).sum(axis=(1, 2))
        drafted, real = said.sum(axis=(1, 2)), wanted.sum(axis=(1, 2))
        result[number] = np.stack([drafted, drafted - both, real, real - both], axis=-1)
    return result


def _chosen(loads: Floats) -> Floats:
    """(messages, 4): for each message the load at the threshold that is best on the other messages (the lowest if tied)."""
    rest = loads.sum(axis=1, keepdims=True) - loads
    best = np.argmax(np.nan_to_num(_f1(rest)[..., 0], nan=-1.0), axis=0)
    return np.asarray(loads[best, np.arange(loads.shape[1])])


def _f1(sums: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.stack([edit_scores(*(sums[..., i] for i in range(4)))[2]], axis=-1)
