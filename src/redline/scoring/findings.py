"""The paper's failure signatures, computed and said in words.

A finding is only called where the interval supports it; what the data cannot decide is said as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redline.scoring.comparison import Kind
from redline.scoring.table import Cell, ScoreTable
from redline.stats import Interval
from redline.stats.words import say_interval

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


def _gap(cell: Cell, key: str, table: ScoreTable) -> tuple[float, float, str] | None:
    """(low, high) of rate of drafts minus rate of replies, and the words; None without the theme or the drafts.

    A share of exactly 0 or 1 in the drafts has no interval of its own: its bound is 3/n messages away (rule of
    three, Hanley and Lippman-Hand 1983); the gap takes that in.
    """
    if key not in table.measures.layout.taxonomy:
        return None
    rate, people, gap = (cell[f"{n}.{key}"] for n in ("rate", "reference_rate", "rate_gap"))
    if rate.estimate is None or people.estimate is None or gap.low is None or gap.high is None:
        return None
    reach = 0.0 if rate.known else 3 / max(cell.counts["messages"], 3)
    low = gap.low - (reach if rate.estimate == 1.0 else 0.0)
    high = gap.high + (reach if rate.estimate == 0.0 else 0.0)
    drafts, replies = f"{rate.estimate:.0%} of drafts", f"{people.estimate:.0%} of clinicians' replies"
    words = f"{table.measures.layout.taxonomy[key].name} in {drafts}, in {replies} (gap {_points(low, high)})"
    return low, high, words


def _under_asks(cell: Cell, table: ScoreTable) -> Iterator[Finding]:
    for key in QUESTIONS:
        found = _gap(cell, key, table)
        if found and found[1] < 0:
            yield Finding("few questions", cell.name, f"{cell.name} asks too little: {found[2]}.")


def _over_assesses(cell: Cell, table: ScoreTable) -> Iterator[Finding]:
    found = _gap(cell, "medical_assessment", table)
    if found and found[0] > 0:
        yield Finding("over-assessment", cell.name, f"{cell.name} over-assesses: {found[2]}.")


def _points(low: float, high: float) -> str:
    return f"{100 * low:+.0f} to {100 * high:+.0f} points"


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
        f"{cell.name} {words}: {saved.estimate:+.1f} [{saved.low:+.1f}, {saved.high:+.1f}] units a reply against writing from "
        f"scratch; precision {_interval(cell['content.precision'])}, break-even {cost.break_even:.2f} (reading {cost.read:g}, "
        f"deleting {cost.delete:g}, writing {cost.write:g}).",
    )  # fmt: skip


def _disagreement(table: ScoreTable) -> Iterator[Finding]:
    for cell in table.of(Kind.CEILING):
        for theme in table.measures.layout.taxonomy.themes:
            f1 = cell[f"within.{theme.key}.f1"]
            if theme.key != table.measures.layout.taxonomy.residual and f1.high is not None and f1.high < NEAR_ZERO:
                yield Finding(
                    "disagreement", cell.name,
                    f"Clinicians hardly share content in {theme.name} (IAP {_interval(f1)}): suggest it, do not write it.",
                )  # fmt: skip


def _unpublished(table: ScoreTable) -> Iterator[Finding]:
    """Where these clinicians' use of a theme leaves the published range; from the row that meets most replies."""
    cell = max(table.cells, key=lambda c: c.counts["comparisons"] if c.kind is Kind.FLOOR else 0, default=None)
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
    return say_interval(i, unknown="undefined")


def _share(i: Interval) -> str:
    if i.low is None or i.high is None or i.estimate is None:
        return "an unknown share"
    return f"{i.estimate:.0%} [{i.low:.0%}, {i.high:.0%}]"
