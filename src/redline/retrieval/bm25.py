"""BM25 over an inverted index in numpy that grows by segments.

    score(q, d) = sum over words t of q:  qf(t) * idf(t) * f (k1 + 1) / (f + k1 (1 - b + b |d| / mean |d|))
    idf(t)      = ln(1 + (N - n(t) + 0.5) / (n(t) + 0.5))

(Robertson and Zaragoza 2009, *The Probabilistic Relevance Framework*; the idf that cannot be negative is Lucene's.)
f is how often t occurs in d, qf how often in q, n(t) in how many texts, |d| words of d.  n, N and the mean length are
taken over all segments, so that scores do not depend on how the index grew: they are equal to the bit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from redline.retrieval.words import search_words

__all__ = ["Bm25", "WordSegment"]

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class WordSegment:
    """Postings of some texts: those of word i are `texts[offsets[i]:offsets[i + 1]]`, rising, with their `counts`.

    `lengths[d]` is the number of words of text d.  Text numbers are of the kind that numpy indexes with: others are
    converted at every use, which triples the time of a query.

    >>> part = WordSegment.of(["knee pain", "pain, pain"])
    >>> part.vocabulary, part.offsets.tolist(), part.texts.tolist(), part.counts.tolist(), part.lengths.tolist()
    ({'kne': 0, 'pain': 1}, [0, 1, 3], [0, 0, 1], [1, 1, 2], [2, 2])
    """

    vocabulary: Mapping[str, int]
    offsets: NDArray[np.int64]
    texts: NDArray[np.int64]
    counts: Ints
    lengths: Ints

    @classmethod
    def of(cls, texts: Iterable[str]) -> WordSegment:
        """The index of these texts; words are numbered by first appearance."""
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        rows = [np.asarray([numbers[w] for w in search_words(text)], dtype=np.int64) for text in texts]
        lengths = np.asarray([len(r) for r in rows], dtype=np.int32)
        owner = np.repeat(np.arange(len(rows), dtype=np.int64), lengths)
        flat = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
        # One sortable number a (word, text): sorting it groups words and keeps texts rising within a word.
        keys, counts = np.unique(flat * max(len(rows), 1) + owner, return_counts=True)
        word, text = np.divmod(keys, max(len(rows), 1))
        return cls(dict(numbers), _offsets(word, len(numbers)), text, counts.astype(np.int32), lengths)

    @classmethod
    def merged(cls, parts: Sequence[WordSegment]) -> WordSegment:
        """What `of` gives for all texts of `parts` in order, without reading them again."""
        numbers: dict[str, int] = {}
        words, texts, start = [], [], 0
        for part in parts:
            new = np.asarray([numbers.setdefault(w, len(numbers)) for w in part.vocabulary], dtype=np.int64)
            words.append(np.repeat(new, np.diff(part.offsets)))
            texts.append(part.texts + start)
            start += len(part.lengths)
        word = np.concatenate(words)
        order = np.argsort(word, kind="stable")
        counts = np.concatenate([p.counts for p in parts])[order]
        lengths = np.concatenate([p.lengths for p in parts])
        return cls(numbers, _offsets(word, len(numbers)), np.concatenate(texts)[order], counts, lengths)

    def postings(self, word: str) -> slice:
        """Where `texts` and `counts` of a word lie; empty for a word that no text has."""
        i = self.vocabulary.get(word)
        return slice(0, 0) if i is None else slice(int(self.offsets[i]), int(self.offsets[i + 1]))


def _offsets(word: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(word, minlength=size))]).astype(np.int64)


@dataclass(frozen=True)
class Bm25:
    """Scores of all texts of some segments, numbered through in order.

    >>> index = Bm25((WordSegment.of(["knee pain", "rash"]),))
    >>> index.scores("my knee").round(3).tolist()
    [0.61, 0.0]
    """

    segments: tuple[WordSegment, ...]
    k1: float = 1.2
    b: float = 0.75

    @cached_property
    def size(self) -> int:
        """Number of texts."""
        return sum(len(s.lengths) for s in self.segments)

    @cached_property
    def _discounts(self) -> tuple[NDArray[np.float64], ...]:
        """k1 (1 - b + b |d| / mean |d|) of each text."""
        total = sum(int(s.lengths.sum(dtype=np.int64)) for s in self.segments)
        mean = total / self.size if total else 1.0
        lengths = [s.lengths.astype(np.float64) for s in self.segments]
        return tuple(self.k1 * (1 - self.b + self.b * (n / mean)) for n in lengths)

    def scores(self, query: str) -> NDArray[np.float64]:
        """(texts,): 0 where a text has no word of the query.  Only the postings of the query's words are read."""
        asked = Counter(search_words(query))
        weights = {w: n * self._idf(w) for w, n in asked.items()}
        parts = [self._part(s, d, weights) for s, d in zip(self.segments, self._discounts, strict=True)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _idf(self, word: str) -> float:
        found = sum((p := s.postings(word)).stop - p.start for s in self.segments)
        return float(np.log1p((self.size - found + 0.5) / (found + 0.5)))

    def _part(
        self, segment: WordSegment, discount: NDArray[np.float64], weights: Mapping[str, float]
    ) -> NDArray[np.float64]:
        scores = np.zeros(len(segment.lengths))
        for word, weight in weights.items():
            place = segment.postings(word)
            texts, counts = segment.texts[place], segment.counts[place]
            # A text stands once in the postings of a word, so plain indexing adds all of them.
            scores[texts] += (weight * (self.k1 + 1)) * (counts / (counts + discount[texts]))
        return scores
