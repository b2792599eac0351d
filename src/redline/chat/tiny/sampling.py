"""The next token: the likeliest one, or one drawn by temperature and top-p."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redline.chat.contract import ChatRequest, Sampling

__all__ = ["choose", "generator_of"]


def generator_of(request: ChatRequest) -> np.random.Generator:
    """A generator of the request's own: equal requests draw alike, in any company."""
    return np.random.default_rng([request.sampling.seed % 2**64, int(request.digest, 16)])


def choose(logits: NDArray[np.float32], sampling: Sampling, generator: np.random.Generator) -> int:
    """Id of the next token.

    Temperature 0 takes the largest logit, the first of equals.  Else softmax(logits / temperature) is cut to the
    likeliest tokens that together reach `top_p` (Holtzman et al. 2020), at least one, and one of them is drawn.

    >>> choose(np.array([0.0, 3.0, 1.0], np.float32), Sampling(), np.random.default_rng(1))
    1
    """
    if sampling.temperature <= 0:
        return int(np.argmax(logits))
    scaled = logits.astype(np.float64) / sampling.temperature
    p = np.exp(scaled - scaled.max())
    p /= p.sum()
    order = np.argsort(-p, kind="stable")
    before = np.cumsum(p[order]) - p[order]
    kept = order[: max(1, int((before < sampling.top_p).sum()))]
    drawn = generator.random() * p[kept].sum()
    return int(kept[min(int(np.searchsorted(np.cumsum(p[kept]), drawn, side="right")), len(kept) - 1)])
