"""The index of past messages: built, grown, searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from redline.records import digest
from redline.retrieval.bm25 import Bm25
from redline.retrieval.contract import Embedder, EmbedderRecipe
from redline.retrieval.duplicates import Seen
from redline.retrieval.fusion import fuse, top
from redline.retrieval.messages import Hit, PastMessage, Query
from redline.retrieval.segment import Segment, merged, new_segment
from redline.retrieval.settings import SearchSettings
from redline.retrieval.store import read_index, write_index
from redline.retrieval.vectors import TextVectors
from redline.units import normalise_unit

__all__ = ["MessageIndex"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

_RATIO = 2
_DEEPER = 4


@dataclass(frozen=True)
class MessageIndex:
    """Past messages, found by words (BM25) and by vectors (cosine), fused by reciprocal ranks.

    Never changed: `add` gives a new index that shares what this one holds, so a search under way, and a study that noted
    `digest`, see what they began with.  Safe to use from several threads.  Without `embed` it searches by words alone.

    >>> index = MessageIndex.build([
    ...     PastMessage("a", "dr-1", "My knee is swollen.", "Ice it."),
    ...     PastMessage("b", "dr-1", "Can I get a refill of metformin?", "Sent."),
    ... ])
    >>> [hit.past.reply for hit in index.search(Query("Swelling of the knee since Monday"), k=1)]
    ['Ice it.']
    """

    segments: tuple[Segment, ...] = ()
    embed: Embedder | EmbedderRecipe | None = None
    settings: SearchSettings = SearchSettings()

    @classmethod
    def build(
        cls,
        messages: Sequence[PastMessage],
        embed: Embedder | EmbedderRecipe | None = None,
        settings: SearchSettings | None = None,
    ) -> MessageIndex:
        """An index of `messages`; the order matters for equal scores only (earlier first).

        A recipe (`StaticEmbedder`) is fitted on these messages; `embed` of the index is then the fitted embedder.
        """
        return cls((), embed, settings or SearchSettings()).add(messages)

    def add(self, messages: Sequence[PastMessage]) -> MessageIndex:
        """An index with `messages` behind these.

        The cost is that of the new messages.  Now and then the latest segments are merged, so that each is more than
        twice as large as the next and their number stays logarithmic.  It finds the same as an index built at once
        with the same embedder.  An embedder that was fitted stays as it is: to fit it on all messages, build the index again.
        """
        if not messages:
            return self
        embed = self._fitted(messages)
        segments = [*self.segments, new_segment(messages, self.segments, embed)]
        start = len(segments) - 1
        size = len(segments[start].rows)
        while start and len(segments[start - 1].rows) <= _RATIO * size:
            start -= 1
            size += len(segments[start].rows)
        if start < len(segments) - 1:
            segments[start:] = [merged(segments[start:])]
        return MessageIndex(tuple(segments), embed, self.settings)

    def _fitted(self, messages: Sequence[PastMessage]) -> Embedder | None:
        if isinstance(self.embed, EmbedderRecipe):
            return self.embed.fit(list(dict.fromkeys(m.message for m in messages)))
        return self.embed

    def __len__(self) -> int:
        """Number of past messages, one a reply."""
        return sum(len(s.rows) for s in self.segments)

    @cached_property
    def digest(self) -> str:
        """Of all messages in any order, the embedder with what it was fitted on, and the settings."""
        content = sum(s.content for s in self.segments) % (1 << 256)
        return digest([f"{content:x}", self.embed.digest if self.embed else None, asdict(self.settings)])

    @cached_property
    def _words(self) -> Bm25:
        return Bm25(tuple(s.words for s in self.segments), self.settings.k1, self.settings.b)

    @cached_property
    def _vectors(self) -> TextVectors:
        return TextVectors(tuple(s.vectors for s in self.segments if s.vectors is not None))

    @cached_property
    def _text_of(self) -> Numbers:
        return np.concatenate([s.text_of for s in self.segments])

    def search(self, query: Query, k: int) -> list[Hit]:
        """At most `k` hits, best first; fewer where the filters or the rule against near-duplicates leave fewer.

        Never found: a row of `query.case`, and a near-duplicate of the message asked about.  A message is found once,
        with the reply that was put in first; near-duplicates of a better hit are passed over.  An empty message finds nothing.
        Raises `UsageError` where `query.before` is no date.
        """
        if k < 1 or not self.segments or not normalise_unit(query.message):
            return []
        rows = np.concatenate([s.allowed(query) for s in self.segments])
        allowed = np.zeros(self._words.size, dtype=np.bool_)
        allowed[self._text_of[rows]] = True
        scores = np.where(allowed, self._words.scores(query.message), 0.0)
        asked = self._asked(query.message) if allowed.any() else None
        depth = self.settings.depth
        while True:
            found = list(self._clean(query, rows, self._ranking(scores, asked, allowed, depth), k))
            if len(found) >= k or depth >= len(allowed):
                return found
            depth *= _DEEPER  # so many were near-duplicates that the lists ran out

    def _asked(self, message: str) -> NDArray[np.float32] | None:
        if self.embed is None or isinstance(self.embed, EmbedderRecipe):  # a recipe only as long as nothing is there
            return None
        return np.asarray(self.embed.vectors([message])[0], dtype=np.float32)

    def _ranking(
        self, scores: Floats, asked: NDArray[np.float32] | None, allowed: Mask, depth: int
    ) -> list[tuple[int, float, int | None, int | None]]:
        """Text, score, rank by words and rank by vectors, best first."""
        having = np.flatnonzero(scores > 0)
        lists = [having[top(scores[having], depth)]]
        lists.append(np.zeros(0, dtype=np.int64) if asked is None else self._vectors.ranked(asked, allowed, depth))
        fused = fuse(lists, k=self.settings.rrf)
        columns = (fused.items.tolist(), fused.scores.tolist(), fused.ranks[0].tolist(), fused.ranks[1].tolist())
        return [(text, score, w or None, v or None) for text, score, w, v in zip(*columns, strict=True)]

    def _clean(
        self, query: Query, rows: Mask, ranking: list[tuple[int, float, int | None, int | None]], k: int
    ) -> Iterator[Hit]:
        own = {s.rows[i].message for s in self.segments for i in s.by_case.get(query.case or "", ()) if query.case}
        seen = Seen([query.message, *sorted(own)], same=self.settings.same)
        cases: set[str] = set()
        for text, score, word_rank, vector_rank in ranking:
            if len(cases) == k:
                return
            answers = (self._row(int(i)) for i in np.flatnonzero(rows & (self._text_of == text)))
            past = next((a for a in answers if a.case not in cases), None)
            if past is not None and seen.is_new(past.message):
                cases.add(past.case)
                yield Hit(past, score, word_rank, vector_rank)

    def _row(self, number: int) -> PastMessage:
        for segment in self.segments:
            if number < len(segment.rows):
                return segment.rows[number]
            number -= len(segment.rows)
        raise IndexError(number)

    def save(self, folder: str | Path) -> None:
        """Write the index to `folder`; segments that already lie there are not written again.

        The list of segments is replaced last and at once: a reader finds the old index or the new one.  One writer at a time.
        """
        write_index(folder, self.segments, self.embed, self.settings)

    @classmethod
    def load(cls, folder: str | Path, embed: Embedder | EmbedderRecipe | None = None) -> MessageIndex:
        """The index in `folder`, its arrays mapped from the files; `embed` must be the one that it was built with.

        Where that was a recipe, the embedder fitted then comes from the folder: nothing is fitted again.
        Raises `InputError` for a folder that holds no index, one of another form or embedder, or one that was changed.
        """
        return cls(*read_index(folder, embed))
