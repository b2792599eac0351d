"""How close a unit is to another text in the encoder's space: sentence vectors and late interaction.

Ten numbers a question (`CLOSENESS`), computed with numpy from vectors that are made once a unit.  They depend on
the *set* of units of the other text only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLOSENESS", "UnitVectors", "closeness"]

Floats = NDArray[np.float32]

CLOSENESS = (
    "best_sentence", "second_sentence", "mean_sentence", "whole_text", "tokens_mean", "tokens_least", "tokens_best_quarter",
    "tokens_spread", "sentence_times_tokens", "tokens_median",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitVectors:
    """Of one unit: `sentence` (width,) normalised mean, `tokens` (n, width) normalised inner tokens."""

    sentence: Floats
    tokens: Floats

    @classmethod
    def of(cls, vectors: Floats) -> UnitVectors:
        """From the encoder's token vectors, the two special ones first and last."""
        mean = vectors.mean(axis=0)
        inner = vectors[1:-1] if len(vectors) > 2 else vectors
        return cls(mean / _norm(mean), inner / np.maximum(np.linalg.norm(inner, axis=1, keepdims=True), 1e-9))


def closeness(unit: UnitVectors, sentences: Floats, tokens: Floats) -> Floats:
    """The features of a unit against a text: `sentences` (k, width) and `tokens` (m, width) of its units.

    >>> one = UnitVectors.of(np.eye(4, dtype=np.float32))
    >>> dict(zip(CLOSENESS, closeness(one, one.sentence[None], one.tokens).tolist(), strict=True))["tokens_mean"]
    1.0
    """
    cosines = sentences @ unit.sentence
    best = float(cosines.max())
    second = float(np.partition(cosines, -2)[-2]) if len(cosines) > 1 else 0.0
    whole = sentences.mean(axis=0)
    reach = (unit.tokens @ tokens.T).max(axis=1)
    reach.sort()
    count = len(reach)
    mean = float(reach.sum()) / count
    away = reach - mean
    spread = math.sqrt(float(away @ away) / count)
    return np.asarray(
        [
            best, second, cosines.sum() / len(cosines), float(whole @ unit.sentence) / _norm(whole), mean, reach[0],
            reach[-max(1, count // 4) :].mean(), spread, best * mean, (reach[(count - 1) // 2] + reach[count // 2]) / 2,
        ],
        dtype=np.float32,
    )  # fmt: skip


def joined(units: Sequence[UnitVectors]) -> tuple[Floats, Floats]:
    """Sentence vectors and token vectors of a text."""
    return np.stack([u.sentence for u in units]), np.concatenate([u.tokens for u in units])


def _norm(vector: Floats) -> float:
    return max(math.sqrt(float(vector @ vector)), 1e-9)
