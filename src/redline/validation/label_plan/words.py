"""A label plan in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from redline.validation.label_plan.form import Assumed, LabelPlan, Need

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
        time = "" if plan.minutes is None else f", about {_count(round(plan.minutes), 'minute')} of one annotator"
        yield f"In all: {_count(plan.more_pairs, 'more pair')}{f' ({parts})' if parts else ''}{time}."
    for because in Assumed:
        needs = [n for n in plan.needs if n.assumed_because is because and n.best is not None]
        if needs:
            yield _assumed(because, needs, goal.icc, least)
    if any(n.assumed_because is Assumed.FEW and n.best is None and n.messages > 1 for n in plan.needs):
        yield _label_first(least)
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
    are = "is" if need.now.pairs == 1 else "are"
    have = f" ({need.now.pairs:,} {are} labelled{_now(need)})" if need.now.pairs else ""
    if not need.more_pairs:
        return f"{what} is reached{have}; nothing more to label."
    unsure = ""
    if need.needed.pairs_low is not None or need.needed.pairs_high is not None:
        high = "more than there are" if need.needed.pairs_high is None else f"{need.needed.pairs_high:,}"
        unsure = f", by this pilot between {need.needed.pairs_low or 0:,} and {high}"
    takes = f"{_count(need.needed.pairs, 'labelled pair')} on {_count(need.needed.messages, 'message')}"
    return f"{what} takes {takes}{unsure}{have}."


def _now(need: Need) -> str:
    if need.now.width is not None:
        return f", width {need.now.width:.3f}"
    return "" if need.now.power is None else f", power {need.now.power:.2f}"


def _impossible(need: Need, plan: LabelPlan, what: str) -> str:
    if need.best is None:
        return f"cannot be planned: {need.reason}."
    goal = plan.goal
    best = f"a width of {need.best:.3f}" if goal.width is not None else f"a difference of {need.best:.3f}"
    more = (
        ""
        if need.messages_needed is None
        else f" It takes about {_count(need.messages_needed, 'message')}, all labelled."
    )
    given = "" if need.basis == "pilot" else " if what is assumed below is true"
    every = f"with {_all(need.pairs, 'pair')} of {_all(need.messages, 'message', 'the ')} labelled"
    return f"labels cannot reach {what}{given}: {every} the best is {best}.{more}"


def _assumed(because: Assumed, needs: list[Need], icc: float, least: int) -> str:
    """What is assumed, and why the labels do not serve instead: more of them help only where there are too few."""
    what = (
        f"the judge's probabilities are right on average, and its errors in one message have a correlation of {icc:g}."
    )
    if because is Assumed.FEW:
        return f"Assumed, for lack of labels: {what} {_label_first(least)}"
    labelled = "; ".join(f"{n.name}, {_count(n.now.messages, 'labelled message')}" for n in needs)
    if because is Assumed.ALIKE:
        return (
            f"Assumed, because labels that do not differ tell nothing of the spread ({labelled}): {what} People's figure is the "
            "same without any of these messages. See that their marks are what the annotators meant; if they are, so many alike "
            "labels speak against the assumption, and the true spread may be smaller."
        )
    return (
        f"Assumed, because judge and people differ in too few messages to tell how the judge errs ({labelled}): {what} Labels of "
        "more messages show whether it errs as seldom elsewhere."
    )


def _label_first(least: int) -> str:
    return f"Label {least} or more pairs on messages of each system, and plan again with them."


def _all(count: int, what: str, article: str = "") -> str:
    """`all 1,200 pairs`, of messages `the 60 messages`, and `the only one` where there is one.

    >>> _all(2, "pair"), _all(1, "message", "the ")
    ('all 2 pairs', 'the only message')
    """
    return f"the only {what}" if count == 1 else f"{article or 'all '}{_count(count, what)}"


def _count(count: int, what: str) -> str:
    """
    >>> _count(1, "labelled pair"), _count(1200, "pair")
    ('1 labelled pair', '1,200 pairs')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
