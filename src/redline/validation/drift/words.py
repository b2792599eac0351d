"""A drift report in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from redline.stats.words import say_number
from redline.validation.drift.form import DriftLevel, DriftReport, DriftTest, Estimate, State
from redline.validation.figure import Figure

__all__ = ["say"]

_WHO = {DriftLevel.CONTENT: "judge", DriftLevel.THEMES: "classifier"}
_BIAS = {DriftLevel.CONTENT: "edits too many a unit", DriftLevel.THEMES: "share of a unit's themes too many"}
_COUNTED = {DriftLevel.CONTENT: "edits", DriftLevel.THEMES: "themes"}
_WRONG = {DriftLevel.CONTENT: "wrong more often", DriftLevel.THEMES: "further from people's themes"}
_HOPE = {DriftLevel.CONTENT: "that is always wrong", DriftLevel.THEMES: "that never names a theme of people's"}


def say(report: DriftReport, least: int) -> list[str]:
    """Sentences of the report, the decision first; `least` messages are needed for any statement but a drift."""
    return list(_sentences(report, least))


def _sentences(report: DriftReport, least: int) -> Iterator[str]:
    yield _decision(report, least)
    error, bias = report.tests[0].card, report.tests[2].card
    who = _WHO[report.level]
    yield f"Error of the {who}: {_sequence(report.error)}; the card says {_figure(error)}."
    yield f"Bias ({_BIAS[report.level]}): {_sequence(report.bias, signed=True)}; the card says {_figure(bias, signed=True)}."
    if any(t.name == "error_fell" and t.shown for t in report.tests):
        yield f"The {who} is better than its card says. That is no drift to fear, but the card is out of date."
    if report.path.date is None:
        yield "Nothing is dated: the messages were taken in the order of the file, which has to be the order in time."
    if len(report.annotators) == 1:
        yield f"One annotator only: a change of the annotator looks like a change of the {who}."
    if report.failed_units:
        yield f"{report.failed_units:,} units were left undecided by the {who} or the annotators and are in no figure."


def _decision(report: DriftReport, least: int) -> str:
    n = f"{report.n:,} message{'s' if report.n != 1 else ''}"
    rise = report.detectable_error
    if report.decision is State.DRIFT:
        shown: list[DriftTest] = [t for t in report.tests if t.harm and t.shown]
        what = " and ".join(f"it {_said(t.name, report.level)} than its card says" for t in shown)
        first = report.first
        assert first is not None
        when = f" ({first.date})" if first.date else ""
        return (
            f"Drift shown ({n}): {what}. It was plain from message {first.message:,}{when} on. Figures of this "
            f"{_WHO[report.level]} are not covered by the card any more: look at what "
            "changed (messages, drafts, model, annotators) and run `redline validate`."
        )
    found = ""
    if rise is not None:
        found = f"a rise of the error to {_percent(rise)} would have been found with probability {report.power:g}"
    if report.decision is State.NO_DRIFT:
        return f"No drift shown ({n}; {found}{_bias(report)})."
    if report.n < least:
        return f"Too little to say ({n}, at least {least} are needed). Annotate more and run the same command again."
    hope = f"only {found}" if found else f"not even a {_WHO[report.level]} {_HOPE[report.level]} would have been found"
    return f"Too little to say ({n}; {hope}). Annotate more and run the same command on the grown file."


def _said(test: str, level: DriftLevel) -> str:
    counted = _COUNTED[level]
    if test == "error_rose":
        return f"is {_WRONG[level]}"
    more, fewer = ("too many", "too few") if test == "bias_rose" else ("too few", "too many")
    return f"counts more {counted} {more} (or fewer {fewer})"


def _bias(report: DriftReport) -> str:
    below, above = report.detectable_bias
    parts = [] if below is None else [f"below {_percent(below, True)}"]
    parts += [] if above is None else [f"above {_percent(above, True)}"]
    return f"; so would a bias {' or '.join(parts)}" if parts else "; no change of the bias would"


def _sequence(found: Estimate, *, signed: bool = False) -> str:
    low, high = _percent(found.low, signed), _percent(found.high, signed)
    return f"{_percent(found.estimate, signed)} [{low}, {high}]"


def _figure(found: Figure, *, signed: bool = False) -> str:
    if found.estimate is None or found.low is None or found.high is None:
        return "nothing"
    return f"{_percent(found.estimate, signed)} [{_percent(found.low, signed)}, {_percent(found.high, signed)}]"


def _percent(value: float, signed: bool = False) -> str:
    return f"{say_number(100 * value, 1, '+' if signed else '')} %"
