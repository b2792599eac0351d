"""Literal agreement between a unit and another text: words, numbers, doses, drugs, negation, question form.

Thirty-one numbers a question, computed without a model, in a fixed order (`FEATURES`).  The network
reads them beside its own vectors; the ablation in the card says what they bring.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from redline.encoder.words import STOPWORDS, is_number, stem, words
from redline.units import normalise_unit

__all__ = ["FEATURES", "WordWeights", "agreement", "profile"]

FEATURES = (
    "covered", "covered_weighted", "best_covered", "best_covers_back", "best_f1", "second_covered", "bigrams",
    "rarest_covered", "rare_covered", "has_rare", "numbers_covered", "has_numbers", "best_other_number",
    "doses_covered", "has_doses", "drugs_covered", "has_drugs", "negated", "negation_differs", "asks",
    "other_asks", "best_asks_differs", "urgent", "urgent_differs", "same", "near_same", "partly_same",
    "unit_words", "unit_weight", "other_units", "other_words",
)  # fmt: skip

_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nothing|neither|nor|without|avoid|stop|don't|won't|can't|cannot|isn't|aren't|wasn't|"
    r"doesn't|didn't|shouldn't|wouldn't|couldn't|hasn't|haven't|unlikely|rarely|hold off|instead of|rather than)\b",
    re.IGNORECASE,
)
_URGENT = re.compile(
    r"\b(?:911|emergency|er|ed|ambulance|right away|immediately|today|tonight|urgent(?:ly)?|at once|same day)\b",
    re.IGNORECASE,
)
_DOSE = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(?:-|to\s)?\s*(mg|mcg|µg|ug|g|ml|l|units?|iu|puffs?|drops?|tablets?|pills?|capsules?|"
    r"hours?|days?|weeks?|months?|times|%|lbs?|pounds?|kg|percent)\b",
    re.IGNORECASE,
)
_DRUG = re.compile(
    r"(?:pril|sartan|olol|statin|azole|cillin|mycin|cycline|floxacin|prazole|tidine|gliptin|gliflozin|glutide|"
    r"triptyline|oxetine|opram|aline|azepam|zolam|barbital|caine|dipine|thiazide|semide|lukast|terol|sone|solone|"
    r"onide|profen|oxen|aminophen|aspirin|insulin|warfarin|xaban|grel|parin|formin|roxine|setron|triptan|vir|mab|"
    r"nib|tinib|phylline|lamide|amide|idone|apine|azine|pramine|zine|dronate|caftor|statine|ferrous|iron|calcium)$"
)


class WordWeights:
    """Inverse document frequency of stems, fixed at training time; an unseen stem is as rare as the rarest."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = dict(weights)
        self.rarest = max(self._weights.values(), default=1.0)
        self.median = float(np.median(list(self._weights.values()))) if self._weights else 1.0

    def __getitem__(self, stem_: str) -> float:
        return self._weights.get(stem_, self.rarest)

    def as_dict(self) -> dict[str, float]:
        """For the model's file."""
        return dict(self._weights)

    @classmethod
    def fit(cls, texts: Sequence[Sequence[str]], *, least: int = 2) -> WordWeights:
        """Weights ``ln((N + 1) / (df + 1)) / ln(N + 1)`` over `texts` (each a sequence of units).

        >>> w = WordWeights.fit([["Take iron."], ["Take rest."], ["Take iron now."]], least=1)
        >>> w[stem("take")] < w[stem("iron")] < w["unseen"]
        True
        """
        counts: dict[str, int] = {}
        for text in texts:
            for key in {s for u in text for s in profile(u).content}:
                counts[key] = counts.get(key, 0) + 1
        top = math.log(len(texts) + 1)
        weights = {k: math.log((len(texts) + 1) / (n + 1)) / top for k, n in sorted(counts.items()) if n >= least}
        return cls(weights | {"": 1.0})


@dataclass(frozen=True, slots=True)
class Profile:
    """What `agreement` needs of one unit; made once a unit."""

    normal: str
    content: tuple[str, ...]
    stems: frozenset[str]
    bigrams: frozenset[tuple[str, str]]
    numbers: frozenset[str]
    doses: frozenset[tuple[str, str]]
    drugs: frozenset[str]
    negated: bool
    asks: bool
    urgent: bool
    length: int


@lru_cache(maxsize=1 << 15)
def profile(unit: str) -> Profile:
    """The profile of a unit.

    >>> p = profile("Don't take 20 mg of lisinopril?")
    >>> sorted(p.numbers), sorted(p.drugs), p.negated, p.asks
    (['20'], ['lisinopril'], True, True)
    """
    text = normalise_unit(unit)
    found = words(text)
    lower = [w.lower() for w in found]
    content = tuple(stem(w) for w in lower if w not in STOPWORDS and "n't" not in w)
    return Profile(
        normal=text.casefold().strip(" .!,;:"),
        content=content,
        stems=frozenset(content),
        bigrams=frozenset(pairwise(content)),
        numbers=frozenset(w for w in content if is_number(w)),
        doses=frozenset((n.replace(",", "."), stem(m)) for n, m in _DOSE.findall(text)),
        drugs=frozenset(s for w, s in ((w, stem(w)) for w in lower) if _DRUG.search(w) or _DRUG.search(s)),
        negated=_NEGATION.search(text) is not None,
        asks=text.rstrip("\"')").endswith("?"),
        urgent=_URGENT.search(text) is not None,
        length=len(found),
    )


@dataclass(frozen=True, slots=True)
class _Together:
    """What the units of a text hold together; made once for all the units that are asked about it."""

    units: tuple[Profile, ...]
    stems: frozenset[str]
    bigrams: frozenset[tuple[str, str]]
    numbers: frozenset[str]
    doses: frozenset[tuple[str, str]]
    drugs: frozenset[str]
    asks: bool
    length: int


@lru_cache(maxsize=1 << 10)
def _together(units: tuple[str, ...]) -> _Together:
    found = tuple(profile(u) for u in units)
    return _Together(
        found,
        frozenset().union(*(p.stems for p in found)),
        frozenset().union(*(p.bigrams for p in found)),
        frozenset().union(*(p.numbers for p in found)),
        frozenset().union(*(p.doses for p in found)),
        frozenset().union(*(p.drugs for p in found)),
        any(p.asks for p in found),
        sum(p.length for p in found),
    )


def agreement(unit: str, other: Sequence[str], weights: WordWeights) -> NDArray[np.float32]:
    """The features of one question, in the order of `FEATURES`; the order of `other` does not matter.

    >>> w = WordWeights({})
    >>> x = dict(zip(FEATURES, agreement("Stop the iron.", ["Rest.", "Please stop iron."], w), strict=True))
    >>> float(x["covered"]), float(x["same"])
    (1.0, 0.0)
    """
    me = profile(unit)
    text = _together(tuple(other))
    rest, every = text.units, text.stems
    own = {s: weights[s] for s in me.stems}
    total = sum(own.values())
    shares = [sum(own[s] for s in me.stems & r.stems) / total if total else 0.0 for r in rest]
    backs = [_back(me, r, weights) for r in rest]
    f1s = [2 * a * b / (a + b) if a + b else 0.0 for a, b in zip(shares, backs, strict=True)]
    # Ties are broken by content, so that the order of the other text's units cannot move a feature.
    best = max(range(len(rest)), key=lambda i: (f1s[i], shares[i], rest[i].normal), default=-1)
    near = rest[best] if best >= 0 else profile("")
    rare = {s for s in me.stems if own[s] > weights.median}
    rarest = max(me.stems, key=lambda s: (own[s], s), default="")
    ordered = sorted(shares, reverse=True)
    ratios = [_ratios(me.normal, r.normal) for r in rest]
    values = (
        _share(me.stems, every), sum(own[s] for s in me.stems & every) / total if total else 0.0,
        ordered[0] if ordered else 0.0, backs[best] if best >= 0 else 0.0, f1s[best] if best >= 0 else 0.0,
        ordered[1] if len(ordered) > 1 else 0.0, _share(me.bigrams, text.bigrams),
        float(rarest in every), _share(frozenset(rare), every), float(bool(rare)),
        _share(me.numbers, text.numbers), float(bool(me.numbers)),
        float(bool(me.numbers) and bool(near.numbers) and not me.numbers & near.numbers),
        _share(me.doses, text.doses), float(bool(me.doses)),
        _share(me.drugs, text.drugs), float(bool(me.drugs)),
        float(me.negated), float(me.negated != near.negated), float(me.asks), float(text.asks),
        float(me.asks != near.asks), float(me.urgent), float(me.urgent != near.urgent),
        float(any(me.normal == r.normal for r in rest)), max((a for a, _ in ratios), default=0.0),
        max((b for _, b in ratios), default=0.0), math.log1p(len(me.content)) / 3, total / 10,
        math.log1p(len(rest)) / 3, math.log1p(text.length) / 6,
    )  # fmt: skip
    return np.asarray(values, dtype=np.float32)


def _share(part: frozenset[str] | frozenset[tuple[str, str]], whole: frozenset[object]) -> float:
    return len(part & whole) / len(part) if part else 0.0


def _back(me: Profile, other: Profile, weights: WordWeights) -> float:
    total = sum(weights[s] for s in other.stems)
    return sum(weights[s] for s in me.stems & other.stems) / total if total else 0.0


@lru_cache(maxsize=1 << 16)
def _ratios(a: str, b: str) -> tuple[float, float]:
    return fuzz.ratio(a, b) / 100, fuzz.token_set_ratio(a, b) / 100
