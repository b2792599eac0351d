"""The table's figures corrected by people's labels: every row by its own labels, contrasts on what both rows have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair, ThemedText
from redline.errors import UsageError
from redline.scoring.comparison import Comparison
from redline.scoring.human_loads import HumanLoads, HumanThemes, LabelCounts, as_drawn, human_loads, human_themes
from redline.scoring.layout import Layout
from redline.scoring.loads import Judged, statistics
from redline.scoring.measures import edit_scores
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
_PRF = ("precision", "recall", "f1")
_SHARE, _CHANGE = (0.0, 1.0), (-1.0, 1.0)


@dataclass(frozen=True, slots=True)
class TableCorrection:
    """A corrected paired difference of one measure over `replies` shared replies."""

    measure: str
    contrast: CorrectedContrast
    replies: int


@dataclass(frozen=True)
class CorrectedTable:
    """`cells[row][measure]` for measures as in `Measures.names`.

    content.* and within.KEY.* (content of the units that the theme classifier puts under a theme) where pairs are labelled;
    theme.* and theme.KEY.* where themes are labelled.  A row without any label has its plain figures of all themes together.

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


@dataclass(frozen=True)
class _Level:
    """Content or themes: the judge's and people's statistics of every comparison, weights, and what they are scored by."""

    names: tuple[str, ...]
    contrasted: tuple[str, ...]
    judged: NDArray[np.float64]
    human: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def wide(self) -> int:
        """Columns that the contrasted measures are made of."""
        return len(self.contrasted) // 3 * 4

    @staticmethod
    def score(sums: Floats) -> Floats:
        """P, R and F1 of each load in the sums: (..., 4 * loads) -> (..., 3 * loads)."""
        loads = [[sums[..., 4 * i + j] for j in range(4)] for i in range(sums.shape[-1] // 4)]
        return np.stack([value for load in loads for value in edit_scores(*load)], axis=-1)


def corrected_table(
    judged: Sequence[Judged], labels: Sequence[AnnotatedPair], layout: Layout, plan: ResamplingPlan,
    pairs_of_rows: Sequence[tuple[str, str]] = (), themed: Sequence[ThemedText] = (),
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
    levels = [_content(judged, columns, people, layout)] if labels else []
    levels += [_themes(columns, themes, layout)] if themed else []
    cells: dict[str, dict[str, Corrected]] = {name: {} for name in names}
    contrasts: list[TableCorrection] = []
    for level in levels:
        sums = labelled_sums(level.judged, level.human, level.weights, cluster_of, cell_of, (clusters, len(names)))
        for some, part in _by_detail(level, sums):
            for place, row in zip(some, corrected_estimates(part, level.score, plan, limits=_SHARE), strict=True):
                cells[names[place]].update(zip(level.names, row, strict=False))
        contrasts += _contrasts(level, _replies(judged, columns, layout), cluster_of, plan, pairs_of_rows)
    return CorrectedTable(cells, tuple(contrasts), people.counts, (*people.counts.words, *_theme_words(themes, labels)))


def _by_detail(level: _Level, sums: LabelledSums) -> Iterator[tuple[list[int], LabelledSums]]:
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


def _content(judged: Sequence[Judged], columns: NDArray[np.float64], people: HumanLoads, layout: Layout) -> _Level:
    """The load of all units, then of those of each theme, by the judge's themes on both sides."""
    keys, overall = layout.taxonomy.keys, tuple(f"content.{s}" for s in _PRF)
    names = (*overall, *(f"within.{k}.{s}" for k in keys for s in _PRF))
    blocks = [layout.block(b) for b in ("expected", *(f"within.{k}" for k in keys))]
    human = np.zeros((len(judged), 4 * len(blocks)))
    human[:, :4] = people.loads
    for row, (gone, new) in people.shares.items():
        item = judged[row]
        for i, key in enumerate(keys, 1):
            draft = [x for x, t in zip(gone, item.draft_themes, strict=True) if key in t.themes]
            reference = [x for x, t in zip(new, item.reference_themes, strict=True) if key in t.themes]
            human[row, 4 * i : 4 * i + 4] = len(draft), sum(draft), len(reference), sum(reference)
    return _Level(names, overall, columns[:, [c for b in blocks for c in b]], human, people.weights)


def _themes(columns: NDArray[np.float64], themes: HumanThemes, layout: Layout) -> _Level:
    keys = layout.taxonomy.keys
    seen = np.stack([columns[:, layout.theme(k)] for k in keys], axis=1)
    overall = tuple(f"theme.{s}" for s in _PRF)
    names = (*overall, *(f"theme.{k}.{s}" for k in keys for s in _PRF))
    return _Level(names, overall, _theme_loads(seen), _theme_loads(themes.presence), themes.weights)


def _theme_loads(presence: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows, themes, 3) -> (rows, 4 * (1 + themes)): the load on sets of themes, then that of each theme."""
    draft, reference, both = np.moveaxis(presence, -1, 0)
    loads = np.stack([draft, draft - both, reference, reference - both], axis=-1)
    every = np.concatenate([loads.sum(axis=1, keepdims=True), loads], axis=1)
    return np.asarray(every.reshape(len(presence), -1), dtype=np.float64)


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
    level: _Level, replies: Mapping[str, Replies], cluster_of: NDArray[np.intp], plan: ResamplingPlan,
    pairs: Sequence[tuple[str, str]],
) -> list[TableCorrection]:  # fmt: skip
    """On the replies (case and clinician) that both rows are compared with, each counting once on each side."""
    wide = level.wide
    narrow = replace(level, names=level.contrasted, judged=level.judged[:, :wide], human=level.human[:, :wide])
    if not pairs:
        return []
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
    level: _Level, sides: Sequence[Sequence[Sequence[int]]], cluster_of: NDArray[np.intp], clusters: int
) -> LabelledSums:
    """Sums with a cell a side; a reply with several drafts counts once in all, labelled ones in proportion."""
    rows = np.asarray([i for side in sides for reply in side for i in reply], dtype=np.intp)
    cells = np.asarray([s for s, side in enumerate(sides) for reply in side for _ in reply], dtype=np.intp)
    share = np.asarray([1 / len(reply) for side in sides for reply in side for _ in reply])
    scaled = [part[rows] * share[:, None] for part in (level.judged, level.human)]
    return labelled_sums(scaled[0], scaled[1], level.weights[rows], cluster_of[rows], cells, (clusters, len(sides)))
