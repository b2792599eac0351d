"""The table's figures corrected by people's labels: every row by its own labels, contrasts on what both rows have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair, ThemedText
from redline.errors import UsageError
from redline.scoring.comparison import Comparison
from redline.scoring.corrected_levels import Level, amount_level, content_level, macro_level, theme_level
from redline.scoring.cost import EditCost
from redline.scoring.human_loads import HumanLoads, HumanThemes, LabelCounts, as_drawn, human_loads, human_themes
from redline.scoring.layout import Layout
from redline.scoring.loads import Judged, statistics
from redline.stats import ResamplingPlan, group_clusters, holm
from redline.stats.predictive import (
    Corrected,
    CorrectedContrast,
    LabelledSums,
    corrected_contrasts,
    corrected_estimates,
    labelled_sums,
)  # fmt: skip
from redline.taxonomy import Taxonomy

__all__ = ["CorrectedTable", "TableCorrection", "check_labels", "corrected_table"]

Floats = NDArray[np.floating]
Replies = dict[tuple[str, str], list[int]]
_CHANGE = (-1.0, 1.0)
_AMISS = 0.15
"""A complete sample stands for its frame nearly exactly: it was drawn with the probabilities that it carries."""


@dataclass(frozen=True, slots=True)
class TableCorrection:
    """A corrected paired difference of one measure over `replies` shared replies."""

    measure: str
    contrast: CorrectedContrast
    replies: int


@dataclass(frozen=True)
class CorrectedTable:
    """`cells[row][measure]` for measures as in `Measures.names`.

    content.* (with macro_f1), within.KEY.* (content of the units that the theme classifier puts under a theme), deletions,
    additions and saved where pairs are labelled; theme.* and theme.KEY.* where themes are labelled.  A row without any label has
    its plain figures of all themes together.

    `contrasts` are of the content and theme scores for the rows asked for, with Holm's p over the pairs of one measure.
    """

    cells: Mapping[str, Mapping[str, Corrected]]
    contrasts: tuple[TableCorrection, ...]
    counts: LabelCounts
    notes: tuple[str, ...] = field(default=())

    def of(self, row: str, measure: str) -> Corrected | None:
        """The figure of a row, or None where its level has no labels at all."""
        return self.cells.get(row, {}).get(measure)

    def contrast(self, a: str, b: str, measure: str) -> TableCorrection | None:
        """The difference of two rows, or None."""
        found = (c for c in self.contrasts if (c.contrast.a, c.contrast.b, c.measure) == (a, b, measure))
        return next(found, None)


def corrected_table(
    judged: Sequence[Judged], labels: Sequence[AnnotatedPair], layout: Layout, plan: ResamplingPlan,
    pairs_of_rows: Sequence[tuple[str, str]] = (), themed: Sequence[ThemedText] = (), cost: EditCost | None = None,
) -> CorrectedTable:  # fmt: skip
    """Corrected figures of every row of the table of `judged`, with the table's own resampling plan.

    A row is corrected by labels of its own comparisons and by no others: the judge may err differently with every style.
    `UsageError` where labels are given and none fits a comparison.
    """
    found = [j.comparison for j in judged]
    people = human_loads(found, labels)
    themes = as_drawn(human_themes(found, themed, layout.taxonomy), people, labels)
    _check(people, themes)
    cluster_of, clusters = group_clusters([c.case for c in found], seed=plan.seed)
    if clusters != plan.clusters:
        raise ValueError(f"the plan is for {plan.clusters} clusters, the comparisons have {clusters}")
    names = list(dict.fromkeys(c.cell for c in found))
    cell_of = np.asarray([names.index(c.cell) for c in found], dtype=np.intp)
    columns = statistics(judged, layout)
    levels = [theme_level(columns, themes, layout)] if themed else []
    if labels:
        by_comparison = macro_level(columns, people, layout), amount_level(columns, people, layout, cost or EditCost())
        levels = [content_level(judged, columns, people, layout), *by_comparison, *levels]
    cells: dict[str, dict[str, Corrected]] = {name: {} for name in names}
    contrasts: list[TableCorrection] = []
    for level in levels:
        sums = labelled_sums(level.judged, level.human, level.weights, cluster_of, cell_of, (clusters, len(names)))
        for some, part in _by_detail(level, sums):
            for place, row in zip(some, corrected_estimates(part, level.score, plan, limits=level.limits), strict=True):
                cells[names[place]].update(zip(level.names, row, strict=False))
        contrasts += _contrasts(level, _replies(judged, columns, layout), cluster_of, plan, pairs_of_rows)
    notes = (*people.counts.words, *_stands_for(found, people, labels), *_theme_words(themes, labels))
    return CorrectedTable(cells, tuple(contrasts), people.counts, notes)


def _by_detail(level: Level, sums: LabelledSums) -> Iterator[tuple[list[int], LabelledSums]]:
    """Rows with labels and all their measures; rows without any, and the main measures only (a study may have 1,000 rows)."""
    known = sums.labels.any(axis=0)
    for has, columns in ((True, slice(None)), (False, slice(level.wide))):
        some = np.flatnonzero(known == has)
        if len(some):
            part = sums.of(some)
            yield (
                some.tolist(),
                replace(
                    part,
                    judged=part.judged[..., columns],
                    human=part.human[..., columns],
                    paired=part.paired[..., columns],
                ),
            )


def check_labels(
    found: Sequence[Comparison], labels: Sequence[AnnotatedPair], themed: Sequence[ThemedText], taxonomy: Taxonomy
) -> LabelCounts:
    """What will become of the labels; raises `UsageError` if they fit nothing.  Cheap, so that it can be asked before judging."""
    people = human_loads(found, labels)
    _check(people, as_drawn(human_themes(found, themed, taxonomy), people, labels))
    return people.counts


def _check(people: HumanLoads, themes: HumanThemes) -> None:
    """Labels that fit nothing are a mistake of the call, not a table without corrections."""
    counts = people.counts
    if counts.pairs and not counts.fitting:
        raise UsageError(
            f"none of the {counts.pairs} labelled pairs fits a comparison of this table ({' '.join(counts.words)}) Labels are "
            "matched by case and by the units of draft and reference; draw pairs from this corpus with: redline annotate sample"
        )
    if themes.texts and not themes.weights.any():
        raise UsageError(
            f"of the {themes.texts} texts with labelled themes no draft and reply are compared in this table; "
            "label both sides of a comparison, in the wording of this corpus"
        )


def _stands_for(found: Sequence[Comparison], people: HumanLoads, labels: Sequence[AnnotatedPair]) -> tuple[str, ...]:
    """Drawn pairs stand for 1 over their probability each, and together for the rows that they were drawn from.

    If they do not, some of them are not labelled yet, or they were drawn from another split or corpus.
    """
    if any(p.probability is None for p in labels):
        return ()
    rows = {c.cell for c, weight in zip(found, people.weights, strict=True) if weight > 0}
    every = sum(c.cell in rows and bool(c.reference) for c in found)
    told = float(people.weights.sum())
    if every and not 1 - _AMISS < told / every < 1 + _AMISS:
        return (
            f"By their sampling probabilities the labelled pairs stand for {told:,.0f} comparisons, and their rows have {every:,}: "
            "not all of the drawn pairs are labelled, or they were drawn from other data. The figures are right only if it is "
            "chance which pairs are missing.",
        )
    return ()


def _theme_words(themes: HumanThemes, labels: Sequence[AnnotatedPair]) -> tuple[str, ...]:
    said = []
    if themes.texts and not any(p.probability is not None for p in labels):
        said.append(
            "Theme labels carry no sampling probability: their figures are right if messages were picked at random."
        )
    if unused := themes.texts - themes.fitting:
        said.append(
            f"{unused} of {themes.texts} texts with labelled themes belong to no comparison with both sides labelled."
        )
    return tuple(said)


def _contrasts(
    level: Level, replies: Mapping[str, Replies], cluster_of: NDArray[np.intp], plan: ResamplingPlan,
    pairs: Sequence[tuple[str, str]],
) -> list[TableCorrection]:  # fmt: skip
    """On the replies (case and clinician) that both rows are compared with, each counting once on each side."""
    if not pairs or not level.contrasted:
        return []
    wide = level.wide
    narrow = replace(level, names=level.contrasted, judged=level.judged[:, :wide], human=level.human[:, :wide])
    sides, counts = [], []
    for a, b in pairs:
        shared = sorted(replies[a].keys() & replies[b].keys())
        sides += [[replies[c][key] for key in shared] for c in (a, b)]
        counts.append(len(shared))
    sums = _shared_sums(narrow, sides, cluster_of, plan.clusters)
    found = list(zip(corrected_contrasts(sums, narrow.score, plan, pairs, limits=_CHANGE), counts, strict=True))
    result = []
    for place, measure in enumerate(level.contrasted):
        family = [(one[place], count) for one, count in found]
        adjusted = holm([c.p for c, _ in family])
        result += [
            TableCorrection(measure, replace(c, p_holm=p), count)
            for (c, count), p in zip(family, adjusted, strict=True)
        ]
    return result


def _replies(judged: Sequence[Judged], columns: NDArray[np.float64], layout: Layout) -> dict[str, Replies]:
    """Row -> reply -> its comparisons that could be judged (the ceiling row has several drafts a reply)."""
    scored = columns[:, layout.block("expected")[2]] > 0
    found: dict[str, Replies] = {}
    for i, item in enumerate(judged):
        c = item.comparison
        mine = found.setdefault(c.cell, {})
        if scored[i]:
            mine.setdefault((c.case, c.clinician), []).append(i)
    return found


def _shared_sums(
    level: Level, sides: Sequence[Sequence[Sequence[int]]], cluster_of: NDArray[np.intp], clusters: int
) -> LabelledSums:
    """Sums with a cell a side; a reply with several drafts counts once in all, labelled ones in proportion."""
    rows = np.asarray([i for side in sides for reply in side for i in reply], dtype=np.intp)
    cells = np.asarray([s for s, side in enumerate(sides) for reply in side for _ in reply], dtype=np.intp)
    share = np.asarray([1 / len(reply) for side in sides for reply in side for _ in reply])
    scaled = [part[rows] * share[:, None] for part in (level.judged, level.human)]
    return labelled_sums(scaled[0], scaled[1], level.weights[rows], cluster_of[rows], cells, (clusters, len(sides)))
