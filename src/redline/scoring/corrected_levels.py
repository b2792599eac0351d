"""What people's labels correct: the judge's and people's statistics of every comparison, and how they are scored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.scoring.cost import EditCost
from redline.scoring.human_loads import HumanLoads, HumanThemes
from redline.scoring.layout import Layout
from redline.scoring.loads import Judged
from redline.scoring.measures import edit_amounts, edit_scores
from redline.stats.bootstrap import Score

__all__ = ["Level", "amount_level", "content_level", "macro_level", "theme_level"]

Floats = NDArray[np.float64]
_PRF = ("precision", "recall", "f1")
_SHARE, _AMOUNT = (0.0, 1.0), (0.0, math.inf)


@dataclass(frozen=True)
class Level:
    """`judged` and `human` are (comparisons, columns), `weights` (comparisons,) 0 where one is not labelled; `score` maps sums of
    columns to the values of `names`.

    The first `wide` columns alone give the main values, those of `contrasted` among them.  `limits` is the range of
    the values, or that of each.
    """

    names: tuple[str, ...]
    judged: Floats
    human: Floats
    weights: Floats
    score: Score
    wide: int
    limits: tuple[float, float] | list[tuple[float, float] | None] = _SHARE
    contrasted: tuple[str, ...] = ()


def content_level(judged: Sequence[Judged], columns: Floats, people: HumanLoads, layout: Layout) -> Level:
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
    seen = columns[:, [c for b in blocks for c in b]]
    return Level(names, seen, human, people.weights, _edit_scores, 4, contrasted=overall)


def macro_level(columns: Floats, people: HumanLoads, layout: Layout) -> Level:
    """The mean of each comparison's own edit-F1."""
    f1 = edit_scores(*people.loads.T)[2]
    known = (people.weights > 0) & np.isfinite(f1)
    human = np.column_stack([known, np.where(known, f1, 0.0)])
    seen = columns[:, [layout.index["f1_count"], layout.index["f1_sum"]]]
    return Level(("content.macro_f1",), seen, human, people.weights, _means, 2)


def amount_level(columns: Floats, people: HumanLoads, layout: Layout, cost: EditCost) -> Level:
    """Units deleted, added and saved a comparison.  Each is linear in the load, so one of sums is a sum of those of comparisons."""

    seen = columns[:, layout.block("expected")]
    by_judge, by_people = (np.stack(edit_amounts(*loads.T, cost=cost), axis=1) for loads in (seen, people.loads))
    judged = np.column_stack([columns[:, layout.index["f1_count"]], by_judge])
    human = np.column_stack([people.weights > 0, by_people])
    names = ("deletions", "additions", "saved")
    return Level(names, judged, human, people.weights, _means, 4, limits=[_AMOUNT, _AMOUNT, None])


def theme_level(columns: Floats, themes: HumanThemes, layout: Layout) -> Level:
    """The load on sets of themes, then that of each theme."""
    keys = layout.taxonomy.keys
    seen = np.stack([columns[:, layout.theme(k)] for k in keys], axis=1)
    overall = tuple(f"theme.{s}" for s in _PRF)
    names = (*overall, *(f"theme.{k}.{s}" for k in keys for s in _PRF))
    judged, human = _theme_loads(seen), _theme_loads(themes.presence)
    return Level(names, judged, human, themes.weights, _edit_scores, 4, contrasted=overall)


def _theme_loads(presence: Floats) -> Floats:
    """(rows, themes, 3) -> (rows, 4 * (1 + themes)): the load on sets of themes, then that of each theme."""
    draft, reference, both = np.moveaxis(presence, -1, 0)
    loads = np.stack([draft, draft - both, reference, reference - both], axis=-1)
    every = np.concatenate([loads.sum(axis=1, keepdims=True), loads], axis=1)
    return np.asarray(every.reshape(len(presence), -1), dtype=np.float64)


def _edit_scores(sums: NDArray[np.floating]) -> NDArray[np.floating]:
    """P, R and F1 of each load in the sums: (..., 4 * loads) -> (..., 3 * loads)."""
    loads = [[sums[..., 4 * i + j] for j in range(4)] for i in range(sums.shape[-1] // 4)]
    return np.stack([value for load in loads for value in edit_scores(*load)], axis=-1)


def _means(sums: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sums over their count, which is the first: (..., 1 + values) -> (..., values)."""
    count = sums[..., :1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > 0, sums[..., 1:] / count, np.nan)
