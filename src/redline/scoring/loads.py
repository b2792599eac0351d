"""Verdicts to sufficient statistics: one row of numbers a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.records import EditLoad, Status, ThemeVerdict, Verdict
from redline.scoring.comparison import Comparison
from redline.scoring.layout import Layout
from redline.scoring.readability import reading_grade, word_count

__all__ = ["Judged", "content_load", "statistics", "theme_load", "theme_set", "theme_unknown", "unjudged"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A comparison with the verdicts of its draft units and of its reference units, and their themes."""

    comparison: Comparison
    draft: tuple[Verdict, ...]
    reference: tuple[Verdict, ...]
    draft_themes: tuple[ThemeVerdict, ...]
    reference_themes: tuple[ThemeVerdict, ...]


def content_load(draft: Sequence[Verdict], reference: Sequence[Verdict], *, hard: bool = False) -> EditLoad:
    """The load of two lists of verdicts; a verdict without an answer is no unit at all.

    >>> from redline.records import Status
    >>> kept, gone = Verdict(Status.OK, 0.1, False), Verdict(Status.OK, 0.8, True)
    >>> content_load([kept, gone, Verdict(Status.TIMEOUT)], [kept]).deletions
    0.9
    """
    gone = [_amount(v, hard) for v in draft if v.p_edit is not None]
    new = [_amount(v, hard) for v in reference if v.p_edit is not None]
    return EditLoad(len(gone), sum(gone), len(new), sum(new))


def theme_load(draft: frozenset[str], reference: frozenset[str]) -> EditLoad:
    """The same on sets of themes.

    >>> theme_load(frozenset("ab"), frozenset("bc")).f1
    0.5
    """
    return EditLoad(len(draft), len(draft - reference), len(reference), len(reference - draft))


def theme_set(verdicts: Sequence[ThemeVerdict]) -> frozenset[str]:
    """Themes present in a text: those of any of its units."""
    return frozenset(t for v in verdicts for t in v.themes)


def theme_unknown(verdicts: Sequence[ThemeVerdict]) -> bool:
    """Whether the themes of a text are not known: the classifier failed on one of its units.

    >>> theme_unknown([ThemeVerdict(Status.OK, {}, ("a",)), ThemeVerdict(Status.TIMEOUT)]), theme_unknown([])
    (True, False)
    """
    return any(v.status is not Status.OK for v in verdicts)


def _amount(verdict: Verdict, hard: bool) -> float:
    return float(bool(verdict.hard)) if hard else float(verdict.p_edit or 0.0)


def unjudged(verdicts: Sequence[Verdict]) -> bool:
    """Whether a side has units and none of them was judged: nothing is known about it, which is not an empty side."""
    return bool(verdicts) and all(v.p_edit is None for v in verdicts)


def statistics(judged: Sequence[Judged], layout: Layout) -> NDArray[np.float64]:
    """(comparisons, columns): the columns of `Layout` for each comparison."""
    table = np.zeros((len(judged), len(layout.columns)))
    found = [j.comparison for j in judged]
    draft_times = Counter((c.cell, c.case, c.draft) for c in found)
    reply_times = Counter((c.cell, c.case, c.clinician) for c in found)
    grades: dict[tuple[str, ...], float | None] = {}
    for row, item in zip(table, judged, strict=True):
        c = item.comparison
        if c.draft not in grades:
            grades[c.draft] = reading_grade(c.draft)
        once = 1 / draft_times[c.cell, c.case, c.draft], 1 / reply_times[c.cell, c.case, c.clinician]
        _fill_counts(row, item, layout, grades[c.draft], once)
        if not unjudged(item.draft) and not unjudged(item.reference):
            _fill_loads(row, item, layout)
    return table


def _fill_counts(
    row: NDArray[np.float64], item: Judged, layout: Layout, grade: float | None, once: tuple[float, float]
) -> None:
    at, draft = layout.index, item.comparison.draft
    row[at["comparisons"]] = 1
    row[at["empty"]] = not draft
    row[at["unscored"]] = not item.comparison.reference
    row[at["unjudged"]] = unjudged(item.draft) or unjudged(item.reference)
    row[at["failed"]] = sum(v.p_edit is None for v in (*item.draft, *item.reference))
    row[at["drafts"]], row[at["replies"]] = once
    row[at["draft_units"]], row[at["draft_words"]] = once[0] * len(draft), once[0] * word_count(draft)
    if grade is not None:
        row[at["draft_grade"]], row[at["graded"]] = once[0] * grade, once[0]
    row[at["failed"]] += sum(v.status is not Status.OK for v in (*item.draft_themes, *item.reference_themes))
    if theme_unknown(item.draft_themes) or theme_unknown(item.reference_themes):
        return  # a theme that nobody could look for is not a theme that is absent
    row[at["themed_drafts"]], row[at["themed_replies"]] = once
    mine, theirs = theme_set(item.draft_themes), theme_set(item.reference_themes)
    for key in layout.taxonomy.keys:
        has, wants = key in mine, key in theirs
        row[layout.theme(key)] = has, wants, has and wants
        row[at[f"theme.{key}.in_drafts"]], row[at[f"theme.{key}.in_replies"]] = once[0] * has, once[1] * wants


def _fill_loads(row: NDArray[np.float64], item: Judged, layout: Layout) -> None:
    at = layout.index
    expected = content_load(item.draft, item.reference)
    if not expected.scored:
        return
    _put(row, layout.block("expected"), expected)
    _put(row, layout.block("hard"), content_load(item.draft, item.reference, hard=True))
    if expected.f1 is not None:
        row[at["f1_sum"]], row[at["f1_count"]] = expected.f1, 1
    for key in layout.taxonomy.keys:
        within = content_load(
            [v for v, t in zip(item.draft, item.draft_themes, strict=True) if key in t.themes],
            [v for v, t in zip(item.reference, item.reference_themes, strict=True) if key in t.themes],
        )
        _put(row, layout.block(f"within.{key}"), within)


def _put(row: NDArray[np.float64], block: Sequence[int], load: EditLoad) -> None:
    row[list(block)] = load.draft_units, load.deletions, load.reference_units, load.additions


def load_of(sums: Mapping[str, float] | NDArray[np.float64], layout: Layout, prefix: str) -> EditLoad:
    """The `EditLoad` in a row of sums."""
    return EditLoad(*(float(sums[i]) for i in layout.block(prefix)))  # type: ignore[index]
