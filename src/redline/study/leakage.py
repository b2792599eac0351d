"""What strategies learn from must not hold the messages that they are tested on, under whatever id."""

from __future__ import annotations

from collections import Counter

from redline.corpus import Corpus
from redline.retrieval.duplicates import SAME, shingles
from redline.retrieval.words import plain_words

__all__ = ["without_asked"]


def without_asked(learned: Corpus, asked: Corpus, *, same_source: bool) -> Corpus:
    """`learned` without the cases of `asked` and without near-duplicates of their messages.

    Near-duplicates are those of retrieval: `SAME` of the shorter message's word sequences stand in the other.  Ids are
    compared where both come from one source; in two sources equal ids need not mean the same message.  Takes time in
    proportion to the words of both.
    """
    ids = {c.id for c in asked.cases} if same_source else set()
    plain: set[tuple[str, ...]] = set()
    holders: dict[tuple[str, ...], list[int]] = {}
    sizes: list[int] = []
    for number, case in enumerate(asked.cases):
        words = tuple(plain_words(case.message))
        plain.add(words)
        grams = shingles(words)
        sizes.append(len(grams))
        for gram in grams:
            holders.setdefault(gram, []).append(number)

    def stands_apart(message: str) -> bool:
        words = tuple(plain_words(message))
        grams = shingles(words)
        shared = Counter(number for gram in grams for number in holders.get(gram, ()))
        return words not in plain and all(n < SAME * min(len(grams), sizes[number]) for number, n in shared.items())

    return learned.only(cases=[c.id for c in learned.cases if c.id not in ids and stands_apart(c.message)])
