"""Contrasts of two table rows on what both of them have.

Two systems may have drafted different messages, and the ceiling row exists only where two clinicians answered; a
difference of their table cells would then compare messages, not systems.  Here both sides are cut to the replies
(case and clinician) that both rows are compared with, each reply counting once on each side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from redline.scoring.comparison import Comparison
from redline.scoring.layout import Layout
from redline.scoring.measures import edit_scores
from redline.stats import (
    Contrast,
    NonInferiority,
    ResamplingPlan,
    bootstrap,
    holm,
    non_inferiority,
    paired_contrast,
)  # fmt: skip

__all__ = ["CONTRASTED", "TableContrast", "contrasts"]

Floats = NDArray[np.floating]
CONTRASTED = ("content.f1", "theme.f1", "content.precision", "content.recall")


@dataclass(frozen=True)
class TableContrast:
    """A paired difference of one measure over `replies` shared replies, with Holm's p over its family."""

    measure: str
    contrast: Contrast
    non_inferior: NonInferiority
    replies: int


def contrasts(
    found: Sequence[Comparison], columns: NDArray[np.float64], clusters: NDArray[np.intp], pairs: Sequence[tuple[str, str]],
    layout: Layout, plan: ResamplingPlan, margin: float,
) -> tuple[TableContrast, ...]:  # fmt: skip
    """Contrasts of the rows in `pairs`, from one resampling plan; Holm's family is one measure."""
    needed = _needed(columns, layout)
    by_cell = {cell: _by_reply(found, needed, cell) for cell in {c for pair in pairs for c in pair}}
    cluster_of = {c.case: int(k) for c, k in zip(found, clusters, strict=True)}
    drawn = [_one(by_cell[a], by_cell[b], (a, b), cluster_of, plan) for a, b in pairs]
    result: list[TableContrast] = []
    for place, measure in enumerate(CONTRASTED):
        family = [(found_[place], replies) for found_, replies in drawn]
        for (contrast, replies), p in zip(family, holm([c.p for c, _ in family]), strict=True):
            held = replace(contrast, p_holm=p)
            result.append(TableContrast(measure, held, non_inferiority(held.difference, margin), replies))
    return tuple(result)


def _needed(columns: NDArray[np.float64], layout: Layout) -> NDArray[np.float64]:
    """The content load and the load on theme sets: (comparisons, 8)."""
    presence = [columns[:, layout.theme(k)] for k in layout.taxonomy.keys]
    draft, reference, both = np.sum(presence, axis=0).T
    themes = np.stack([draft, draft - both, reference, reference - both], axis=1)
    return np.concatenate([columns[:, layout.block("expected")], themes], axis=1)


def _by_reply(
    found: Sequence[Comparison], needed: NDArray[np.float64], cell: str
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Mean columns of each reply of a row (the ceiling row has several drafts a reply); unjudged ones are left out."""
    rows: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    for comparison, row in zip(found, needed, strict=True):
        if comparison.cell == cell and row[2] > 0:
            rows.setdefault((comparison.case, comparison.clinician), []).append(row)
    return {key: np.mean(values, axis=0) for key, values in rows.items()}


def _one(
    a: dict[tuple[str, str], NDArray[np.float64]], b: dict[tuple[str, str], NDArray[np.float64]], names: tuple[str, str],
    cluster_of: dict[str, int], plan: ResamplingPlan,
) -> tuple[list[Contrast], int]:  # fmt: skip
    shared = sorted(a.keys() & b.keys())
    sums = np.zeros((plan.clusters, 2, 8))
    for key in shared:
        sums[cluster_of[key[0]], 0] += a[key]
        sums[cluster_of[key[0]], 1] += b[key]
    drawn = bootstrap(sums, _scores, plan)
    return [paired_contrast(drawn, names, 0, 1, value) for value in range(len(CONTRASTED))], len(shared)


def _scores(sums: Floats) -> Floats:
    """The measures of `CONTRASTED`, in order."""
    precision, recall, f1 = edit_scores(*(sums[..., i] for i in range(4)))
    theme_f1 = edit_scores(*(sums[..., i] for i in range(4, 8)))[2]
    return np.stack([f1, theme_f1, precision, recall], axis=-1)
