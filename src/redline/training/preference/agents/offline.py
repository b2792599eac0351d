"""Agents without a language model: they drop, replace and insert whole sentences, borrowed from other replies.

What they write is a clinician's own sentence or (blunted) one of a short list, so a pair differs in one place only.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from redline.records import digest
from redline.retrieval.words import search_words
from redline.training.preference.agents.contract import (
    BLUNT,
    DROP,
    ENHANCE,
    MISPLACE,
    OVERDO,
    Assignment,
    Produced,
)
from redline.training.preference.material import Answered, Donor, Material
from redline.training.preference.portable import bound_to, protects, same_persons
from redline.units import normalise_unit

__all__ = ["LENT", "OfflineAgent", "vague_sentences"]

LENT = frozenset({"empathy", "symptom_questions", "medication_questions", "contingency_planning", "patient_education"})
"""Themes whose sentences may be borrowed to make a reply better."""
_GENERAL, _ABOUT = "empathy", 2  # what can be said to anybody; words that everything else must share with the message
_NETS = frozenset({"contingency_planning"})  # a wrong safety net stands against the right one, so none is unlearned
_VERSION = 1
"""Raise it where a change of the code can change a text."""


@lru_cache(maxsize=1)
def vague_sentences() -> Mapping[str, tuple[str, ...]]:
    """Theme to sentences that stand in its place and say nothing."""
    text = (files("redline.training.preference.agents") / "vague.yaml").read_text(encoding="utf-8")
    return {theme: tuple(sentences) for theme, sentences in yaml.safe_load(text).items()}


@dataclass(frozen=True)
class OfflineAgent:
    """Draws on `material`; every choice follows from `seed` and the assignment alone, whatever else is asked."""

    material: Material
    seed: int = 17
    name: str = "offline"
    attempts: int = 3
    kinds: tuple[str, ...] = (ENHANCE, DROP, BLUNT, MISPLACE, OVERDO)

    @property
    def digest(self) -> str:
        return digest(
            ["offline", _VERSION, self.seed, self.attempts, {k: list(v) for k, v in vague_sentences().items()}]
        )

    def write(self, assignments: Sequence[Assignment]) -> list[Produced]:
        """One result an assignment."""
        makers = {
            ENHANCE: self._enhance, DROP: self._drop, BLUNT: self._blunt, MISPLACE: self._misplace, OVERDO: self._overdo,
        }  # fmt: skip
        return [makers[a.kind](a) if a.kind in makers else Produced(why="kind_not_offered") for a in assignments]

    def _rng(self, a: Assignment) -> random.Random:
        return random.Random(f"{self.seed} {a.answered.case.id} {a.answered.clinician} {a.theme} {a.kind}")

    def _enhance(self, a: Assignment) -> Produced:
        """A sentence of this clinician's own that could be said here, else what a colleague wrote to the same message.

        Themes that say what is the matter or what to do now are not lent: another's assessment may be wrong here, and a
        second plan may contradict the first.
        """
        if a.theme not in LENT:
            return Produced(why="theme_not_lent")
        similar, colleagues = self.material.similar(a.answered, a.theme), self.material.colleagues(a.answered, a.theme)
        if not similar and not colleagues:
            return Produced(why="no_donor")
        text, known = a.answered.passage.text, _known(a.answered)
        fitting = [
            *(d for d in similar if self._fits(a, d, known, about=_ABOUT)),
            *(d for d in colleagues if same_persons(d.text, text)),
            *(d for d in similar if a.theme == _GENERAL and self._fits(a, d, known, about=0)),
        ]
        donor = next((d for d in fitting if _new(a.answered, d)), None)
        if donor is None:
            return Produced(why="no_fitting_sentence")
        return Produced(a.answered.passage.with_added(self.material.place(a.answered, a.theme), donor.text))

    def _drop(self, a: Assignment) -> Produced:
        return _given(a.answered.passage.without(a.answered.passage.having(a.theme)), "nothing_left")

    def _blunt(self, a: Assignment) -> Produced:
        sentences = vague_sentences().get(a.theme)
        if not sentences:
            return Produced(why="no_vague_sentence")
        return _given(
            a.answered.passage.with_instead(a.answered.passage.having(a.theme), self._rng(a).choice(sentences)), "empty"
        )

    def _misplace(self, a: Assignment) -> Produced:
        """The theme's longest sentence replaced by one of the same clinician to another message of this kind."""
        passage = a.answered.passage
        place = max(passage.having(a.theme), key=lambda i: len(passage.units[i].split()))
        donors = self.material.elsewhere(a.answered, a.theme, self._rng(a))
        donor = self._first(a, self._plausible(a, donors, len(passage.units[place].split())))
        if donor is None:
            return Produced(why="no_donor")
        return Produced(passage.with_instead((place,), donor.text))

    def _overdo(self, a: Assignment) -> Produced:
        """A sentence added that anybody wrote to another message of this kind."""
        passage = a.answered.passage
        length = sum(len(u.split()) for u in passage.units) / max(1, len(passage.units))
        donors = self.material.elsewhere(a.answered, a.theme, self._rng(a), anybody=True)
        donor = self._first(a, self._plausible(a, donors, length))
        if donor is None:
            return Produced(why="no_donor")
        return Produced(passage.with_added(self.material.place(a.answered, a.theme), donor.text))

    def _plausible(self, a: Assignment, donors: Sequence[Donor], length: float) -> list[Donor]:
        """Those that are hard to tell from a right one first: of what the message is about, few strange words, and of about
        this length.

        One that could be said here comes last: with it the reply would only be another good one.
        """
        words, known = self.material.words, _known(a.answered)
        here = known | set(search_words(a.answered.passage.text))

        def rank(donor: Donor) -> tuple[bool, float]:
            strange, shared = len(words.unknown(donor.words, here)), len(words.shared(donor.words, known))
            return strange == 0, strange - 2 * min(shared, 2) + abs(len(donor.text.split()) - length) / 3

        return sorted((d for d in donors if a.theme in _NETS or not protects(d.text)), key=rank)

    def _fits(self, a: Assignment, donor: Donor, known: frozenset[str], *, about: int) -> bool:
        """Whether the sentence could be said here: see `portable`; `about` words of it must be what the message is about."""
        words, reply = self.material.words, a.answered.passage.text
        if not same_persons(donor.text, reply) or bound_to(donor.text, reply):
            return False
        here = known | set(search_words(reply))
        return not words.unknown(donor.words, here) and len(words.shared(donor.words, known)) >= about

    def _first(self, a: Assignment, ordered: Iterable[Donor]) -> Donor | None:
        """The first that speaks of the same persons, is new here, and was written to another message; after a failed
        attempt the next one.
        """
        answered = a.answered
        text = answered.passage.text
        good = (
            d for d in ordered if same_persons(d.text, text) and _new(answered, d) and self.material.apart(answered, d)
        )
        return next(itertools.islice(good, a.attempt, None), None)


def _known(answered: Answered) -> frozenset[str]:
    """Words of the message and the chart."""
    return frozenset(search_words(f"{answered.case.message}\n{answered.case.chart.as_text()}"))


def _new(answered: Answered, donor: Donor) -> bool:
    mine = normalise_unit(donor.text).casefold()
    return all(normalise_unit(u).casefold() != mine for u in answered.passage.units)


def _given(text: str, why: str) -> Produced:
    return Produced(text) if text.strip() else Produced(why=why)
