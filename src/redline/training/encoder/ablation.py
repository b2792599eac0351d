"""What each part of the content head brings, and what it learns from, on held-out train-side questions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.encoder import CLOSENESS, FEATURES, ContentHead
from redline.training.encoder.calibrate import platt
from redline.training.encoder.head import NOT_USED, FeatureTable, fit_head
from redline.training.encoder.measures import auc, kappa

Floats = NDArray[np.float64]

__all__ = ["SOURCES", "ablate", "figures"]

SOURCES = ("pairs", "questions", "answers", "facts", "notes", "dictated", "expertqa")
SENTENCE = ("best_sentence", "second_sentence", "mean_sentence", "whole_text", "sentence_times_tokens")
TOKENS = tuple(n for n in CLOSENESS if n not in SENTENCE)


def ablate(trained: FeatureTable, held: FeatureTable, shipped: Floats, head: ContentHead) -> dict[str, Any]:
    """{head: {source: {auc, kappa}}}; `shipped` are the (cross-fitted) logits of the shipped head, `head` the network's own.

    The other heads are fitted anew on the trained questions, over the shipped encoder's features.
    """
    variants = {
        "closeness and agreement, fitted anew": (),
        "without sentence vectors": SENTENCE,
        "without late interaction": TOKENS,
        "literal agreement alone": CLOSENESS,
    }
    x = held.x.astype(np.float32)
    found = {
        "content words covered": figures(held.x[:, len(CLOSENESS) + FEATURES.index("covered")], held),
        "shipped": figures(shipped, held),
        "shipped, without its cross-attention": figures(head.linear(x), held),
    }
    for name, left_out in variants.items():
        found[name] = figures(fit_head(trained, without=(*NOT_USED, *left_out)).linear(x), held)
    alone = fit_head(trained.only("pairs"))
    return found | {"closeness and agreement, fitted on pairs alone": figures(alone.linear(x), held)}


def figures(scores: NDArray[np.floating], held: FeatureTable) -> dict[str, dict[str, float]]:
    """AUC and kappa (at its own calibrated 0.5) of each source; a share counts as carried from one half on."""
    result = {}
    for name in SOURCES:
        mine = held.source == name
        if mine.any():
            z, y = scores[mine].astype(np.float64), held.carried[mine]
            slope, offset = platt(z, y)
            said, true = slope * z + offset >= 0, y >= 0.5
            result[name] = {"auc": round(auc(z, true), 4), "kappa": round(kappa(said, true), 4)}
            if name in ("notes", "dictated"):
                result[name]["share_r"] = round(float(np.corrcoef(1 / (1 + np.exp(-slope * z - offset)), y)[0, 1]), 4)
    return result
