"""Small corpora of replies for the tests of agreement and of theme comparison."""

from __future__ import annotations

import random
from dataclasses import replace

from redline.corpus import Corpus
from redline.judging import VerdictStore, content_judge
from redline.judging.registry import JudgeOptions
from redline.records import Case, Draft, Reply
from redline.scoring import Judges
from tests.conftest import QuestionThemes, WordJudge

WORDS = ("rest", "water", "fever", "call", "tomorrow", "dose", "pain", "walk", "sleep", "salt")
KEYS = ("empathy", "symptom_questions", "treatment_planning", "contingency_planning", "other")


def reply(case: str, clinician: str, *units: str, themes: tuple[tuple[str, ...], ...] | None = None) -> Reply:
    return Reply(case, clinician, " ".join(units), tuple(units), themes)


def corpus(*replies: Reply, drafts: tuple[Draft, ...] = ()) -> Corpus:
    ids = sorted({r.case for r in replies} | {d.case for d in drafts})
    return Corpus("small", tuple(Case(i, f"message {i}") for i in ids), replies, drafts)


def random_corpus(
    seed: int,
    *,
    messages: int = 8,
    people: tuple[str, ...] = ("ann", "bob", "cy"),
    missing: float = 0.2,
    labelled: bool = True,
) -> Corpus:
    """Replies of a few random words with random themes; some clinicians do not answer."""
    rng = random.Random(seed)
    replies = []
    for number in range(messages):
        for person in people:
            if rng.random() < missing and number > 1:
                continue
            units = tuple(
                " ".join(rng.sample(WORDS, 3)) + rng.choice((".", "?")) + f" {number % 3}"
                for _ in range(rng.randint(1, 4))
            )
            themes = tuple(tuple(rng.sample(KEYS, rng.choice((1, 1, 2)))) for _ in units)
            replies.append(reply(f"m{number:02d}", person, *units, themes=themes if labelled else None))
    return corpus(*replies)


def word_judges(**changes: object) -> Judges:
    return replace(Judges(WordJudge(), QuestionThemes(), VerdictStore()), **changes)


def exact_judges() -> Judges:
    return Judges(content_judge("exact", JudgeOptions()), QuestionThemes(), VerdictStore())


def renamed(old: Corpus, names: dict[str, str]) -> Corpus:
    return replace(old, replies=tuple(replace(r, clinician=names[r.clinician]) for r in old.replies))


def shuffled(old: Corpus, seed: int = 5) -> Corpus:
    rng = random.Random(seed)
    cases, replies, drafts = (rng.sample(rows, len(rows)) for rows in (old.cases, old.replies, old.drafts))
    return replace(old, cases=tuple(cases), replies=tuple(replies), drafts=tuple(drafts))
