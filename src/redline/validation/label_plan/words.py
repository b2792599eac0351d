"""A label plan in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from redline.validation.label_plan.form import LabelPlan, Need

__all__ = ["say"]


def say(plan: LabelPlan, least: int) -> list[str]:
    """Sentences of the plan: each figure, then the sum, then what it rests on; `least` messages are always labelled."""
    return list(_sentences(plan, least))


def _sentences(plan: LabelPlan, least: int) -> Iterator[str]:
    goal = plan.goal
    for need in plan.needs:
        yield f"{need.name}: {_need(need, plan)}"
    if plan.more_pairs is not None:
        parts = ", ".join(f"{name} {n:,}" for name, n in plan.more_pairs_of.items() if n)
        time = "" if plan.minutes is None else f", about {plan.minutes:,.0f} minutes of one annotator"
        yield f"In all: {plan.more_pairs:,} more pairs{f' ({parts})' if parts else ''}{time}."
    if any(n.basis == "assumed" for n in plan.needs):
        yield (
            "Assumed, for lack of labels: the judge's probabilities are right on average, and its errors in one message have a "
            f"correlation of {goal.icc:g}. Label {least} or more pairs on messages of each system, and plan again with them."
        )
    if goal.difference is not None and len(plan.needs) > 1:
        yield f"{len(plan.needs)} differences share the level: each is tested at {goal.alpha:.3g}."
    if any(n.needed is not None and n.needed.messages <= least for n in plan.needs):
        yield f"A corrected figure needs {least} labelled messages, whatever the width."


def _need(need: Need, plan: LabelPlan) -> str:
    goal = plan.goal
    what = (
        f"a width of {goal.width:g}"
        if goal.width is not None
        else (f"a difference of {goal.difference:g} with power {goal.power:g}")
    )
    if need.needed is None:
        return _impossible(need, plan, what)
    have = f" ({need.now.pairs:,} are labelled{_now(need)})" if need.now.pairs else ""
    if not need.more_pairs:
        return f"{what} is reached{have}; nothing more to label."
    unsure = ""
    if need.needed.pairs_low is not None or need.needed.pairs_high is not None:
        high = "more than there are" if need.needed.pairs_high is None else f"{need.needed.pairs_high:,}"
        unsure = f", by this pilot between {need.needed.pairs_low or 0:,} and {high}"
    return f"{what} takes {need.needed.pairs:,} labelled pairs on {need.needed.messages:,} messages{unsure}{have}."


def _now(need: Need) -> str:
    if need.now.width is not None:
        return f", width {need.now.width:.3f}"
    return "" if need.now.power is None else f", power {need.now.power:.2f}"


def _impossible(need: Need, plan: LabelPlan, what: str) -> str:
    if need.best is None:
        return f"cannot be planned: {need.reason}."
    goal = plan.goal
    best = f"a width of {need.best:.3f}" if goal.width is not None else f"a difference of {need.best:.3f}"
    more = "" if need.messages_needed is None else f" It takes about {need.messages_needed:,} messages, all labelled."
    return (
        f"labels cannot reach {what}: with all {need.pairs:,} pairs of the {need.messages:,} messages labelled the best is {best}."
        f"{more}"
    )
