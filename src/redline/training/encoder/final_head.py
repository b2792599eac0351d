"""The last fit of the content head, on held-out questions: the encoder has learned its own training questions by heart.

Beside the questions stand *strangers*, units asked of a text about something else: drafts are also compared with other
patients' replies, and a probability has to be low there.  What is reported and chosen of the result (calibration,
threshold, figures) comes from heads that were fitted without the question's own case (cross-fitting).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from redline.encoder import NAMES, ContentHead
from redline.training.encoder.examples import Passage, Question, share
from redline.training.encoder.head import FeatureTable
from redline.training.encoder.logistic import ridge_logistic

__all__ = ["CALIBRATED_ON", "STRANGER", "final_head", "folds", "with_held_strangers"]

CALIBRATED_ON = ("pairs", "questions", "answers", "facts", "notes", "dictated")
"""Each with the same weight: drafts against replies, answers to patients, single facts, notes.  ExpertQA's held-out part
is small and holds changed claims alone."""

STRANGER = "stranger "
STRANGERS_WEIGHT = 0.1
RIDGE = 30.0
FOLDS = 5
SETTLED = -2.5
"""Held-out questions whose logit with the usual value of cross-attention is under this: none of them was called carried."""

Floats = NDArray[np.float64]


def with_held_strangers(passages: Sequence[Passage], seed: int) -> list[Passage]:
    """The passages and, for half of their questions, the same units asked of another passage of the source."""
    rng = np.random.default_rng(seed)
    result = list(passages)
    for passage in passages:
        others = [p for p in passages if p.source == passage.source and p.key != passage.key]
        for question in passage.questions:
            if passage.source in CALIBRATED_ON and others and rng.random() < 0.5:
                other = others[int(rng.integers(len(others)))]
                asked = (Question(question.unit, 0.0),)
                result.append(Passage(STRANGER + passage.source, passage.key, other.units, asked))
    return result


def folds(passages: Sequence[Passage]) -> NDArray[np.intp]:
    """Fold of each question: those of one key are in one fold."""
    return np.asarray([int(share(p.key, "fold") * FOLDS) for p in passages for _ in p.questions], dtype=np.intp)


def final_head(table: FeatureTable, added: Floats, fold: NDArray[np.intp]) -> tuple[ContentHead, Floats]:
    """The head fitted on all questions of `table`, and the cross-fitted logit of each.

    `added` is what cross-attention adds to the logit of each question, `fold` the part that it is left out with.
    """
    design, carried, source = np.concatenate([table.x, added[:, None]], axis=1), table.carried, table.source
    weight = np.zeros(len(source))
    for name in CALIBRATED_ON:
        for found, part in ((name, 1.0), (STRANGER + name, STRANGERS_WEIGHT)):
            mine = source == found
            weight[mine] = part * len(source) / len(CALIBRATED_ON) / max(1, mine.sum())
    crossed = np.zeros(len(source))
    for number in range(FOLDS):
        out = fold == number
        if out.any():
            mean, scale, beta = ridge_logistic(design[~out], carried[~out], weight[~out], RIDGE)
            crossed[out] = (design[out] - mean) / scale @ beta[:-1] + beta[-1]
    mean, scale, beta = ridge_logistic(design, carried, weight, RIDGE)
    head = ContentHead(
        mean[:-1], scale[:-1], beta[:-2], float(beta[-1] - beta[-2] * mean[-1] / scale[-1]), float(beta[-2] / scale[-1])
    )  # fmt: skip
    return _settle(head, design), crossed


def _settle(head: ContentHead, design: Floats) -> ContentHead:
    """Where the linear part leaves no doubt cross-attention gets its usual value, such that the mean probability stays."""
    linear, added = head.linear(design[:, : len(NAMES)].astype(np.float32)), design[:, -1]
    limit = SETTLED - head.cross * float(np.median(added))
    low = linear < limit
    if not low.any():
        return head
    p = float((1 / (1 + np.exp(-(linear + head.cross * added)[low]))).mean())
    grid = np.linspace(added.min(), added.max(), 400)
    means = [(1 / (1 + np.exp(-(linear[low] + head.cross * g)))).mean() for g in grid]
    return replace(head, settled=limit, instead=float(grid[int(np.argmin(np.abs(np.asarray(means) - p)))]))
