"""Corrected differences between two cells, paired message by message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from redline.stats.bootstrap import Score, bootstrap
from redline.stats.predictive.estimate import MIN_LABELLED, Corrected, one_figure
from redline.stats.predictive.figure import pick
from redline.stats.predictive.sums import LabelledSums, bearing, differing, threefold
from redline.stats.predictive.tuning import influences
from redline.stats.resampling import ResamplingPlan

__all__ = ["CorrectedContrast", "corrected_contrasts"]

_CHUNK = 32


@dataclass(frozen=True, slots=True)
class CorrectedContrast:
    """`a` minus `b`: the figure's intervals are those of the difference; `p` belongs to the corrected one.

    `labels` and `messages` of the figure are those of the cell that has fewer: a difference is no surer than its weaker side.
    """

    a: str
    b: str
    figure: Corrected
    p: float | None
    p_holm: float | None = None


def corrected_contrasts(
    sums: LabelledSums, score: Score, plan: ResamplingPlan, names: Sequence[tuple[str, str]], *,
    limits: tuple[float, float] | None = None, minimum: int = MIN_LABELLED, level: float = 0.95,
) -> list[list[CorrectedContrast]]:  # fmt: skip
    """For each pair in `names` and each value of `score`: the difference of cells 2i and 2i + 1 of `sums`.

    ``delta = d(H) - w (d(L) - d(J))`` with ``d = f_a - f_b`` and one weight, tuned on the difference.  Each side is corrected
    by its own labels: a judge that likes one style more than people do errs differently on the two sides, and only labels of
    both tell.  Labels need not be of the same messages, but are worth more where they are.
    """
    if sums.labels.shape[1] != 2 * len(names):
        raise ValueError(f"{len(names)} pairs have {2 * len(names)} cells, got {sums.labels.shape[1]}")
    result = []
    for start in range(0, len(names), _CHUNK):
        part = sums.of(slice(2 * start, 2 * (start + _CHUNK)))
        drawn = bootstrap(part.stacked, threefold(score), plan)
        moved, columns = influences(drawn), np.moveaxis(drawn.draws, 0, -1)
        clusters, labels = (part.judged != 0).any(axis=2).sum(axis=0), part.labels.sum(axis=0)
        unlike, resting = differing(part, score), bearing(part, score).sum(axis=0)
        for pair, (a, b) in enumerate(names[start : start + _CHUNK]):
            first, second = 2 * pair, 2 * pair + 1
            row = []
            for value in range(moved.human.shape[2]):
                both = pick(drawn, columns, first, value).minus(pick(drawn, columns, second, value))
                change = moved.of(first, value).minus(moved.of(second, value))
                judged, known, messages = (
                    int(n[first : second + 1].min()) for n in (clusters, labels, resting[:, value])
                )
                either = int(unlike[:, first : second + 1, value].any(axis=1).sum())
                counts = judged, known, messages, either
                figure, spread = one_figure(both, change, counts, limits=limits, minimum=minimum, level=level)
                p = spread.p_value(level) if spread is not None and figure.known else None
                row.append(CorrectedContrast(a, b, figure, p))
            result.append(row)
    return result
