"""The paper's failure signatures, computed and said in words.

A finding is only called where the interval supports it; what the data cannot decide is said as such.  Where people's labels
correct a figure, its sentence goes by the corrected one and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redline.scoring.comparison import Kind
from redline.scoring.corrected import CorrectedTable
from redline.scoring.human_loads import LabelCounts
from redline.scoring.table import Cell, ScoreTable
from redline.stats import Interval, NonInferiority, non_inferiority
from redline.stats.predictive import MIN_LABELLED
from redline.stats.words import say_interval, say_number

__all__ = ["Finding", "find"]

QUESTIONS = ("symptom_questions", "medication_questions")
NEAR_ZERO = 0.15
"""A theme whose IAP content F1 lies below this: clinicians do not agree on its content."""

CORRECTED = ", corrected by people's labels"
"""What a sentence says that goes by a corrected figure."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` groups, `row` names the table row, `text` is the sentence for the reader."""

    kind: str
    row: str
    text: str


def find(table: ScoreTable, corrected: CorrectedTable | None = None) -> list[Finding]:
    """All findings of a table, in reading order; by the corrected figures where there are some."""
    people = corrected or CorrectedTable({}, (), LabelCounts())
    found: list[Finding] = []
    for cell in table.of(Kind.SYSTEM):
        found += [*_errs(cell, people), *_against_people(cell, table, people), *_under_asks(cell, table)]
        found += [*_over_assesses(cell, table), *_safety(cell, table, people), *_pays(cell, table, people)]
    for cell in table.of(Kind.CEILING):
        found += [*_errs(cell, people), *_disagreement(cell, table, people)]
    found += _unpublished(table)
    return found


def _best(cell: Cell, measure: str, people: CorrectedTable) -> tuple[Interval, str]:
    """The corrected figure where there is one, else the judge's; and the words that say which.

    People who say the same everywhere leave no interval to correct: then the judge's figure has theirs beside it.
    """
    found = people.of(cell.name, measure)
    if found is None or found.human.estimate is None:
        return cell[measure], ""
    if found.known:
        return found.corrected, CORRECTED
    by = say_interval(found.human)
    return cell[measure], f", by the judge (by people {by} in {found.messages} labelled messages)"


def _errs(cell: Cell, people: CorrectedTable) -> Iterator[Finding]:
    """Where the judge's figure of what people labelled is not people's."""
    found = people.of(cell.name, "content.f1")
    if found is None or found.messages < MIN_LABELLED or found.error.low is None or found.error.high is None:
        return
    if found.error.low > 0 or found.error.high < 0:
        what = "more lenient" if found.error.low > 0 else "stricter"
        yield Finding(
            "judge", cell.name,
            f"On the {found.labels} labelled comparisons of {cell.name} the judge is {what} than people: content edit-F1 "
            f"{say_interval(found.error, sign='+')} (judge minus people).",
        )  # fmt: skip


def _against_people(cell: Cell, table: ScoreTable, people: CorrectedTable) -> Iterator[Finding]:
    for item in table.contrasts:
        c, verdict, by = item.contrast, item.non_inferior, ""
        if item.measure != "content.f1" or c.a != cell.name or table.by_name[c.b].kind is not Kind.CEILING:
            continue
        difference, known = c.difference, people.contrast(c.a, c.b, item.measure)
        if known is not None and known.contrast.figure.known:
            difference, by = known.contrast.figure.corrected, CORRECTED
            verdict = non_inferiority(difference, table.margin)
        if not difference.known:
            continue
        words = {
            NonInferiority.NON_INFERIOR: f"is not worse than another clinician by more than {table.margin:g}",
            NonInferiority.INFERIOR: f"is worse than another clinician by more than {table.margin:g}",
            NonInferiority.INCONCLUSIVE: f"may or may not be worse than another clinician by more than {table.margin:g}",
        }[verdict]
        yield Finding(
            "people", cell.name, f"{cell.name} {words} (content edit-F1 difference {_interval(difference)}{by})."
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
    return f"{say_number(100 * low, 0, '+')} to {say_number(100 * high, 0, '+')} points"


def _safety(cell: Cell, table: ScoreTable, people: CorrectedTable) -> Iterator[Finding]:
    key = "contingency_planning"
    if key not in table.measures.layout.taxonomy:
        return
    recall, by = _best(cell, f"within.{key}.recall", people)
    if recall.high is not None and recall.high < 0.5:
        yield Finding(
            "safety net", cell.name,
            f"{cell.name} carries {_share(recall)} of what clinicians write as safety net (Contingency Planning{by}); the rest "
            "would have to be added by hand.",
        )  # fmt: skip


def _pays(cell: Cell, table: ScoreTable, people: CorrectedTable) -> Iterator[Finding]:
    """By units saved, not by precision alone: several draft units can say what one reply unit says."""
    (saved, by), cost = _best(cell, "saved", people), table.measures.cost
    precision, precision_by = _best(cell, "content.precision", people)
    if by == CORRECTED:
        precision_by = "" if precision_by == CORRECTED else precision_by or ", by the judge"
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
        f"{cell.name} {words}: {say_interval(saved, 1, '+')} units a reply against writing from "
        f"scratch{by}; precision {_interval(precision)}{precision_by}, break-even {cost.break_even:.2f} "
        f"(reading {cost.read:g}, deleting {cost.delete:g}, writing {cost.write:g}).",
    )  # fmt: skip


def _disagreement(cell: Cell, table: ScoreTable, people: CorrectedTable) -> Iterator[Finding]:
    for theme in table.measures.layout.taxonomy.themes:
        f1, by = _best(cell, f"within.{theme.key}.f1", people)
        if theme.key != table.measures.layout.taxonomy.residual and f1.high is not None and f1.high < NEAR_ZERO:
            yield Finding(
                "disagreement", cell.name,
                f"Clinicians hardly share content in {theme.name} (IAP {_interval(f1)}{by}): suggest it, do not write it.",
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
