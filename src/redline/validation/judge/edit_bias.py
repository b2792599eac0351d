"""What the judge's errors do to edit scores: judge minus people on the same units, overall and by slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair
from redline.stats import Interval, ResamplingPlan, Score, bootstrap, holm, intervals
from redline.stats.agreement import confusion_rows, pair_figures
from redline.stats.bootstrap import jackknife
from redline.stats.skewed_t import jackknife_interval
from redline.stats.t_distribution import t_cdf
from redline.validation.cards.parts import Bias, Biases, EditScores, Scores, Slice
from redline.validation.figure import Figure, figure
from redline.validation.judge.unit_table import UnitTable, by_cluster

__all__ = [
    "Part", "bias_of", "differences", "edit_scores_of", "edit_scores_of_loads", "loads", "slices_of", "source_of", "strategy_of",
]  # fmt: skip

Floats = NDArray[np.float64]
By = Literal["theme", "strategy", "source", "length"]
VALUES = ("precision", "recall", "f1")
PEOPLE = "another clinician's reply"


@dataclass(frozen=True)
class Part:
    """Some units of a table: all of them (`by` "all"), or a slice."""

    by: By | Literal["all"]
    value: str
    units: NDArray[np.bool_]


def edit_scores_of(
    table: UnitTable, pairs: Sequence[AnnotatedPair], parts: Sequence[Part], seed: int, plan: ResamplingPlan
) -> tuple[EditScores, tuple[Slice, ...]]:  # fmt: skip
    """Scores over all units, and the biases within `parts`.

    Expected edit-P, -R and -F1 (micro) of the judge's probabilities minus those of people's shares, over the units that the
    judge judged and somebody decided, of pairs with a reference.  A side that nobody decided has no score: it is not an empty
    side.  Biases are paired by message; Holm's correction is over the parts of one measure.
    """
    index, _ = table.clusters(seed)
    scored = table.compared & np.array([bool(pairs[i].reference) for i in table.pair], dtype=np.bool_)
    every = [Part("all", "all", np.ones(len(scored), dtype=np.bool_)), *parts]
    masks = [scored & part.units for part in every]
    mine, people = (loads(table.added, edits) for edits in (np.nan_to_num(table.p), np.nan_to_num(table.share)))
    cells = [rows * mask[:, None] for mask in masks for rows in (mine, people)]
    sums = np.stack([by_cluster(c, index, plan.clusters) for c in cells], axis=1)
    counts = [len(np.unique(table.pair[m])) for m in masks]
    found = differences(sums, edit_scores_of_loads)
    adjusted = [holm([row[v][1] for row in found[1:]]) for v in range(3)]
    kappas = _pooled(table, [m & table.compared for m in masks], index, plan)
    whole = intervals(bootstrap(sums[:, :2], edit_scores_of_loads, plan))
    sides = [Scores(**{n: figure(i, counts[0]) for n, i in zip(VALUES, side, strict=True)}) for side in whole]
    overall = EditScores(judge=sides[0], people=sides[1], bias=_biases(found[0], [None] * 3, counts[0]))
    slices = tuple(
        Slice(by=part.by, value=part.value, pairs=counts[k], kappa=kappas[k],
              bias=_biases(found[k], [adjusted[v][k - 1] for v in range(3)], counts[k]))
        for k, part in enumerate(every) if part.by != "all"
    )  # fmt: skip
    return overall, slices


def loads(added: NDArray[np.bool_], edits: Floats) -> Floats:
    """Draft units, deletions, reference units, additions of each unit."""
    return np.stack([~added, ~added * edits, added, added * edits], axis=1).astype(np.float64)


def edit_scores_of_loads(sums: NDArray[np.floating]) -> Floats:
    """P, R, F1 of summed loads; unlike in a table of scores, no units on a side means that nothing is known of it."""
    units, gone, wanted, new = (np.asarray(sums[..., i], dtype=np.float64) for i in range(4))
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = 1 - gone / units, 1 - new / wanted
        total = precision + recall
        f1 = np.where(total > 0, 2 * precision * recall / total, np.where(np.isfinite(total), 0.0, np.nan))
    return np.stack([precision, recall, f1], axis=-1)


def differences(sums: Floats, score: Score) -> list[list[tuple[Interval, float | None]]]:
    """First minus second of each two cells of `sums` (clusters, 2 k, stats): (interval, two-sided p) of every value.

    Student's t over messages with the jackknife (`redline.stats.skewed_t`), which covers a difference of edit scores in few
    messages better than the bootstrap, and p from the same standard error.
    """
    point, left_out = np.asarray(score(sums.sum(axis=0))), jackknife(sums, score)
    point, left_out = point[0::2] - point[1::2], left_out[:, 0::2] - left_out[:, 1::2]
    return [
        [_difference(float(point[cell, value]), left_out[:, cell, value]) for value in range(point.shape[1])]
        for cell in range(point.shape[0])
    ]


def _difference(point: float, left_out: Floats) -> tuple[Interval, float | None]:
    interval = jackknife_interval(point, left_out, bounds=(-1.0, 1.0))
    if interval.se is None:
        return interval, None
    return interval, 2.0 * t_cdf(-abs(point) / interval.se, interval.clusters - 1)


def bias_of(found: tuple[Interval, float | None], n: int, p_holm: float | None = None, note: str = "") -> Bias:
    """As the card holds it."""
    return Bias(**figure(found[0], n, note).model_dump(), p=found[1], p_holm=p_holm)


def _biases(
    found: Sequence[tuple[Interval, float | None]], adjusted: Sequence[float | None], n: int
) -> Biases:  # fmt: skip
    return Biases(**{name: bias_of(found[i], n, adjusted[i]) for i, name in enumerate(VALUES)})


def _pooled(
    table: UnitTable, masks: Sequence[NDArray[np.bool_]], index: NDArray[np.intp], plan: ResamplingPlan
) -> list[Figure]:  # fmt: skip
    """Kappa of the judge with all annotators' decisions pooled, within each mask."""
    rows = np.sum([confusion_rows(table.judge, column) for column in table.people.T], axis=0)
    sums = np.stack([by_cluster(rows * m[:, None], index, plan.clusters) for m in masks], axis=1)
    found = intervals(bootstrap(sums, lambda s: pair_figures(s)[..., 1:2], plan))
    return [figure(row[0], int((table.people[m] >= 0).sum())) for row, m in zip(found, masks, strict=True)]


def slices_of(
    table: UnitTable, pairs: Sequence[AnnotatedPair], themes: Sequence[frozenset[str]], keys: Sequence[str]
) -> list[Part]:
    """The parts of a table by theme of the unit, by strategy and source of the draft, and by its length (thirds of pairs)."""
    owner = table.pair
    parts = [Part("theme", key, np.array([key in t for t in themes], dtype=np.bool_)) for key in keys]
    for by, named in (("strategy", strategy_of), ("source", source_of)):
        values = np.array([named(p) for p in pairs], dtype=object)
        for value in sorted({v for v in values[owner] if v}):
            parts.append(Part("strategy" if by == "strategy" else "source", value, values[owner] == value))
    lengths = np.array([len(p.draft) for p in pairs])
    known = np.sort(lengths[np.unique(owner)]) if len(owner) else lengths
    if len(known) and known[0] < known[-1]:
        first, second = (int(known[(len(known) - 1) * k // 3]) for k in (1, 2))
        second = max(second, first)
        named_bounds = ((-1, first), (first, second), (second, int(known[-1])))
        for low, high in named_bounds:
            inside = (lengths > low) & (lengths <= high)
            if inside.any():
                parts.append(Part("length", _length(max(low + 1, int(known[0])), high), inside[owner]))
    return [p for p in parts if p.units.any()]


def _length(low: int, high: int) -> str:
    return f"draft of {low} units" if low == high else f"draft of {low} to {high} units"


def strategy_of(pair: AnnotatedPair) -> str:
    """Model and strategy that wrote the draft; "another clinician's reply" for a clinician; empty where it is not known."""
    return PEOPLE if source_of(pair) == "clinician" else pair.draft_source


def source_of(pair: AnnotatedPair) -> str:
    """Who wrote the draft: a model (its source is "model/strategy") or a clinician; empty where it is not known."""
    if not pair.draft_source:
        return ""
    return "model" if "/" in pair.draft_source else "clinician"
