"""The encoder at work: units to vectors once, then any question about them.

A unit's vectors are a function of its normal form alone; a verdict is a function of the unit and of the
*set* of units of the other text: repeats are dropped.  Units are never padded, which would change the last digits: those of the
same length are encoded together, where that is the same to the bit, and each goes through the other graphs alone.  So a
verdict is the same to the bit whatever else is asked.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from redline.encoder.agreement import WordWeights, agreement
from redline.encoder.card import EncoderCard
from redline.encoder.closeness import UnitVectors, closeness, joined
from redline.encoder.crossing import UnitStates, crossed, pieces
from redline.encoder.head import NAMES, ContentHead
from redline.encoder.sessions import SessionPool, cores, one_blas_thread
from redline.encoder.tokens import UnitTokens
from redline.units import distinct_units, normalise_unit

__all__ = ["Asked", "EditEncoder"]

Floats = NDArray[np.float32]

_KEPT_TOKENS = 100_000  # about 0.4 GB
_TOGETHER = 8
"""Most units in one run: a fifth faster than one by one, and few enough for all cores to have work."""
_WORTH = 100
"""Fewer new units are not worth the look whether they may go together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Is `unit` carried by the text with these units?"""

    unit: str
    other: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A chunk of a unit: its vectors, its states for cross-attention, and those (n, width) that themes start from."""

    vectors: UnitVectors
    states: UnitStates
    start: NDArray[np.float16]

    def same(self, other: _Chunk) -> bool:
        """Whether all of it is the same to the bit."""
        return all(np.array_equal(a, b) for a, b in zip(self._arrays, other._arrays, strict=True))

    @property
    def _arrays(self) -> tuple[NDArray[np.floating], ...]:
        return self.vectors.sentence, self.vectors.tokens, self.states.lower, self.states.mean, self.start


class EditEncoder:
    """Sessions, tokenizer and calibration of one encoder folder; nothing is loaded before the first question.

    Safe to use from several threads.  Vectors of the latest few thousand units are kept, since the same
    reference is compared with many drafts; the limit counts tokens, so that huge units do not fill the memory.
    """

    def __init__(self, card: EncoderCard, threads: int | None = None) -> None:
        self.card = card
        self._threads = threads or cores()
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._graphs: dict[str, SessionPool] = {}
        self._kept: OrderedDict[str, tuple[_Chunk, ...]] = OrderedDict()
        self._kept_tokens = 0

    @cached_property
    def _tokens(self) -> UnitTokens:
        return UnitTokens(self.card.folder / "tokenizer.json", self.card.window)

    @cached_property
    def _weights(self) -> WordWeights:
        return WordWeights(json.loads((self.card.folder / "words.json").read_text(encoding="utf-8")))

    def _graph(self, name: str) -> SessionPool:
        with self._loading:
            if name not in self._graphs:
                if not self._graphs:
                    self.card.check_files()
                self._graphs[name] = SessionPool(self.card.folder / f"{name}.onnx", self._threads)
            return self._graphs[name]

    @cached_property
    def _most_together(self) -> int:
        """Units in one run: one where this machine's arithmetic lets a unit's vectors depend on its company (0.15 s to see)."""
        units = self._graph("units")
        probes = [[[101, *range(2_000 + 50 * i, 1_998 + 50 * i + n), 102] for i in range(_TOGETHER)] for n in (9, 33)]
        pairs = [(ids, one) for probe in probes for ids, one in zip(probe, _run_units(units, probe), strict=True)]
        return _TOGETHER if all(_run_units(units, [ids])[0].same(one) for ids, one in pairs) else 1

    @cached_property
    def _head(self) -> ContentHead:
        return ContentHead.read(self.card.folder / "head.json")

    def forget(self) -> None:
        """Drop the kept vectors, so that the next question is paid in full (benchmarks)."""
        with self._lock:
            self._kept.clear()
            self._kept_tokens = 0

    def sentence_vectors(self, units: Sequence[str]) -> Floats:
        """(units, width): the normalised sentence vector of each unit; of a long unit the mean over its chunks."""
        means = np.stack([np.mean([c.vectors.sentence for c in parts], axis=0) for parts in self._encode(units)])
        return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9), dtype=np.float32)

    def theme_probabilities(self, units: Sequence[str]) -> NDArray[np.float64]:
        """(units, themes): calibrated probability of each theme; over chunks of a long unit the maximum."""
        slope, offset, _ = np.asarray(self.card.theme_calibration).T
        return np.asarray(_sigmoid(slope * self.theme_logits(units) + offset))

    def theme_logits(self, units: Sequence[str]) -> NDArray[np.float64]:
        """The same before calibration."""
        chunks, themes = self._encode(units), self._graph("themes")
        flat = [c.start for parts in chunks for c in parts]
        made = np.stack(themes.map(lambda start: _run_themes(themes, start), flat))
        ends = np.cumsum([len(parts) for parts in chunks])
        return np.stack([made[end - len(parts) : end].max(axis=0) for parts, end in zip(chunks, ends, strict=True)])

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
        asked = [(chunk, others[q.other]) for q in questions if q.other for chunk in made[q.unit]]
        least = np.full(len(questions), np.inf)
        if len(rows):
            graph = self._graph("content")
            logits = self._head.logits(
                rows, lambda open_: crossed(graph, [(asked[i][0].states, asked[i][1].pieces) for i in open_])
            )
            np.minimum.at(least, owner, logits)
        return np.where(np.isinf(least), -np.inf, least)

    def features(self, questions: Sequence[Asked]) -> tuple[Floats, NDArray[np.intp]]:
        """(rows, features) in the order of `NAMES`, and the question of each row: a row a chunk of its unit."""
        return self._features(questions, self._vectors(questions))

    def _features(self, questions: Sequence[Asked], vectors: _Vectors) -> tuple[Floats, NDArray[np.intp]]:
        made, others = vectors
        rows: list[Floats] = []
        owner: list[int] = []
        with one_blas_thread():
            for number, question in enumerate(questions):
                if not question.other:
                    continue
                text = others[question.other]
                literal = agreement(question.unit, text.units, self._weights)
                for chunk in made[question.unit]:
                    rows.append(np.concatenate([closeness(chunk.vectors, text.sentences, text.tokens), literal]))
                    owner.append(number)
        stacked = np.stack(rows) if rows else np.zeros((0, len(NAMES)), dtype=np.float32)
        return stacked, np.asarray(owner, dtype=np.intp)

    def _vectors(self, questions: Sequence[Asked]) -> _Vectors:
        texts = list(dict.fromkeys([q.unit for q in questions] + [u for q in questions for u in q.other]))
        made = dict(zip(texts, self._encode(texts), strict=True))
        others = dict.fromkeys(q.other for q in questions if q.other)
        return made, {other: _Text(other, made) for other in others}

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
                for text in new:
                    self._kept_tokens += 0 if text in self._kept else _tokens(known[text])
                    self._kept[text] = known[text]
                while self._kept_tokens > _KEPT_TOKENS:
                    self._kept_tokens -= _tokens(self._kept.popitem(last=False)[1])
        return [known[t] for t in normal]

    def _encode_new(self, texts: Sequence[str]) -> list[tuple[_Chunk, ...]]:
        units = self._graph("units")  # first: it checks the files
        chunks = self._tokens.chunks(texts)
        flat = [ids for parts in chunks for ids in parts]
        groups = _same_length(flat, self._most_together if len(flat) >= _WORTH else 1)
        made = units.map(lambda group: _run_units(units, [flat[i] for i in group]), groups)
        found = {
            i: chunk for group, some in zip(groups, made, strict=True) for i, chunk in zip(group, some, strict=True)
        }
        ready = (found[i] for i in range(len(flat)))
        return [tuple(next(ready) for _ in parts) for parts in chunks]


def _run_themes(themes: SessionPool, start: NDArray[np.float16]) -> Floats:
    inputs = {"start": start[None].astype(np.float32), "mask": np.ones((1, len(start)), dtype=bool)}
    return np.asarray(themes.run(inputs)[0][0])


def _same_length(ids: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    """Places of units of the same length, at most `most` of them in a group."""
    by_length: dict[int, list[int]] = {}
    for place, one in enumerate(ids):
        by_length.setdefault(len(one), []).append(place)
    return [places[i : i + most] for places in by_length.values() for i in range(0, len(places), most)]


def _run_units(units: SessionPool, ids: Sequence[Sequence[int]]) -> list[_Chunk]:
    """Units of the same length in one run."""
    rows = np.asarray(ids, dtype=np.int64)
    made = units.run({"ids": rows, "mask": np.ones(rows.shape, dtype=bool)})
    return [
        _Chunk(
            UnitVectors.of(tokens), UnitStates(lower.astype(np.float16), tokens.mean(axis=0)), start.astype(np.float16)
        )
        for tokens, lower, start in zip(made[0], np.moveaxis(made[1], 1, 0), made[2], strict=True)
    ]


def _tokens(chunks: Sequence[_Chunk]) -> int:
    return sum(len(c.start) for c in chunks)


class _Text:
    """The other text of a question: all its vectors, and which unit each sentence vector is of."""

    def __init__(self, other: tuple[str, ...], made: Mapping[str, tuple[_Chunk, ...]]) -> None:
        self.units = distinct_units(other)
        self._chunks = [made[u] for u in self.units]
        self.sentences, self.tokens = joined([c.vectors for parts in self._chunks for c in parts])
        place = {u: i for i, u in reversed(list(enumerate(other)))}
        self._unit = [place[u] for u, parts in zip(self.units, self._chunks, strict=True) for _ in parts]

    @cached_property
    def pieces(self) -> list[NDArray[np.float16]]:
        """States for cross-attention, in an order of their own: that in which the units are said must not matter."""
        order = sorted(range(len(self.units)), key=lambda i: normalise_unit(self.units[i]))
        return pieces([c.states for i in order for c in self._chunks[i]])

    def nearest(self, unit: tuple[_Chunk, ...]) -> int:
        """Index of the unit whose sentence vector is nearest to any chunk of `unit`."""
        cosines = np.max([self.sentences @ c.vectors.sentence for c in unit], axis=0)
        return self._unit[int(np.argmax(cosines))]


_Vectors = tuple[dict[str, tuple[_Chunk, ...]], dict[tuple[str, ...], _Text]]
"""Of the units of some questions, and of their other texts."""


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60, 60))))
