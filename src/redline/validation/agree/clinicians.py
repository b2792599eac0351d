"""IAP: the score when another clinician's reply plays the draft; overall, by ordered pair, by clinician, by theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from redline.scoring import CEILING, Judged, Layout, Measures, make_table, statistics
from redline.scoring.measures import edit_scores
from redline.scoring.table import MIN_CLINICIANS, MOST_GROUPS
from redline.stats import Interval, ResamplingPlan, bootstrap, bootstrap_crossed, group_clusters, intervals
from redline.taxonomy import Taxonomy
from redline.validation.agree.published import PUBLISHED_CONTENT, PUBLISHED_CONTENT_THEMES, PUBLISHED_THEME
from redline.validation.agree.result import ClinicianScores, Iap, Level, PairScores, Scores
from redline.validation.figure import Figure, figure

__all__ = ["Between", "between_clinicians", "inter_clinician"]

Floats = NDArray[np.floating]
_PRF = ("precision", "recall", "f1")
CELLS = 64
"""Cells bootstrapped at a time; all share one resampling plan, so this changes memory and nothing else."""


@dataclass(frozen=True)
class Between:
    """Judged comparisons of replies with replies as numbers: who, which message, and the loads of both levels.

    `loads` is (comparisons, 8): draft units, deletions, reply units, additions; at content level (expected), then on sets
    of themes.  `columns` are those of `Layout`.
    """

    judged: tuple[Judged, ...]
    layout: Layout
    columns: NDArray[np.float64]
    loads: NDArray[np.float64]

    @property
    def messages(self) -> list[str]:
        """The message of each comparison."""
        return [j.comparison.case for j in self.judged]

    @property
    def writers(self) -> list[tuple[str, str]]:
        """(whose reply plays the draft, whose reply is the reference) of each comparison."""
        return [(j.comparison.drafted_by or "", j.comparison.clinician) for j in self.judged]

    @property
    def people(self) -> list[str]:
        """The clinicians, sorted."""
        return sorted({p for pair in self.writers for p in pair})


def between_clinicians(judged: Sequence[Judged], taxonomy: Taxonomy) -> Between:
    """The sufficient statistics of comparisons of replies with replies, in an order that input order does not change."""
    ordered = sorted(
        judged, key=lambda j: (j.comparison.case, j.comparison.drafted_by or "", j.comparison.clinician)
    )  # fmt: skip
    layout = Layout(taxonomy)
    columns = statistics(ordered, layout)
    presence = np.array([columns[:, layout.theme(k)] for k in taxonomy.keys]).sum(axis=0)
    draft, reference, both = presence.T
    themes = np.stack([draft, draft - both, reference, reference - both], axis=1)
    loads = np.concatenate([columns[:, layout.block("expected")], themes], axis=1)
    return Between(tuple(ordered), layout, columns, loads)


def inter_clinician(found: Between, *, draws: int, seed: int, by_classifier: Between | None = None) -> Iap:
    """IAP at both levels with message-cluster intervals, all from one resampling plan.

    The overall figures are those of the ceiling row of `redline score` (`make_table`), where the themes come from the same
    labels.  `by_classifier` are the same comparisons with the classifier's themes.
    """
    table = make_table(found.judged, Measures(found.layout), draws=draws, seed=seed)
    values = table.by_name[CEILING].values
    cells = _cells(found)
    scores = _cell_scores(found, cells, table.plan)
    crossed = _crossed(found, table.plan)
    other = None
    if by_classifier is not None:
        again = make_table(by_classifier.judged, Measures(by_classifier.layout), draws=draws, seed=seed)
        other = figure(again.by_name[CEILING]["theme.f1"], _scored(by_classifier.loads[:, 4:]))
    gaps = _swap_gaps(found)
    return Iap(
        content=_level(found, values, "content", crossed[0], gaps[0]),
        theme=_level(found, values, "theme", crossed[1], gaps[1]),
        theme_by_classifier=other,
        prevalence=_prevalence(found, values),
        pairs=tuple(
            PairScores(draft_by=a, reference_by=b, content=s[0], theme=s[1])
            for (kind, a, b), s in scores.items()
            if kind == "pair"
        ),
        clinicians=tuple(_clinician(p, scores) for p in found.people),
        messages=len(set(found.messages)),
        comparisons=len(found.judged),
        unjudged=int(found.columns[:, found.layout.index["unjudged"]].sum()),
        failed=int(found.columns[:, found.layout.index["failed"]].sum()),
    )


def _prevalence(found: Between, values: Mapping[str, Interval]) -> dict[str, Figure]:
    replies = {(j.comparison.case, j.comparison.clinician) for j in found.judged}
    return {key: figure(values[f"reference_rate.{key}"], len(replies)) for key in found.layout.taxonomy.keys}


def _clinician(person: str, scores: Mapping[tuple[str, str, str], tuple[Scores, Scores]]) -> ClinicianScores:
    draft, reference = scores["draft", person, ""], scores["reference", "", person]
    return ClinicianScores(
        clinician=person, content_as_draft=draft[0], content_as_reference=reference[0], theme_as_draft=draft[1],
        theme_as_reference=reference[1],
    )  # fmt: skip


def _level(
    found: Between, values: Mapping[str, Interval], level: str, crossed: Interval | None, gap: float | None
) -> Level:  # fmt: skip
    content = level == "content"
    n = _scored(found.loads[:, :4] if content else found.loads[:, 4:])
    residual = found.layout.taxonomy.residual
    published = {"overall": PUBLISHED_CONTENT if content else PUBLISHED_THEME}
    themes: dict[str, Scores] = {}
    for key in found.layout.taxonomy.keys:
        place = f"{'within' if content else 'theme'}.{key}"
        block = found.layout.block(place) if content else found.layout.theme(key)
        count = int((found.columns[:, block] != 0).any(axis=1).sum())
        themes[key] = Scores(**{s: figure(values[f"{place}.{s}"], count) for s in _PRF})
        if content and key in PUBLISHED_CONTENT_THEMES and key != residual:
            published[key] = PUBLISHED_CONTENT_THEMES[key]
    return Level(
        overall=figure(values[f"{level}.f1"], n),
        precision=figure(values[f"{level}.precision"], n),
        recall=figure(values[f"{level}.recall"], n),
        crossed=None if crossed is None else figure(crossed, n),
        themes={key: s.f1 for key, s in themes.items()},
        theme_scores=themes,
        published=published,
        swap_gap=gap,
    )


def _scored(load: NDArray[np.float64]) -> int:
    return int((load[:, 2] > 0).sum())


def _cells(found: Between) -> dict[tuple[str, str, str], list[int]]:
    """Rows of every ordered pair, of each clinician as the draft and of each as the reference."""
    cells: dict[tuple[str, str, str], list[int]] = {}
    people = found.people
    for kind, a, b in (
        *(("pair", a, b) for a in people for b in people if a != b),
        *(("draft", p, "") for p in people),
        *(("reference", "", p) for p in people),
    ):
        rows = [i for i, (x, y) in enumerate(found.writers) if a in (x, "") and b in (y, "")]
        if rows:
            cells[kind, a, b] = rows
    return cells


def _cell_scores(
    found: Between, cells: Mapping[tuple[str, str, str], Sequence[int]], plan: ResamplingPlan
) -> dict[tuple[str, str, str], tuple[Scores, Scores]]:
    """(content, theme) scores of every cell, some cells at a time: forty clinicians have 1,560 ordered pairs."""
    index, count = group_clusters(found.messages, seed=plan.seed)
    every, result = list(cells.items()), {}
    for start in range(0, len(every), CELLS):
        some = every[start : start + CELLS]
        sums = np.zeros((count, len(some), 8))
        for place, (_, rows) in enumerate(some):
            np.add.at(sums[:, place], index[rows], found.loads[rows])
        for (name, rows), row in zip(some, intervals(bootstrap(sums, _both_levels, plan)), strict=True):
            counts = _scored(found.loads[rows, :4]), _scored(found.loads[rows, 4:])
            result[name] = (_scores(row[:3], counts[0]), _scores(row[3:], counts[1]))
    return result


def _scores(values: Sequence[Interval], n: int) -> Scores:
    shown: dict[str, Figure] = {name: figure(value, n) for name, value in zip(_PRF, values, strict=True)}
    return Scores(**shown)


def _both_levels(sums: Floats) -> Floats:
    content = edit_scores(*(sums[..., i] for i in range(4)))
    themes = edit_scores(*(sums[..., i] for i in range(4, 8)))
    return np.stack([*content, *themes], axis=-1)


def _crossed(found: Between, plan: ResamplingPlan) -> tuple[Interval | None, Interval | None]:
    """F1 of both levels with clinicians redrawn as well; None with too few clinicians or too many pairs of them."""
    people = found.people
    pairs = [tuple(sorted(people.index(p) for p in pair)) for pair in found.writers]
    groups = sorted(set(pairs))
    if len(people) < MIN_CLINICIANS or len(groups) > MOST_GROUPS:
        return None, None
    index, count = group_clusters(found.messages, seed=plan.seed)
    parts = []
    for group in groups:
        rows = [i for i, pair in enumerate(pairs) if pair == group]
        part = np.zeros((count, 1, 8))
        np.add.at(part[:, 0], index[rows], found.loads[rows])
        parts.append((group, part))
    drawn = bootstrap_crossed(parts, _both_levels, replace(plan, clinicians=len(people)))
    drawn = replace(drawn, clusters=np.minimum(drawn.clusters, len(people)))
    row = intervals(drawn)[0]
    return row[2], row[5]


def _swap_gaps(found: Between) -> tuple[float | None, float | None]:
    """Largest |P of (a, b) - R of (b, a)| over pairs at each level: 0 for a judge that ignores which side is the draft."""
    sums: dict[tuple[str, str], NDArray[np.float64]] = {}
    for pair, load in zip(found.writers, found.loads, strict=True):
        sums[pair] = sums.get(pair, np.zeros(8)) + load
    gaps: list[list[float]] = [[], []]
    for (a, b), load in sums.items():
        other = sums.get((b, a))
        if other is None:
            continue
        scores, swapped = _both_levels(load), _both_levels(other)
        for level in range(2):
            gap = abs(float(scores[3 * level] - swapped[3 * level + 1]))
            if np.isfinite(gap):
                gaps[level].append(gap)
    content, themes = (max(g) if g else None for g in gaps)
    return content, themes
