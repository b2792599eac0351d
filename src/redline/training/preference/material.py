"""What agents draw on: labelled replies, who usually writes which theme, and sentences to lend.

Everything comes from the corpus that sets are made of; what is said of a clinician's habits never counts the reply at hand.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from redline.corpus import Corpus
from redline.drafting import deidentify
from redline.records import Case, Reply
from redline.retrieval import MessageIndex, Query, near_duplicates, past_messages
from redline.retrieval.words import search_words
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.training.preference.passage import Passage
from redline.training.preference.portable import WordUse

__all__ = ["Answered", "Donor", "Label", "Material"]

Label = Callable[[Sequence[str]], Sequence[tuple[str, ...]]]
"""Themes of sentences that nobody labelled."""

_PRIOR = 4.0  # replies that the wider group counts for, where a narrower one is small
_TRIED, _ENOUGH = 48, 3


@dataclass(frozen=True, slots=True)
class Answered:
    """A case, one clinician's reply to it, and the reply as labelled sentences."""

    case: Case
    reply: Reply
    passage: Passage

    @property
    def clinician(self) -> str:
        return self.reply.clinician


@dataclass(frozen=True, slots=True)
class Donor:
    """A sentence of exactly one theme, de-identified, with the case that it was written for."""

    case: str
    clinician: str
    text: str

    @property
    def words(self) -> frozenset[str]:
        """Its words (stems)."""
        return _words(self.text)


@dataclass(frozen=True)
class Material:
    """Made once for a corpus with `of`; safe to share, never changed."""

    answered: tuple[Answered, ...]
    taxonomy: Taxonomy
    words: WordUse
    index: MessageIndex
    by_theme: Mapping[tuple[str | None, str | None, str], tuple[Donor, ...]] = field(repr=False)
    counts: Mapping[tuple[str | None, str | None, str | None], int] = field(repr=False)
    places: Mapping[tuple[str, str], float] = field(repr=False)
    own: Mapping[tuple[str, str], Mapping[str, tuple[Donor, ...]]] = field(repr=False)
    answering: Mapping[str, tuple[str, ...]] = field(repr=False)
    messages: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(
        cls, corpus: Corpus, label: Label, taxonomy: Taxonomy | None = None, clean: Callable[[str], str] = deidentify
    ) -> Material:
        """Of the independent replies of `corpus`; `clean` is what a sentence passes before another reply may borrow it."""
        taxonomy = taxonomy or default_taxonomy()
        answered = _labelled(corpus, label)
        by_theme: dict[tuple[str | None, str | None, str], list[Donor]] = defaultdict(list)
        own: dict[tuple[str, str], dict[str, list[Donor]]] = {}
        counts: Counter[tuple[str | None, str | None, str | None]] = Counter()
        spots: dict[tuple[str, str], list[float]] = defaultdict(list)
        for a in answered:
            mine = own.setdefault((a.case.id, a.clinician), defaultdict(list))
            for key in _groups(a.clinician, a.case.category):
                counts[(*key, None)] += 1
                counts.update((*key, theme) for theme in a.passage.present)
            for i, (unit, themes) in enumerate(zip(a.passage.units, a.passage.themes, strict=True)):
                for theme in themes:
                    spots[a.clinician, theme].append(i / max(1, len(a.passage.units) - 1))
                donor = Donor(a.case.id, a.clinician, " ".join(clean(unit).split()))
                if len(themes) == 1 and _lends(donor.text):
                    (theme,) = themes
                    mine[theme].append(donor)
                    for who in (a.clinician, None):
                        for kind in {a.case.category, None}:
                            by_theme[who, kind, theme].append(donor)
        replies = [(a.case.id, a.reply.text) for a in answered]
        answering: dict[str, list[str]] = defaultdict(list)
        for case, clinician in own:
            answering[case].append(clinician)
        return cls(
            answered, taxonomy, WordUse.of(replies), MessageIndex.build(past_messages(corpus)),
            {k: tuple(v) for k, v in by_theme.items()}, dict(counts),
            {k: sorted(v)[len(v) // 2] for k, v in spots.items()},
            {k: {t: tuple(d) for t, d in v.items()} for k, v in own.items()},
            {case: tuple(who) for case, who in answering.items()}, {c.id: c.message for c in corpus.cases},
        )  # fmt: skip

    @property
    def themes(self) -> tuple[str, ...]:
        """All themes but the residual one."""
        return tuple(k for k in self.taxonomy.keys if k != self.taxonomy.residual)

    def share(self, answered: Answered, theme: str) -> float:
        """How likely this clinician writes `theme` to such a message, judged by the *other* replies.

        Share among the clinician's replies of the same category, drawn towards their share overall, and that towards
        everybody's: a prior of 4 replies each, so a clinician with two replies is mostly taken for an average one.
        """
        has = theme in answered.passage.present
        share = 0.5
        for key in reversed(_groups(answered.clinician, answered.case.category)):
            seen, having = self.counts[(*key, None)] - 1, self.counts.get((*key, theme), 0) - has
            share = (having + _PRIOR * share) / (seen + _PRIOR)
        return share

    def place(self, answered: Answered, theme: str) -> int:
        """Before which sentence this clinician would put the theme: a greeting stays first and a farewell last."""
        passage, residual = answered.passage, self.taxonomy.residual
        count = len(passage.spans)
        spot = self.places.get((answered.clinician, theme), 1.0)
        at = round(spot * count)
        if at == 0 and count and passage.themes[0] == {residual}:
            at = 1
        if at == count and count > 1 and passage.themes[-1] == {residual}:
            at = count - 1
        return at

    def similar(self, answered: Answered, theme: str, most: int = 20) -> list[Donor]:
        """Sentences of the same clinician with `theme`, those written to the most similar messages first."""
        query = Query(answered.case.message, answered.case.id, answered.clinician)
        found: list[Donor] = []
        for hit in self.index.search(query, most):
            found += self.own.get((hit.past.case, answered.clinician), {}).get(theme, ())
        return found

    def colleagues(self, answered: Answered, theme: str) -> list[Donor]:
        """Sentences with `theme` that other clinicians wrote to the same message."""
        found: list[Donor] = []
        for clinician in self.answering.get(answered.case.id, ()):
            if clinician != answered.clinician:
                found += self.own[answered.case.id, clinician].get(theme, ())
        return found

    def elsewhere(self, answered: Answered, theme: str, rng: random.Random, *, anybody: bool = False) -> list[Donor]:
        """At most 48 sentences with `theme` written to other messages, drawn at random: of the same category where there
        are enough, by this clinician or by anybody.  `apart` has still to be asked of the one that is taken.
        """
        who = None if anybody else answered.clinician
        for kind in dict.fromkeys((answered.case.category, None)):
            pool = self.by_theme.get((who, kind, theme), ())
            found = [d for d in rng.sample(pool, min(_TRIED, len(pool))) if d.case != answered.case.id]
            if len(found) >= _ENOUGH:
                break
        return found

    def apart(self, answered: Answered, donor: Donor) -> bool:
        """Whether the donor's message is another one, not a near-duplicate under another id."""
        return not near_duplicates(answered.case.message, self.messages[donor.case])


@lru_cache(maxsize=1 << 15)  # kept for all sentences of a large corpus they would need gigabytes
def _words(text: str) -> frozenset[str]:
    return frozenset(search_words(text))


def _labelled(corpus: Corpus, label: Label) -> tuple[Answered, ...]:
    """Every independent reply with text as labelled sentences; what the corpus does not label, `label` does, all at once."""
    found = [Answered(corpus.by_id[r.case], r, Passage.of(r)) for r in corpus.independent if r.text.strip()]
    missing = [u for a in found if len(a.passage.themes) < len(a.passage.spans) for u in a.passage.units]
    given = iter(label(missing) if missing else ())
    return tuple(
        a
        if len(a.passage.themes) == len(a.passage.spans)
        else Answered(
            a.case, a.reply,
            Passage(a.passage.text, a.passage.spans, tuple(frozenset(next(given)) for _ in a.passage.spans)),
        )
        for a in found
    )  # fmt: skip


def _groups(clinician: str, category: str | None) -> list[tuple[str | None, str | None]]:
    """From the narrowest to the widest: who, to what kind of message."""
    kinds = [(clinician, category)] if category is not None else []
    return [*kinds, (clinician, None), (None, None)]


def _lends(text: str) -> bool:
    """Whether a sentence can stand in another reply: nothing was taken out of it, and it is one sentence of some words."""
    return "[" not in text and 3 <= len(text.split()) <= 45
