"""The paper's failure signatures, computed and said in words.

A finding is only called where the interval supports it; what the data cannot decide is said as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redline.scoring.comparison import Kind
from redline.scoring.table import Cell, ScoreTable
from redline.stats import Interval

__all__ = ["Finding", "find"]

QUESTIONS = ("symptom_questions", "medication_questions")
NEAR_ZERO = 0.15
"""A theme whose IAP content F1 lies below this: clinicians do not agree on its content."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` groups, `row` names the table row, `text` is the sentence for the reader."""

    kind: str
    row: str
    text: str


def find(table: ScoreTable) -> list[Finding]:
    """All findings of a table, in reading order."""
    found: list[Finding] = []
    for cell in table.of(Kind.SYSTEM):
        found += [*_against_people(cell, table), *_under_asks(cell, table), *_over_assesses(cell, table)]
        found += [*_safety(cell, table), *_pays(cell, table)]
    found += _disagreement(table)
    found += _unpublished(table)
    return found


def _against_people(cell: Cell, table: ScoreTable) -> Iterator[Finding]:
    for item in table.contrasts:
        c = item.contrast
        if item.measure != "content.f1" or c.a != cell.name or table.by_name[c.b].kind is not Kind.CEILING:
            continue
        if not c.difference.known:
            continue
        words = {
            "non-inferior": f"is not worse than another clinician by more than {table.margin:g}",
            "inferior": f"is worse than another clinician by more than {table.margin:g}",
            "inconclusive": f"may or may not be worse than another clinician by more than {table.margin:g}",
        }[item.non_inferior.value]
        yield Finding(
            "people", cell.name, f"{cell.name} {words} (content edit-F1 difference {_interval(c.difference)})."
        )


@dataclass(frozen=True, slots=True)
class _Rates:
    """Share of drafts with a theme, with bounds, and the share of clinicians' replies with it."""

    name: str
    draft: float
    low: float
    high: float
    people: float

    def __str__(self) -> str:
        drafts = f"{self.draft:.0%} [{self.low:.0%}, {self.high:.0%}] of drafts"
        return f"{self.name} in {drafts}, in {self.people:.0%} of clinicians' replies"


def _rates(cell: Cell, key: str, table: ScoreTable) -> _Rates | None:
    """None without the theme or the drafts.  A share of exactly 0 or 1 has no bootstrap interval: its bound is 3/n
    messages away (rule of three, Hanley and Lippman-Hand 1983)."""
    if key not in table.measures.layout.taxonomy:
        return None
    rate, people = cell[f"rate.{key}"], cell[f"reference_rate.{key}"].estimate
    if rate.estimate is None or people is None:
        return None
    reach = 3 / max(cell.counts["messages"], 3)
    low = rate.low if rate.low is not None else max(0.0, rate.estimate - reach)
    high = rate.high if rate.high is not None else min(1.0, rate.estimate + reach)
    return _Rates(table.measures.layout.taxonomy[key].name, rate.estimate, low, high, people)


def _under_asks(cell: Cell, table: ScoreTable) -> Iterator[Finding]:
    for key in QUESTIONS:
        rates = _rates(cell, key, table)
        if rates and rates.high < rates.people:
            yield Finding("few questions", cell.name, f"{cell.name} asks too little: {rates}.")


def _over_assesses(cell: Cell, table: ScoreTable) -> Iterator[Finding]:
    rates = _rates(cell, "medical_assessment", table)
    if rates and rates.low > rates.people:
        yield Finding("over-assessment", cell.name, f"{cell.name} over-assesses: {rates}.")


def _safety(cell: Cell, table: ScoreTable) -> Iterator[Finding]:
    key = "contingency_planning"
    if key not in table.measures.layout.taxonomy:
        return
    recall = cell[f"within.{key}.recall"]
    if recall.high is not None and recall.high < 0.5:
        yield Finding(
            "safety net", cell.name,
            f"{cell.name} carries {_share(recall)} of what clinicians write as safety net (Contingency Planning); the rest "
            "would have to be added by hand.",
        )  # fmt: skip


def _pays(cell: Cell, table: ScoreTable) -> Iterator[Finding]:
    """By units saved, not by precision alone: several draft units can say what one reply unit says."""
    saved, cost = cell["saved"], table.measures.cost
    if saved.low is None or saved.high is None or saved.estimate is None:
        return
    if saved.low > 0:
        words = "pays for being read"
    elif saved.high < 0:
        words = "does not pay for being read"
    else:
        words = "may or may not pay for being read"
    yield Finding(
        "cost", cell.name,
        f"{cell.name} {words}: {saved.estimate:+.1f} [{saved.low:+.1f}, {saved.high:+.1f}] units a message against writing from "
        f"scratch; precision {_interval(cell['content.precision'])}, break-even {cost.break_even:.2f} (reading {cost.read:g}, "
        f"deleting {cost.delete:g}, writing {cost.write:g}).",
    )  # fmt: skip


def _disagreement(table: ScoreTable) -> Iterator[Finding]:
    for cell in table.of(Kind.CEILING):
        for theme in table.measures.layout.taxonomy.themes:
            f1 = cell[f"within.{theme.key}.f1"]
            if (
                theme.key != table.measures.layout.taxonomy.residual
                and f1.estimate is not None
                and f1.estimate < NEAR_ZERO
            ):
                yield Finding(
                    "disagreement", cell.name,
                    f"Clinicians hardly share content in {theme.name} (IAP {_interval(f1)}): suggest it, do not write it.",
                )  # fmt: skip


def _unpublished(table: ScoreTable) -> Iterator[Finding]:
    """Where these clinicians' use of a theme leaves the published range."""
    cell = next(iter(table.cells), None)
    for theme in table.measures.layout.taxonomy.themes if cell else ():
        rate = cell[f"reference_rate.{theme.key}"] if cell else None
        if theme.published is None or rate is None or rate.low is None or rate.high is None:
            continue
        low, high = theme.published
        if rate.high < low or rate.low > high:
            published = f"{low:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
            yield Finding(
                "taxonomy", "clinicians",
                f"These clinicians use {theme.name} in {_share(rate)} of replies; the paper reports {published}. Revise the "
                "taxonomy or check the classifier on your replies before comparing with the paper.",
            )  # fmt: skip


def _interval(i: Interval) -> str:
    if i.estimate is None:
        return "undefined"
    return (
        _two(i.estimate) if i.low is None or i.high is None else f"{_two(i.estimate)} [{_two(i.low)}, {_two(i.high)}]"
    )


def _two(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # + 0.0: no "-0.00"


def _share(i: Interval) -> str:
    if i.low is None or i.high is None or i.estimate is None:
        return "an unknown share"
    return f"{i.estimate:.0%} [{i.low:.0%}, {i.high:.0%}]"
