"""Near-duplicate messages: what must not be shown as an example for itself, nor twice.

Two messages are near-duplicates if their words are the same in the same order, or if of the shorter one's word
5-grams at least `same` (0.5) stand in the other: containment (Broder 1997), so that a message with a thread quoted below it is
found too.  A message of fewer than five words is only ever its own duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redline.retrieval.words import plain_words
from redline.units import normalise_unit

__all__ = ["SAME", "Seen", "near_duplicates", "shingles"]

SHINGLE = 5
SAME = 0.5
"""Share of the shorter message's shingles that makes a near-duplicate."""


def shingles(words: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Every run of five words.

    >>> sorted(shingles("a b c d e f".split()))
    [('a', 'b', 'c', 'd', 'e'), ('b', 'c', 'd', 'e', 'f')]
    """
    return frozenset(zip(*(words[i:] for i in range(SHINGLE)), strict=False))


@dataclass(frozen=True, slots=True)
class _Print:
    plain: str
    shingles: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, text: str) -> _Print:
        found = plain_words(text)
        return cls(" ".join(found) or normalise_unit(text), shingles(found))

    def same(self, other: _Print, share: float) -> bool:
        if self.plain == other.plain:
            return True
        less = min(len(self.shingles), len(other.shingles))
        return less > 0 and len(self.shingles & other.shingles) >= share * less


def near_duplicates(one: str, other: str, same: float = SAME) -> bool:
    """Whether two messages are near-duplicates.

    >>> near_duplicates("My knee hurts since the fall on Monday.", "my knee hurts since the fall on monday")
    True
    >>> near_duplicates("My knee hurts since the fall.", "Fwd: My knee hurts since the fall. Any news on this?")
    True
    >>> near_duplicates("My knee hurts since the fall.", "My elbow is swollen since the fall.")
    False
    """
    return _Print.of(one).same(_Print.of(other), same)


class Seen:
    """Messages that a new one must differ from."""

    def __init__(self, texts: Iterable[str] = (), *, same: float = SAME) -> None:
        self._same = same
        self._prints = [_Print.of(t) for t in texts]

    def is_new(self, text: str) -> bool:
        """Whether `text` is no near-duplicate of what was seen; it then counts as seen itself."""
        mine = _Print.of(text)
        if any(mine.same(p, self._same) for p in self._prints):
            return False
        self._prints.append(mine)
        return True
