"""A fake encoder and a small world of cases, replies and costs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from redline.corpus import Corpus
from redline.records import Case, ChartSummary, Reply

WIDTH = 12
TOPICS = ("rash", "refill", "headache", "results")


@dataclass
class WordVectors:
    """The normalised sum of a fixed random vector of each word; counts how often each unit is asked for."""

    salt: str = ""
    width: int = WIDTH
    asked: list[str] = field(default_factory=list)

    def sentence_vectors(self, units: Sequence[str]) -> NDArray[np.float32]:
        self.asked += units
        rows = [np.sum([self._word(w) for w in u.lower().split()] or [np.zeros(self.width)], axis=0) for u in units]
        table = np.asarray(rows, dtype=np.float64).reshape(len(units), self.width)
        return (table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)).astype(np.float32)

    def _word(self, word: str) -> NDArray[np.float64]:
        seed = int.from_bytes(hashlib.sha256((self.salt + word).encode()).digest()[:8], "little")
        return np.random.default_rng(seed).normal(size=self.width)


@dataclass(frozen=True)
class Costs:
    write: float = 1.0
    delete: float = 0.1
    read: float = 0.22


def case(number: int) -> Case:
    """A message about one of four topics, none like another."""
    topic = TOPICS[number % len(TOPICS)]
    chart = ChartSummary(age=20.0 + number % 60, problems=("Asthma",) * (number % 3))
    return Case(f"m{number}", f"I have a question about the {topic} from day {number}. What now?", chart)


def reply(number: int, clinician: str, *themes: str) -> Reply:
    return Reply(f"m{number}", clinician, "Done.", ("Done.",), (themes,))


def world(cases: int = 40) -> Corpus:
    """`warm` always shows empathy and `terse` never; both ask about symptoms exactly where there is a rash."""
    replies = []
    for number in range(cases):
        asks = ("symptom_questions",) if number % len(TOPICS) == 0 else ()
        replies += [reply(number, "warm", "empathy", *asks), reply(number, "terse", "care_coordination", *asks)]
    return Corpus("world", tuple(case(n) for n in range(cases)), tuple(replies))
