"""A batch of past messages as it is searched: rows with their filters, the texts that are new in it, words and vectors.

Never changed once made; an index is a tuple of segments.  Texts are numbered through over all segments: a message
that stands in an earlier segment keeps its number, so it is indexed and embedded once however many clinicians answered it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from redline.errors import UsageError
from redline.records import digest
from redline.retrieval.bm25 import WordSegment
from redline.retrieval.contract import Embedder
from redline.retrieval.messages import PastMessage, Query
from redline.retrieval.vectors import VectorSegment

__all__ = ["Segment", "merged", "new_segment", "row_sum"]

Ints = NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Segment:
    """`text_of[row]` is the number of its message's text; `texts` are numbered from `first`."""

    rows: tuple[PastMessage, ...]
    text_of: Ints
    first: int
    texts: tuple[str, ...]
    words: WordSegment
    vectors: VectorSegment | None

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Text to number, of the texts that are new here."""
        return {text: self.first + i for i, text in enumerate(self.texts)}

    @cached_property
    def content(self) -> int:
        """Sum of the rows' digests: the same in any order."""
        return row_sum(self.rows)

    @cached_property
    def order(self) -> str:
        """Digest of what `content` does not say: the order of the rows and where their texts stand."""
        return digest([[(r.case, r.clinician) for r in self.rows], self.text_of.tolist()])

    @cached_property
    def by_case(self) -> Mapping[str, list[int]]:
        """Case id to rows."""
        found: dict[str, list[int]] = {}
        for i, row in enumerate(self.rows):
            found.setdefault(row.case, []).append(i)
        return found

    @cached_property
    def _clinicians(self) -> tuple[Mapping[str | None, int], Ints]:
        return _codes([r.clinician for r in self.rows])

    @cached_property
    def _splits(self) -> tuple[Mapping[str | None, int], Ints]:
        return _codes([r.split for r in self.rows])

    @cached_property
    def _latest(self) -> Ints:
        """The latest microsecond at which a row may have come in."""
        return np.asarray([_received(r.received) for r in self.rows], dtype=np.int64)

    def allowed(self, query: Query) -> NDArray[np.bool_]:
        """(rows,): which rows pass the filters of `query` and are not of its case."""
        mask = np.ones(len(self.rows), dtype=np.bool_)
        for wanted, (codes, column) in ((query.clinician, self._clinicians), (query.split, self._splits)):
            if wanted is not None:
                mask &= column == codes.get(wanted, -1)
        if query.before is not None:
            mask &= self._latest < _before(query.before)
        if query.case is not None:
            mask[self.by_case.get(query.case, [])] = False
        return mask


def new_segment(messages: Sequence[PastMessage], earlier: Sequence[Segment], embed: Embedder | None) -> Segment:
    """A segment behind `earlier`; only texts that none of those has are indexed and embedded."""
    first = earlier[-1].first + len(earlier[-1].texts) if earlier else 0
    known = {m.message: _known(m.message, earlier) for m in messages}
    texts = [text for text, number in known.items() if number is None]
    numbers = known | {text: first + i for i, text in enumerate(texts)}
    text_of = np.asarray([numbers[m.message] for m in messages], dtype=np.int64)
    vectors = None if embed is None else VectorSegment(np.asarray(embed.vectors(texts), dtype=np.float16))
    return Segment(tuple(messages), text_of, first, tuple(texts), WordSegment.of(texts), vectors)


def merged(parts: Sequence[Segment]) -> Segment:
    """Neighbouring segments as one; nothing is read or embedded again."""
    halves = [p.vectors.half for p in parts if p.vectors is not None]
    return Segment(
        tuple(row for p in parts for row in p.rows),
        np.concatenate([p.text_of for p in parts]),
        parts[0].first,
        tuple(text for p in parts for text in p.texts),
        WordSegment.merged([p.words for p in parts]),
        VectorSegment(np.concatenate(halves)) if halves else None,
    )


def row_sum(rows: Sequence[PastMessage]) -> int:
    """Sum modulo 2^256 of the SHA-256 of each row.

    >>> a, b = PastMessage("1", "x", "Hi", "Yes"), PastMessage("2", "y", "Hi", "No")
    >>> row_sum([a, b]) == row_sum([b, a]), row_sum([a, b]) == row_sum([a, a])
    (True, False)
    """
    total = 0
    for row in rows:
        data = json.dumps(astuple(row), separators=(",", ":")).encode("ascii")
        total += int.from_bytes(hashlib.sha256(data).digest(), "big")
    return total % (1 << 256)


def _known(text: str, earlier: Sequence[Segment]) -> int | None:
    return next((n for s in earlier if (n := s.place.get(text)) is not None), None)


def _codes(values: Sequence[str | None]) -> tuple[Mapping[str | None, int], Ints]:
    numbers: dict[str | None, int] = {}
    return numbers, np.asarray([numbers.setdefault(v, len(numbers)) for v in values], dtype=np.int64)


def _received(text: str | None) -> int:
    """A date without a time may be any time of that day: it counts as the day's last microsecond.  No date is never early."""
    try:
        return _NEVER if text is None else _microsecond(text, _end_of_day)
    except ValueError:
        return _NEVER


def _before(text: str) -> int:
    try:
        return _microsecond(text, _start_of_day)
    except ValueError:
        raise UsageError(f"before: '{text}' is no date, expected ISO 8601, for instance 2026-03-14") from None


def _microsecond(text: str, day: Callable[[date], datetime]) -> int:
    """Microseconds since 1970; a time without a zone is taken as UTC."""
    try:
        when = day(date.fromisoformat(text))
    except ValueError:
        when = datetime.fromisoformat(text)
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)


def _start_of_day(day: date) -> datetime:
    return datetime.combine(day, time.min)


def _end_of_day(day: date) -> datetime:
    return datetime.combine(day, time.max)
