"""What strategies learn from must not hold the messages that they are tested on, under whatever id."""

from __future__ import annotations

from collections import Counter

from redline.corpus import Corpus
from redline.retrieval.duplicates import SHINGLE
from redline.retrieval.words import plain_words

__all__ = ["without_asked"]

_SHARE = 0.5
"""As for near-duplicates in retrieval: this share of the shorter message's word 5-grams stands in the other."""


def without_asked(learned: Corpus, asked: Corpus, *, same_source: bool) -> Corpus:
    """`learned` without the cases of `asked` and without near-duplicates of their messages.

    Ids are compared where both come from one source; in two sources equal ids need not mean the same message.  Takes
    time in proportion to the words of both.
    """
    ids = {c.id for c in asked.cases} if same_source else set()
    plain: set[tuple[str, ...]] = set()
    holders: dict[tuple[str, ...], list[int]] = {}
    sizes: list[int] = []
    for number, case in enumerate(asked.cases):
        words = tuple(plain_words(case.message))
        plain.add(words)
        grams = _grams(words)
        sizes.append(len(grams))
        for gram in grams:
            holders.setdefault(gram, []).append(number)

    def stands_apart(message: str) -> bool:
        words = tuple(plain_words(message))
        grams = _grams(words)
        shared = Counter(number for gram in grams for number in holders.get(gram, ()))
        return words not in plain and all(n < _SHARE * min(len(grams), sizes[number]) for number, n in shared.items())

    return learned.only(cases=[c.id for c in learned.cases if c.id not in ids and stands_apart(c.message)])


def _grams(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {words[i : i + SHINGLE] for i in range(len(words) - SHINGLE + 1)}
