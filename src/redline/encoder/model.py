"""The encoder at work: units to vectors once, then any question about them.

A unit's vectors are a function of its normal form alone; a verdict is a function of the unit and of the
*set* of units of the other text.  Nothing depends on what else is in the batch beyond float rounding.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from redline.encoder.agreement import WordWeights, agreement
from redline.encoder.buckets import buckets
from redline.encoder.card import EncoderCard
from redline.encoder.closeness import UnitVectors, closeness, joined
from redline.encoder.crossing import UnitStates, crossed, pieces
from redline.encoder.head import NAMES, ContentHead
from redline.encoder.sessions import SessionPool, cores
from redline.encoder.tokens import UnitTokens
from redline.units import normalise_unit

__all__ = ["Asked", "EditEncoder"]

Floats = NDArray[np.float32]

_TOKENS_A_BATCH = 1500
_KEPT_UNITS = 3000


@dataclass(frozen=True, slots=True)
class Asked:
    """Is `unit` carried by the text with these units?"""

    unit: str
    other: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A chunk of a unit: its vectors, its states for cross-attention and its theme logits."""

    vectors: UnitVectors
    states: UnitStates
    themes: Floats


class EditEncoder:
    """Sessions, tokenizer and calibration of one encoder folder; nothing is loaded before the first question.

    Safe to use from several threads.  Vectors of the latest few thousand units are kept, since the same
    reference is compared with many drafts.
    """

    def __init__(self, card: EncoderCard, threads: int | None = None) -> None:
        self.card = card
        self._threads = threads or cores()
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[_Chunk, ...]] = OrderedDict()

    @cached_property
    def _tokens(self) -> UnitTokens:
        return UnitTokens(self.card.folder / "tokenizer.json", self.card.window)

    @cached_property
    def _weights(self) -> WordWeights:
        return WordWeights(json.loads((self.card.folder / "words.json").read_text(encoding="utf-8")))

    @cached_property
    def _units(self) -> SessionPool:
        self.card.check_files()
        return SessionPool(self.card.folder / "units.onnx", self._threads)

    @cached_property
    def _content(self) -> SessionPool:
        return SessionPool(self.card.folder / "content.onnx", self._threads)

    @cached_property
    def _head(self) -> ContentHead:
        return ContentHead.read(self.card.folder / "head.json")

    def forget(self) -> None:
        """Drop the kept vectors, so that the next question is paid in full (benchmarks)."""
        with self._lock:
            self._kept.clear()

    def theme_probabilities(self, units: Sequence[str]) -> NDArray[np.float64]:
        """(units, themes): calibrated probability of each theme; over chunks of a long unit the maximum."""
        chunks = self._encode(units)
        logits = np.stack([np.max([c.themes for c in parts], axis=0) for parts in chunks]).astype(np.float64)
        slope, offset, _ = np.asarray(self.card.theme_calibration).T
        return np.asarray(_sigmoid(slope * logits + offset))

    def carried(self, questions: Sequence[Asked]) -> tuple[NDArray[np.float64], list[int | None]]:
        """Calibrated probability that each unit is carried, and the unit of the other text nearest to it.

        A unit of several chunks is carried as far as its least carried chunk is.  An empty text carries nothing.
        """
        vectors = self._vectors(questions)
        logits = self._logits(questions, vectors)
        p = np.where(np.isneginf(logits), 0.0, _sigmoid(self.card.slope * logits + self.card.offset))
        made, others = vectors
        return p, [others[q.other].nearest(made[q.unit]) if q.other else None for q in questions]

    def logits(self, questions: Sequence[Asked]) -> NDArray[np.float64]:
        """Before calibration; minus infinity against an empty text."""
        return self._logits(questions, self._vectors(questions))

    def _logits(self, questions: Sequence[Asked], vectors: _Vectors) -> NDArray[np.float64]:
        made, others = vectors
        rows, owner = self._features(questions, vectors)
        asked = [(chunk.states, others[q.other].pieces) for q in questions if q.other for chunk in made[q.unit]]
        least = np.full(len(questions), np.inf)
        if len(rows):
            np.minimum.at(least, owner, self._head.logits(rows) + crossed(self._content, asked))
        return np.where(np.isinf(least), -np.inf, least)

    def features(self, questions: Sequence[Asked]) -> tuple[Floats, NDArray[np.intp]]:
        """(rows, features) in the order of `NAMES`, and the question of each row: a row a chunk of its unit."""
        return self._features(questions, self._vectors(questions))

    def _features(self, questions: Sequence[Asked], vectors: _Vectors) -> tuple[Floats, NDArray[np.intp]]:
        made, others = vectors
        rows: list[Floats] = []
        owner: list[int] = []
        for number, question in enumerate(questions):
            if not question.other:
                continue
            text = others[question.other]
            literal = agreement(question.unit, question.other, self._weights)
            for chunk in made[question.unit]:
                rows.append(np.concatenate([closeness(chunk.vectors, text.sentences, text.tokens), literal]))
                owner.append(number)
        stacked = np.stack(rows) if rows else np.zeros((0, len(NAMES)), dtype=np.float32)
        return stacked, np.asarray(owner, dtype=np.intp)

    def _vectors(self, questions: Sequence[Asked]) -> _Vectors:
        texts = list(dict.fromkeys([q.unit for q in questions] + [u for q in questions for u in q.other]))
        made = dict(zip(texts, self._encode(texts), strict=True))
        return made, {q.other: _Text(q.other, [made[u] for u in q.other]) for q in questions if q.other}

    def _encode(self, units: Sequence[str]) -> list[tuple[_Chunk, ...]]:
        normal = [normalise_unit(u) for u in units]
        with self._lock:
            known = {}
            for text in normal:
                if text in self._kept:
                    self._kept.move_to_end(text)
                    known[text] = self._kept[text]
        new = [t for t in dict.fromkeys(normal) if t not in known]
        if new:
            known |= dict(zip(new, self._encode_new(new), strict=True))
            with self._lock:
                self._kept.update((t, known[t]) for t in new)
                while len(self._kept) > _KEPT_UNITS:
                    self._kept.popitem(last=False)
        return [known[t] for t in normal]

    def _encode_new(self, texts: Sequence[str]) -> list[tuple[_Chunk, ...]]:
        chunks = self._tokens.chunks(texts)
        flat = [ids for parts in chunks for ids in parts]
        batches = buckets([len(i) for i in flat], _TOKENS_A_BATCH)
        made: list[_Chunk | None] = [None] * len(flat)
        for batch, result in zip(
            batches, self._units.map(lambda b: self._run_units([flat[i] for i in b]), batches), strict=True
        ):
            for i, chunk in zip(batch, result, strict=True):
                made[i] = chunk
        ready = iter([c for c in made if c is not None])
        return [tuple(next(ready) for _ in parts) for parts in chunks]

    def _run_units(self, rows: Sequence[Sequence[int]]) -> list[_Chunk]:
        widest = max(map(len, rows))
        ids = np.zeros((len(rows), widest), dtype=np.int64)
        mask = np.zeros((len(rows), widest), dtype=bool)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
            mask[i, : len(row)] = True
        tokens, lower, themes = self._units.run({"ids": ids, "mask": mask})
        return [
            _Chunk(
                UnitVectors.of(tokens[i, : len(row)]),
                UnitStates(lower[:, i, : len(row)].astype(np.float16), tokens[i, : len(row)].mean(axis=0)),
                themes[i],
            )
            for i, row in enumerate(rows)
        ]


class _Text:
    """The other text of a question: all its vectors, and which unit each sentence vector is of."""

    def __init__(self, texts: Sequence[str], units: Sequence[tuple[_Chunk, ...]]) -> None:
        self.sentences, self.tokens = joined([c.vectors for parts in units for c in parts])
        self._unit = [i for i, parts in enumerate(units) for _ in parts]
        # Each different unit once and in an order of its own: a verdict is one of the *set* of units.
        different = {normalise_unit(t): parts for t, parts in zip(texts, units, strict=True)}
        self.pieces = pieces([c.states for t in sorted(different) for c in different[t]])

    def nearest(self, unit: tuple[_Chunk, ...]) -> int:
        """Index of the unit whose sentence vector is nearest to any chunk of `unit`."""
        cosines = np.max([self.sentences @ c.vectors.sentence for c in unit], axis=0)
        return self._unit[int(np.argmax(cosines))]


_Vectors = tuple[dict[str, tuple[_Chunk, ...]], dict[tuple[str, ...], _Text]]
"""Of the units of some questions, and of their other texts."""


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60, 60))))
