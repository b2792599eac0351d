"""A ridge-penalised logistic model over closeness and agreement: what a head without cross-attention can do (ablation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.encoder import NAMES, Asked, ContentHead, EditEncoder
from redline.training.encoder.examples import Passage
from redline.training.encoder.logistic import ridge_logistic

__all__ = ["NOT_USED", "FeatureTable", "asked_of", "fit_head", "tabulate"]

NOT_USED = ("unit_words", "unit_weight", "other_units", "other_words", "mean_sentence")
"""Sizes: they say how long the texts of a corpus are, not whether one carries the other, and differ most between
corpora.  The kinds of a unit (a question, urgent, negated) stay, since the rules of content edits speak of them."""

RIDGE = 33.0
"""Penalty on standardised weights: the middle of a plateau on held-out pairs (1 to 33 differ by 0.001 AUC)."""


@dataclass(frozen=True)
class FeatureTable:
    """Features of all questions of some passages: x (questions, features), carried (shares), source."""

    x: NDArray[np.float64]
    carried: NDArray[np.float64]
    source: NDArray[np.str_]

    def only(self, *sources: str) -> FeatureTable:
        """The rows of these sources."""
        return self.where(np.isin(self.source, sources))

    def where(self, mine: NDArray[np.bool_]) -> FeatureTable:
        """The rows that are True."""
        return FeatureTable(self.x[mine], self.carried[mine], self.source[mine])


def asked_of(passages: Sequence[Passage]) -> list[Asked]:
    """Their questions as scoring asks them."""
    return [Asked(q.unit, p.units) for p in passages for q in p.questions]


def tabulate(encoder: EditEncoder, passages: Sequence[Passage], batch: int = 2000) -> FeatureTable:
    """Features as the shipped runtime computes them; of a unit in chunks the first chunk's."""
    asked = asked_of(passages)
    rows = []
    for start in range(0, len(asked), batch):
        found, owner = encoder.features(asked[start : start + batch])
        rows.append(found[np.unique(owner, return_index=True)[1]])
    return FeatureTable(
        np.concatenate(rows).astype(np.float64),
        np.asarray([q.carried for p in passages for q in p.questions]),
        np.asarray([p.source for p in passages for _ in p.questions]),
    )


def fit_head(table: FeatureTable, *, ridge: float = RIDGE, without: Sequence[str] = NOT_USED) -> ContentHead:
    """The features in `without` get weight 0 (ablations)."""
    used = np.asarray([n not in without for n in NAMES], dtype=np.float64)
    mean, scale, beta = ridge_logistic(table.x * used, table.carried, np.ones(len(table.x)), ridge)
    return ContentHead(mean, scale, beta[:-1] * used, float(beta[-1]))
