"""What each part of the content head brings, and what it learns from, on held-out train-side questions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.encoder import CLOSENESS, FEATURES
from redline.training.encoder.calibrate import platt
from redline.training.encoder.head import NOT_USED, FeatureTable, fit_head
from redline.training.encoder.measures import auc, kappa

__all__ = ["SOURCES", "ablate", "figures"]

SOURCES = ("pairs", "statements", "kqa", "expertqa")
SENTENCE = ("best_sentence", "second_sentence", "mean_sentence", "whole_text", "sentence_times_tokens")
TOKENS = tuple(n for n in CLOSENESS if n not in SENTENCE)


def ablate(trained: FeatureTable, held: FeatureTable, deep: NDArray[np.float64]) -> dict[str, Any]:
    """{head: {source: {auc, kappa}}}; `deep` are the cross-attention head's logits of the held-out questions."""
    pairs = trained.only("pairs")
    variants = {
        "shipped: fitted on pairs": (pairs, ()),
        "without sentence vectors": (pairs, SENTENCE),
        "without late interaction": (pairs, TOKENS),
        "without literal agreement": (pairs, FEATURES),
        "literal agreement alone": (pairs, CLOSENESS),
        "fitted on pairs and statements": (trained.only("pairs", "statements"), ()),
        "fitted on every source": (trained, ()),
    }
    found = {"content words covered": figures(held.x[:, len(CLOSENESS) + FEATURES.index("covered")], held)}
    for name, (table, left_out) in variants.items():
        without = (*NOT_USED, *left_out)
        found[name] = figures(fit_head(table, without=without).logits(held.x.astype(np.float32)), held)
    everything = fit_head(pairs, without=()).logits(held.x.astype(np.float32))
    found["with the sizes of both texts"] = figures(everything, held)
    found["cross-attention head of the network (every source)"] = figures(deep, held)
    return found


def figures(scores: NDArray[np.floating], held: FeatureTable) -> dict[str, dict[str, float]]:
    """AUC and kappa (at its own calibrated 0.5) of each source."""
    result = {}
    for name in SOURCES:
        mine = held.source == name
        if mine.any():
            z, y = scores[mine].astype(np.float64), held.carried[mine]
            slope, offset = platt(z, y)
            result[name] = {"auc": round(auc(z, y), 4), "kappa": round(kappa(slope * z + offset >= 0, y), 4)}
    return result
