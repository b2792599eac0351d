"""Scores as functions of sums: (..., columns) -> (..., values), vectorised over cells and draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.scoring.cost import EditCost
from redline.scoring.layout import Layout

__all__ = ["Measures", "edit_amounts", "edit_scores"]

Floats = NDArray[np.floating[Any]]
_PRF = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Measures:
    """All values of a table cell, by name.

    * `content.*`: edit-precision, -recall, -F1 with expected (probability) edits, micro over messages;
      `hard.*` the same with yes/no edits; `content.macro_f1` the mean of each comparison's own F1.
    * `theme.*`: the same on sets of themes, micro; `theme.macro_f1` the mean over themes of their F1.
    * `theme.KEY.*` per theme; `within.KEY.*` content scores of the units that carry the theme.
    * `rate.KEY` and `reference_rate.KEY`: share of drafts and of replies with the theme; `rate_gap.KEY` the difference.
    * per comparison: `deletions`, `additions`, `saved` (cost model); per draft: `draft_units`, `draft_words`, `grade`.

    Undefined values are NaN; F1 is 0 where the draft is empty and the reference is not.
    """

    layout: Layout
    cost: EditCost = EditCost()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the values, in order."""
        keys = self.layout.taxonomy.keys
        names = [f"{level}.{s}" for level in ("content", "hard", "theme") for s in _PRF]
        names += ["content.macro_f1", "theme.macro_f1"]
        names += [f"{level}.{k}.{s}" for level in ("theme", "within") for k in keys for s in _PRF]
        names += [f"{side}.{k}" for side in ("rate", "reference_rate", "rate_gap") for k in keys]
        return (*names, "deletions", "additions", "saved", "draft_units", "draft_words", "grade")

    @cached_property
    def index(self) -> dict[str, int]:
        """Name to position."""
        return {name: i for i, name in enumerate(self.names)}

    def __call__(self, sums: Floats) -> Floats:
        """Values of summed columns; the last axis of `sums` is `Layout.columns`."""
        layout, at = self.layout, self.layout.index
        presence = [[sums[..., i] for i in layout.theme(k)] for k in layout.taxonomy.keys]
        per_theme = [edit_scores(d, d - both, r, r - both) for d, r, both in presence]
        draft, reference, both = (np.sum([p[i] for p in presence], axis=0) for i in range(3))
        parts = [
            _block(sums, layout.block("expected")),
            _block(sums, layout.block("hard")),
            edit_scores(draft, draft - both, reference, reference - both),
            [_ratio(sums[..., at["f1_sum"]], sums[..., at["f1_count"]]), _mean_defined([p[2] for p in per_theme])],
            *per_theme,
            *(_block(sums, layout.block(f"within.{k}")) for k in layout.taxonomy.keys),
            *self._rates(sums),
            self._amounts(sums),
        ]
        return np.stack([value for part in parts for value in part], axis=-1)

    def _rates(self, sums: Floats) -> list[list[Floats]]:
        at, keys = self.layout.index, self.layout.taxonomy.keys
        drafts = [_ratio(sums[..., at[f"theme.{k}.in_drafts"]], sums[..., at["themed_drafts"]]) for k in keys]
        replies = [_ratio(sums[..., at[f"theme.{k}.in_replies"]], sums[..., at["themed_replies"]]) for k in keys]
        return [drafts, replies, [d - r for d, r in zip(drafts, replies, strict=True)]]

    def _amounts(self, sums: Floats) -> list[Floats]:
        at = self.layout.index
        load = (sums[..., i] for i in self.layout.block("expected"))
        count, drafts = sums[..., at["f1_count"]], sums[..., at["drafts"]]
        amounts = [_ratio(x, count) for x in edit_amounts(*load, cost=self.cost)]
        amounts += [_ratio(sums[..., at[n]], drafts) for n in ("draft_units", "draft_words")]
        return [*amounts, _ratio(sums[..., at["draft_grade"]], sums[..., at["graded"]])]


def _ratio(top: Floats, bottom: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


def _block(sums: Floats, block: list[int]) -> list[Floats]:
    return edit_scores(*(sums[..., i] for i in block))


def edit_scores(units: Floats, gone: Floats, wanted: Floats, new: Floats) -> list[Floats]:
    """P, R and F1 of loads, by the undefined-case table of `EditLoad` (docs/design/002)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scored = wanted > 0
        precision = np.where(scored & (units > 0), 1.0 - gone / units, np.nan)
        recall = np.where(scored, 1.0 - new / wanted, np.nan)
        total = precision + recall
        f1 = np.where(total > 0, 2.0 * precision * recall / total, 0.0)
    return [precision, recall, np.where(scored, f1, np.nan)]


def edit_amounts(units: Floats, gone: Floats, wanted: Floats, new: Floats, *, cost: EditCost) -> list[Floats]:
    """Deletions, additions and what is saved (`EditCost.saved`), each linear in the load.

    >>> import numpy as np
    >>> [round(float(x), 2) for x in edit_amounts(*np.array([8.0, 6.0, 4.0, 3.0]), cost=EditCost())]
    [6.0, 3.0, -1.36]
    """
    return [gone, new, (wanted - new) - (cost.read * units + cost.delete * gone) / cost.write]


def _mean_defined(values: list[Floats]) -> Floats:
    stacked = np.stack(values)
    known = np.isfinite(stacked)
    return _ratio(np.where(known, stacked, 0.0).sum(axis=0), known.sum(axis=0).astype(stacked.dtype))
