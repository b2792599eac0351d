"""Whether a sentence that was written for one patient could be written to another.

By words alone: each word of the sentence must stand in the other case (message, chart, reply), or be one that clinicians
use to patients of all kinds; it must speak of the same persons and, but for empathy, of something that the other case is
about.  Cautious: most sentences are refused.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from redline.retrieval.words import search_words

__all__ = ["WordUse", "bound_to", "protects", "same_persons"]

_PERSONS = re.compile(
    r"\b(?:he|him|his|she|her|hers|they|them|their|son|daughter|baby|child|kid|boy|girl|mom|mum|mother|dad|father|"
    r"wife|husband|partner|spouse|brother|sister|grandma|grandpa|grandson|granddaughter|roommate|friend|"
    r"you (?:both|two|all)|both of you|pregnan\w+)\b",
    re.I,
)
_BOUND = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:tomorrow|tonight|yesterday|weekend|last (?:week|month|visit))\b",
    re.I,
)

_PROTECTS = re.compile(
    r"\b911\b|\b988\b|\bemergency (?:department|room|services)\b|suicid|\bkill|"
    r"\b(?:hurt|harm)(?:ing)? (?:your|him|her|them|my)sel(?:f|ves)\b|\bnot (?:wanting to be|being) here\b",
    re.I,
)


def protects(sentence: str) -> bool:
    """Whether the sentence sends to an emergency service or asks about self-harm: never to be learned as a fault.

    >>> protects("Call 911 now."), protects("Any thoughts of not wanting to be here?"), protects("Rest today.")
    (True, True, False)
    """
    return _PROTECTS.search(sentence) is not None


def _persons(text: str) -> frozenset[str]:
    return frozenset(m.group().lower() for m in _PERSONS.finditer(text))


def same_persons(sentence: str, reply: str) -> bool:
    """Whether everybody whom the sentence speaks of is spoken of in the reply.

    >>> same_persons("Please bring him in.", "Give him water."), same_persons("Your son may go.", "You may go.")
    (True, False)
    """
    return _persons(sentence) <= _persons(reply)


@dataclass(frozen=True)
class WordUse:
    """In the replies to how many of `cases` messages each word (its stem) stands."""

    cases: int
    of_word: Mapping[str, int] = field(repr=False)

    @classmethod
    def of(cls, replies: Iterable[tuple[str, str]]) -> WordUse:
        """Of (case, reply text)."""
        words: dict[str, set[str]] = defaultdict(set)
        for case, text in replies:
            words[case].update(search_words(text))
        return cls(len(words), Counter(w for found in words.values() for w in found))

    def common(self, word: str, share: float = 0.15) -> bool:
        """Whether it stands in the replies to at least `share` of the messages, and to three."""
        return self.of_word.get(word, 0) >= max(3.0, share * self.cases)

    def unknown(self, words: Collection[str], known: AbstractSet[str]) -> set[str]:
        """Those of `words` that are neither in `known` nor common."""
        return {w for w in words if w not in known and not self.common(w)}

    def shared(self, words: Collection[str], known: AbstractSet[str]) -> set[str]:
        """Those of `words` that are in `known` and not common: what both texts are about."""
        return {w for w in words if w in known and not self.common(w)}


def bound_to(sentence: str, reply: str) -> bool:
    """Whether the sentence names a day or an occasion that the reply does not name.

    >>> bound_to("Call me on Friday.", "See you Friday."), bound_to("Call me tomorrow.", "See you.")
    (False, True)
    """
    return not all(m.group().lower() in reply.lower() for m in _BOUND.finditer(sentence))
