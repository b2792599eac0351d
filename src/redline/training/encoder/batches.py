"""Passages and theme sentences to batches of token ids and features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from redline.encoder.agreement import FEATURES, WordWeights, agreement
from redline.encoder.tokens import UnitTokens
from redline.training.encoder.examples import Passage
from redline.training.encoder.model import CarriedBatch
from redline.units import distinct_units, normalise_unit

__all__ = ["Batcher"]


@dataclass
class Batcher:
    """Turns passages into batches; token ids and features of a text are computed once a run."""

    tokens: UnitTokens
    weights: WordWeights
    _ids: dict[str, list[list[int]]] = field(default_factory=dict)
    _features: dict[tuple[str, tuple[str, ...]], NDArray[np.float32]] = field(default_factory=dict)

    def ids(self, text: str) -> list[list[int]]:
        """Chunks of a text."""
        if text not in self._ids:
            self._ids[text] = self.tokens.chunks([normalise_unit(text)])[0]  # as scoring does
        return self._ids[text]

    def features(self, unit: str, other: tuple[str, ...]) -> NDArray[np.float32]:
        """Agreement features of a question."""
        key = (unit, other)
        if key not in self._features:
            self._features[key] = agreement(unit, distinct_units(other), self.weights)
        return self._features[key]

    def size(self, passage: Passage) -> int:
        """Tokens that the passage and its questions bring into a batch."""
        texts = {*passage.units, *(q.unit for q in passage.questions)}
        return sum(len(c) for t in texts for c in self.ids(t))

    def plan(self, passages: Sequence[Passage], tokens: int, rng: np.random.Generator) -> Iterator[list[Passage]]:
        """Shuffled groups of about `tokens` tokens, similar lengths together so that little is padded."""
        sizes = np.asarray([self.size(p) for p in passages])
        order = np.argsort(sizes * np.exp(rng.normal(0, 0.35, len(passages))))
        groups = list(self.groups([passages[i] for i in order], tokens))
        for i in rng.permutation(len(groups)):
            yield groups[i]

    def groups(self, passages: Sequence[Passage], tokens: int) -> Iterator[list[Passage]]:
        """Runs of passages of at most `tokens` tokens (or one passage), in order."""
        held: list[Passage] = []
        total = 0
        for passage in passages:
            size = self.size(passage)
            if held and total + size > tokens:
                yield held
                held, total = [], 0
            held.append(passage)
            total += size
        if held:
            yield held

    def batch(self, passages: Sequence[Passage]) -> CarriedBatch:
        """All questions of the passages; a unit that occurs twice is encoded once."""
        at: dict[tuple[str, int], int] = {}
        ids: list[list[int]] = []

        def place(text: str) -> list[int]:
            found = []
            for number, chunk in enumerate(self.ids(text)):
                if (text, number) not in at:
                    at[text, number] = len(ids)
                    ids.append(chunk)
                found.append(at[text, number])
            return found

        unit: list[int] = []
        passage_of: list[int] = []
        rows: list[NDArray[np.float32]] = []
        labels: list[float] = []
        weights: list[float] = []
        groups: list[list[int]] = []
        for number, passage in enumerate(passages):
            groups.append([i for u in distinct_units(passage.units) for i in place(u)])
            for question in passage.questions:
                unit.append(place(question.unit)[0])
                passage_of.append(number)
                rows.append(self.features(question.unit, passage.units))
                labels.append(question.carried)
                weights.append(question.weight)
        return CarriedBatch(
            ids,
            np.asarray(unit),
            np.asarray(passage_of),
            groups,
            np.stack(rows) if rows else np.zeros((0, len(FEATURES)), dtype=np.float32),
            np.asarray(labels, dtype=np.float32),
            np.asarray(weights, dtype=np.float32),
        )
