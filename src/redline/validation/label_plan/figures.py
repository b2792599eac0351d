"""The figures that labels are planned for, each with the variance model that its plan rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.scoring.measures import edit_scores
from redline.stats import ResamplingPlan, bootstrap
from redline.stats.label_models import MIN_PILOT, Pilot, assumed_model, error_variance, pilot_models
from redline.stats.power import LabelModel
from redline.stats.predictive import Influences, influences, threefold
from redline.validation.label_plan.form import Assumed
from redline.validation.label_plan.frame import LabelFrame, Places

__all__ = ["LabelFigure", "contrast_figure", "edit_f1", "system_figure"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelFigure:
    """Edit-F1 of one system, or the difference of two: its pairs, those labelled, and the messages of both.

    Without a `pilot`, `because` says what it lacks.
    """

    name: str
    systems: tuple[str, ...]
    pairs: int
    messages: int
    labelled: int
    labelled_messages: int
    pilot: Pilot | None
    assumed: LabelModel | None
    because: Assumed | None


def edit_f1(sums: NDArray[np.floating]) -> NDArray[np.floating]:
    """Edit-F1 of summed loads (..., 4) -> (..., 1)."""
    return edit_scores(*(sums[..., i] for i in range(4)))[2][..., None]


def system_figure(frame: LabelFrame, system: str, icc: float, seed: int) -> LabelFigure:
    """Corrected edit-F1 of a system."""
    return _figure(frame, system, (system,), [frame.rows_of(system)], icc, seed)


def contrast_figure(frame: LabelFrame, pair: tuple[str, str], icc: float, seed: int) -> LabelFigure:
    """Difference of two systems on the replies that both are compared with."""
    replies = frame.shared(pair)
    sides = [np.array([rows[name] for rows in replies], dtype=np.intp) for name in pair]
    return _figure(frame, f"{pair[0]} - {pair[1]}", pair, sides, icc, seed)


def _figure(
    frame: LabelFrame, name: str, systems: tuple[str, ...], sides: Sequence[Places], icc: float, seed: int
) -> LabelFigure:  # fmt: skip
    rows = np.concatenate(list(sides))
    messages, known = len(np.unique(frame.message[rows])), rows[frame.weights[rows] > 0]
    most = len(rows) / max(messages, 1)
    pilot = None
    if all((frame.weights[side] > 0).any() for side in sides):
        pilot = pilot_models(frame.sums(sides), edit_f1, most, contrast=len(sides) == 2, seed=seed, icc=icc)[0][0]
    seen = len(np.unique(frame.message[known]))
    assumed = because = None
    if pilot is None and len(rows):
        moved = _moved(frame, sides)
        assumed = _assumed(frame, sides, moved.judged, messages, most, icc)
        few = seen < MIN_PILOT or not all((frame.weights[side] > 0).any() for side in sides)
        because = Assumed.FEW if few else Assumed.ALIKE if moved.labelled < MIN_PILOT else Assumed.NO_ERRORS
    return LabelFigure(name, systems, len(rows), messages, len(known), seen, pilot, assumed, because)


def _moved(frame: LabelFrame, sides: Sequence[Places]) -> Influences:
    """How much each message moves the figure, by people's labels and by the judge."""
    plan = ResamplingPlan(frame.messages, 1, 0)
    moved = influences(bootstrap(frame.sums(sides).stacked, threefold(edit_f1), plan))
    return moved.of(0, 0) if len(sides) == 1 else moved.of(0, 0).minus(moved.of(1, 0))


def _assumed(
    frame: LabelFrame, sides: Sequence[Places], judged: Floats, messages: int, most: float, icc: float
) -> LabelModel | None:
    """By the judge's probabilities, a reply of each labelled message; for a difference both systems' pairs of it, whose errors
    are taken as independent, which errs on the large side.
    """
    variances = np.zeros(len(sides[0]))
    for rows in sides:
        by_draft, by_reference = _slopes(frame.judged[rows].sum(axis=0))
        for i, row in enumerate(rows):
            draft, reference = frame.verdicts[row]
            p = np.array([v.p_edit for v in (*draft, *reference)], dtype=np.float64)
            slopes = np.repeat([by_draft, by_reference], [len(draft), len(reference)])
            variances[i] += error_variance(p, slopes, icc=icc)
    return assumed_model(variances, judged, messages, most, each=len(sides), icc=icc)


def _slopes(total: Floats) -> tuple[float, float]:
    """Change of edit-F1 with one more deletion and with one more addition: f = 2PR/(P+R), P = 1 - d/D, R = 1 - a/A."""
    units, gone, wanted, new = (float(x) for x in total)
    p, r = 1 - gone / units, 1 - new / wanted
    if p + r <= 0:
        return 0.0, 0.0
    return -2 * r * r / (p + r) ** 2 / units, -2 * p * p / (p + r) ** 2 / wanted
