"""An embedder without a model, messages to search, and a brute-force BM25."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from redline.records import digest
from redline.retrieval import PastMessage
from redline.retrieval.words import search_words


@dataclass
class HashedWords:
    """A text's vector: for each word a random direction of its own, summed.  Counts the texts it was given."""

    width: int = 16
    digest: str = "hashed:1"
    seen: list[str] = field(default_factory=list)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += texts
        made = np.zeros((len(texts), self.width))
        for row, text in zip(made, texts, strict=True):
            for word in search_words(text):
                row += np.random.default_rng(int(digest(word, length=8), 16)).standard_normal(self.width)
        return np.asarray(made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def past(case: str, message: str, clinician: str = "dr-1", **more: str) -> PastMessage:
    return PastMessage(case, clinician, message, f"reply of {clinician} to {case}", **more)


def brute_force(texts: Sequence[str], query: str, k1: float = 1.2, b: float = 0.75) -> list[float]:
    """BM25 as in the papers, one text and one word at a time."""
    bags = [search_words(t) for t in texts]
    mean = sum(map(len, bags)) / len(bags) or 1.0
    scores = []
    for bag in bags:
        count, score = Counter(bag), 0.0
        for word, asked in Counter(search_words(query)).items():
            n = sum(word in other for other in bags)
            idf = math.log(1 + (len(bags) - n + 0.5) / (n + 0.5))
            f = count[word]
            score += asked * idf * f * (k1 + 1) / (f + k1 * (1 - b + b * len(bag) / mean)) if f else 0.0
        scores.append(score)
    return scores
