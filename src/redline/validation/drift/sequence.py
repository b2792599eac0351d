"""Drift: are the newest messages still judged as well as the judge card says?  Tested message by message.

Every message has one value for the error and one for the bias of the judge (`message_errors`).  Four one-sided e-processes
(`redline.stats.sequential`) ask whether the error is above or below, and the bias above or below, what the card says.  A
false alarm, ever, has probability at most alpha, however often one looks while messages come in: alpha/2 is spent on the
card's own uncertainty (its interval, widened to this level) and alpha/2 on the tests, each divided by four (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import redline
from redline.errors import UsageError
from redline.stats.quantiles import normal_quantile
from redline.stats.sequential import confidence_sequence, first_crossing, log_e_values
from redline.validation.drift.dates import Dates, month_of, sort_key
from redline.validation.drift.form import DriftLevel, DriftReport, DriftTest, Estimate, Month, Path, Shown, State
from redline.validation.drift.power import Rehearsal, detectable_bias, detectable_rise
from redline.validation.drift.words import say
from redline.validation.figure import Figure
from redline.validation.judge.message_errors import MessageErrors, error_figures

__all__ = ["MIN_MESSAGES", "CardFigures", "DriftPlan", "drift_test"]

Floats = NDArray[np.float64]
MIN_MESSAGES = 5
"""Fewer decide nothing but a shown drift."""
_LOG_E_MOST = 1e4


@dataclass(frozen=True, slots=True)
class DriftPlan:
    """How sure (`alpha`), from how much on it matters (`tolerance`, added to the card's bound in points of error and of bias),
    and which rise above the card's error must be findable with probability `power` before "no drift" is said (`worth`).
    """

    alpha: float = 0.05
    tolerance: float = 0.03
    worth: float = 0.2
    power: float = 0.8
    draws: int = 2_000
    seed: int = 17

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1 or not 0 <= self.tolerance < 1:
            raise UsageError("--alpha is above 0 and below 1, --tolerance from 0 up to 1")


@dataclass(frozen=True, slots=True)
class CardFigures:
    """What the card says of its judge at one level: its digest, the judge's signature, the two figures of `error_figures`."""

    card: str
    judge: str
    error: Figure
    bias: Figure
    level: DriftLevel = DriftLevel.CONTENT

    def __post_init__(self) -> None:
        for name in ("error", "bias"):
            found: Figure = getattr(self, name)
            if found.estimate is None or found.low is None or found.high is None:
                raise UsageError(
                    f"the judge card gives no interval for the judge's {name} ({found.note or 'unknown why'}), so there is nothing "
                    "to test against; run `redline validate` on more messages"
                )


def drift_test(
    errors: MessageErrors, card: CardFigures, dates: Dates, plan: DriftPlan | None = None, *, annotators: Sequence[str] = ()
) -> DriftReport:  # fmt: skip
    """The test over the messages in the order of their dates (then of their ids), or as given where nothing is dated.

    `dates` has all cases of `errors` or none.  With dates the bets begin anew every month, so that a late drift is found.
    `UsageError` where no message has a value.
    """
    plan = plan or DriftPlan()
    if not errors.cases:
        raise UsageError(
            "no unit of these texts is decided by both the judge and an annotator, so nothing can be tested"
        )
    if dates:
        places = range(len(errors.cases))
        errors = errors.at(sorted(places, key=lambda i: (*sort_key(dates[errors.cases[i]]), errors.cases[i])))
    tests, paths = _tests(errors, card, dates, plan)
    harmful = [t.shown for t in tests if t.harm and t.shown is not None]
    how = Rehearsal(tests[0].log_e_needed, plan.power, plan.seed, bool(dates))
    rise = detectable_rise(errors, tests[0].bound, how)
    state = _state(bool(harmful), rise, card, len(errors.cases), plan)
    report = DriftReport(
        redline=redline.__version__, level=card.level, judge=card.judge, card=card.card, decision=state, words=[],
        order="received, then id" if dates else "order of the file (nothing is dated)",
        alpha=plan.alpha, tolerance=plan.tolerance, power=plan.power, n=len(errors.cases), compared=errors.compared,
        units=int(errors.units.sum()), failed_units=errors.failed, annotators=sorted(annotators),
        first=min(harmful, key=lambda s: s.message, default=None), detectable_error=rise,
        detectable_bias=[detectable_bias(errors, t.bound, how, sign=sign) for t, sign in ((tests[3], -1), (tests[2], 1))],
        error=_estimate(errors.error, 0.0, 1.0, plan), bias=_estimate(errors.bias, -1.0, 1.0, plan), tests=tests,
        months=_months(errors, dates, plan),
        path=Path(
            case=list(errors.cases), date=_dated(errors, dates), error=_rounded(errors.error), bias=_rounded(errors.bias),
            log_e=paths,
        ),
    )  # fmt: skip
    return report.model_copy(update={"words": say(report, MIN_MESSAGES)})


def _tests(
    errors: MessageErrors, card: CardFigures, dates: Dates, plan: DriftPlan
) -> tuple[list[DriftTest], dict[str, list[float]]]:
    signed = (errors.bias + 1) / 2
    what = "edits" if card.level is DriftLevel.CONTENT else "themes"
    asked = (
        ("error_rose", "is the judge wrong more than its card says", True, errors.error, card.error, 1),
        ("error_fell", "is the judge wrong less than its card says", False, errors.error, card.error, -1),
        ("bias_rose", f"does the judge count more {what} too many than its card says", True, signed, card.bias, 1),
        ("bias_fell", f"does the judge count more {what} too few than its card says", True, signed, card.bias, -1),
    )
    level = plan.alpha / (2 * len(asked))
    starts = _month_starts(errors, dates)
    tests, paths = [], {}
    for name, question, harm, values, figure_, sign in asked:
        bound = _bound(figure_, level, sign) + sign * plan.tolerance
        mean = min(max((bound + 1) / 2 if name.startswith("bias") else bound, 1e-3), 1 - 1e-3)
        log_e = (
            log_e_values(values, mean, starts=starts) if sign > 0 else log_e_values(1 - values, 1 - mean, starts=starts)
        )
        at = int(first_crossing(log_e, level))
        paths[name] = [round(float(x), 4) for x in np.clip(log_e, -_LOG_E_MOST, _LOG_E_MOST)]
        tests.append(DriftTest(
            name=name, question=question, harm=harm, card=figure_, bound=bound, log_e=max(paths[name]),
            log_e_needed=-math.log(level), shown=_shown(errors, dates, at) if at else None,
        ))  # fmt: skip
    return tests, paths


def _bound(card: Figure, level: float, sign: int) -> float:
    """End of the card's 95 % interval moved out to this level, as a normal distribution would."""
    assert card.estimate is not None and card.low is not None and card.high is not None
    half = card.high - card.estimate if sign > 0 else card.estimate - card.low
    return card.estimate + sign * half * normal_quantile(1 - level) / normal_quantile(0.975)


def _month_starts(errors: MessageErrors, dates: Dates) -> list[int] | None:
    if not dates:
        return None
    months = [month_of(dates[c]) for c in errors.cases]
    return [i for i, m in enumerate(months) if i == 0 or m != months[i - 1]]


def _shown(errors: MessageErrors, dates: Dates, at: int) -> Shown:
    case = errors.cases[at - 1]
    return Shown(message=at, case=case, date=dates.get(case))


def _state(harm: bool, rise: float | None, card: CardFigures, n: int, plan: DriftPlan) -> State:
    if harm:
        return State.DRIFT
    if n < MIN_MESSAGES or rise is None or rise > (card.error.estimate or 0.0) + plan.worth:
        return State.TOO_LITTLE
    return State.NO_DRIFT


def _estimate(values: Floats, least: float, most: float, plan: DriftPlan) -> Estimate:
    found = confidence_sequence((values - least) / (most - least), alpha=plan.alpha)
    ends = [float(x[-1]) * (most - least) + least for x in (found.estimate, found.low, found.high)]
    return Estimate(estimate=ends[0], low=ends[1], high=ends[2])


def _months(errors: MessageErrors, dates: Dates, plan: DriftPlan) -> list[Month]:
    months: dict[str, list[int]] = {}
    for i, case in enumerate(errors.cases):
        months.setdefault(month_of(dates[case]) if dates else "all", []).append(i)
    result = []
    for month, places in months.items():
        found = error_figures(errors.at(places), draws=plan.draws, seed=plan.seed)
        result.append(Month(month=month, messages=len(places), error=found["error"], bias=found["bias"]))
    return result


def _dated(errors: MessageErrors, dates: Dates) -> list[str] | None:
    return [dates[c] for c in errors.cases] if dates else None


def _rounded(values: Floats) -> list[float]:
    return [round(float(x), 6) for x in values]
