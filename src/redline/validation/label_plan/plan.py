"""How many labels a wanted interval of corrected edit-F1, or a wanted power, takes: the plan of a corpus."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import redline
from redline.errors import UsageError
from redline.stats.label_models import MIN_PILOT, Pilot
from redline.stats.power import (
    Enough,
    LabelModel,
    Labels,
    detectable_difference,
    labels_needed,
    messages_needed,
    power_at,
    width_at,
)  # fmt: skip
from redline.stats.predictive import MIN_LABELLED
from redline.validation.label_plan.figures import LabelFigure, contrast_figure, system_figure
from redline.validation.label_plan.form import Assumed, Goal, LabelPlan, Need, Needed, Now
from redline.validation.label_plan.frame import LabelFrame
from redline.validation.label_plan.words import say

__all__ = ["LabelGoal", "contrasts_of", "plan_labels"]

_TAILS = (0.005, 0.995)
"""A spread of squares from a small pilot is itself unsure: these ends held the true number in 89 to 96 % of simulated pilots."""


@dataclass(frozen=True, slots=True)
class LabelGoal:
    """Either `width` of every system's interval, or `difference` between two systems or each and a baseline."""

    width: float | None = None
    difference: float | None = None
    power: float = 0.8
    alpha: float = 0.05
    level: float = 0.95
    icc: float = 0.3
    seed: int = 17

    def __post_init__(self) -> None:
        if (self.width is None) == (self.difference is None):
            raise UsageError("a plan has one goal: --width of an interval, or a --difference to show")
        wanted = self.width if self.width is not None else self.difference
        if wanted is None or not 0 < wanted < 1:
            raise UsageError("--width and --difference are above 0 and below 1 (points of edit-F1)")
        if (
            not 0.5 <= self.power < 1
            or not 1e-6 <= self.alpha < 1
            or not 0.5 <= self.level < 1
            or not 0 <= self.icc <= 1
        ):
            raise UsageError("--power is from 0.5 and below 1, --alpha from 0.000001 and below 1, --icc from 0 to 1")


def contrasts_of(
    frame: LabelFrame, between: tuple[str, str] | None = None, baseline: str | None = None
) -> list[tuple[str, str]]:  # fmt: skip
    """The pairs of systems that a difference is planned for; `UsageError` where it is not clear which."""
    if between is not None and baseline is not None:
        raise UsageError("--between and --baseline exclude each other")
    if between is not None:
        if between[0] == between[1]:
            raise UsageError("--between needs two different systems")
        return [(frame.known(between[0]), frame.known(between[1]))]
    if len(frame.systems) < 2:
        raise UsageError("a difference needs two systems, and this corpus has drafts of one")
    if baseline is not None:
        return [(name, frame.known(baseline)) for name in frame.systems if name != baseline]
    if len(frame.systems) > 2:
        raise UsageError("say which difference: --between A B, or --baseline A for every system against it")
    return [(frame.systems[1], frame.systems[0])]


def plan_labels(
    frame: LabelFrame, goal: LabelGoal, *, contrasts: Sequence[tuple[str, str]] = (), corpus: str = "",
    minutes_per_pair: float | None = None,
) -> LabelPlan:  # fmt: skip
    """What every figure needs.  `contrasts` are asked for a difference, and left alone for a width.

    Variances come from the labels that the frame has; a figure with too few of them is planned on the assumption that the
    judge's probabilities are right and that its errors in a message have the correlation `goal.icc`, and says so.
    """
    if goal.width is not None:
        figures = [system_figure(frame, name, goal.icc, goal.seed) for name in frame.systems]
    else:
        figures = [contrast_figure(frame, pair, goal.icc, goal.seed) for pair in contrasts]
    alpha = goal.alpha if goal.width is not None else goal.alpha / max(len(figures), 1)
    needs = [_need(f, goal, alpha) for f in figures]
    more_of = _by_system(needs)
    more = None if any(n.more_pairs is None for n in needs) else sum(more_of.values())
    minutes = None if more is None or minutes_per_pair is None else more * minutes_per_pair
    plan = LabelPlan(
        redline=redline.__version__, judge=frame.judge, corpus=corpus,
        goal=Goal(
            width=goal.width, difference=goal.difference, power=goal.power, alpha=alpha, level=goal.level, icc=goal.icc
        ),
        words=[], needs=needs, labelled_pairs=int((frame.weights > 0).sum()), more_pairs=more, more_pairs_of=more_of,
        minutes=minutes, seed=goal.seed,
    )  # fmt: skip
    return plan.model_copy(update={"words": [*say(plan, MIN_LABELLED), *frame.counts.words]})


def _need(figure: LabelFigure, goal: LabelGoal, alpha: float) -> Need:
    pilot = figure.pilot
    model = figure.assumed if pilot is None else pilot.model
    labelled = figure.labelled_messages if pilot is None else pilot.labelled
    now = Now(messages=labelled, pairs=figure.labelled, width=None, power=None, detectable=None)
    if model is None:
        return _nothing(figure, now, _undoubted(figure))

    def enough(variance: float, messages: int) -> bool:
        if goal.width is not None:
            return width_at(variance, messages, level=goal.level) <= goal.width
        return power_at(goal.difference or 0.0, variance, messages, alpha=alpha) >= goal.power

    if pilot is not None:
        now = now.model_copy(update=_standing(goal, model.variance(labelled), model.freedom(labelled), alpha))
    all_of_it = model.variance(model.messages, each=model.most), model.freedom(model.messages)
    best = (
        width_at(*all_of_it, level=goal.level) if goal.width is not None
        else detectable_difference(*all_of_it, power=goal.power, alpha=alpha)
    )  # fmt: skip
    found = labels_needed(model, enough, least=min(MIN_LABELLED, model.messages))
    total = None if found is None else _needed(found, pilot, enough)
    more = None if total is None else max(total.pairs - now.pairs, 0)
    if (
        found is not None
        and pilot is not None
        and enough(model.variance(labelled), labelled)
        and labelled >= MIN_LABELLED
    ):
        more = 0
    return Need(
        name=figure.name, systems=list(figure.systems), basis="assumed" if pilot is None else "pilot",
        assumed_because=figure.because, now=now, needed=total, more_pairs=more, messages=model.messages,
        pairs=figure.pairs, best=best,
        messages_needed=None if found is not None else messages_needed(model, enough),
        reason="" if found is not None else "not reached even with every comparison labelled: more messages are needed",
    )  # fmt: skip


def _nothing(figure: LabelFigure, now: Now, reason: str) -> Need:
    return Need(
        name=figure.name, systems=list(figure.systems), basis="assumed", assumed_because=figure.because, now=now, needed=None,
        more_pairs=None, messages=figure.messages, pairs=figure.pairs, best=None, messages_needed=None, reason=reason,
    )  # fmt: skip


def _undoubted(figure: LabelFigure) -> str:
    """Why there is neither a pilot nor a doubt of the judge's to plan by."""
    if figure.messages < 2:
        return "one message says nothing of the spread between messages"
    labels = {
        Assumed.FEW: f"there are fewer than {MIN_PILOT} labelled messages",
        Assumed.ALIKE: f"the labels of {figure.labelled_messages:,} messages do not differ",
        Assumed.NO_ERRORS: f"the judge hardly differs from the labels of {figure.labelled_messages:,} messages",
        None: "there is no pair",
    }[figure.because]
    return f"the judge's probabilities leave no doubt, and {labels}, so nothing tells how much labels could change"


def _standing(goal: LabelGoal, variance: float, messages: int, alpha: float) -> dict[str, float]:
    if goal.difference is None:
        return {"width": width_at(variance, messages, level=goal.level)}
    return {
        "power": power_at(goal.difference, variance, messages, alpha=alpha),
        "detectable": detectable_difference(variance, messages, power=goal.power, alpha=alpha),
    }


def _needed(found: Labels, pilot: Pilot | None, enough: Enough) -> Needed:
    low = high = None
    if pilot is not None:
        again = sorted(_comparisons(m, enough) for m in pilot.others)
        ends = np.quantile(again, _TAILS, method="nearest")
        low, high = (None if math.isinf(x) else int(x) for x in ends)
    return Needed(messages=found.messages, pairs=found.comparisons, pairs_low=low, pairs_high=high)


def _comparisons(model: LabelModel, enough: Enough) -> float:
    found = labels_needed(model, enough, least=min(MIN_LABELLED, model.messages))
    return math.inf if found is None else float(found.comparisons)


def _by_system(needs: Sequence[Need]) -> dict[str, int]:
    """More pairs of each system: a baseline's labels serve all of its differences."""
    more: dict[str, int] = {}
    for need in needs:
        for name in need.systems:
            more[name] = max(more.get(name, 0), math.ceil((need.more_pairs or 0) / len(need.systems)))
    return more
