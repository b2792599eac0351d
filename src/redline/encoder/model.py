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
from redline.encoder.sessions import SessionPool, cores
from redline.encoder.tokens import UnitTokens
from redline.units import normalise_unit

__all__ = ["Asked", "EditEncoder"]

Floats = NDArray[np.float32]

_TOKENS_A_BATCH = 1500
_OTHER_TOKENS = 1024
_KEPT_UNITS = 4000


@dataclass(frozen=True, slots=True)
class Asked:
    """Is `unit` carried by the text with these units?"""

    unit: str
    other: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A chunk of a unit: its token vectors, its normalised mean, its theme logits."""

    tokens: Floats
    vector: Floats
    themes: Floats


@dataclass(frozen=True, slots=True)
class _Row:
    """One pass of the content graph: a chunk of a unit against a window of the other text."""

    question: int
    chunk: int
    unit: _Chunk
    window: int
    other: tuple[_Chunk, ...]
    other_tokens: int
    features: Floats


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
    def _carried(self) -> SessionPool:
        return SessionPool(self.card.folder / "carried.onnx", self._threads)

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

        A long unit is carried as far as its least carried chunk is; a text longer than the window of the
        cross-attention (1,024 tokens) carries what any of its windows carries.  An empty text carries nothing.
        """
        logits = self.carried_logits(questions)
        p = _sigmoid(self.card.slope * logits + self.card.offset)
        return np.where(np.isneginf(logits), 0.0, p), self._nearest(questions)

    def carried_logits(self, questions: Sequence[Asked]) -> NDArray[np.float64]:
        """Logits before calibration; -inf where the other text is empty."""
        texts = list(dict.fromkeys([q.unit for q in questions] + [u for q in questions for u in q.other]))
        by_text = dict(zip(texts, self._encode(texts), strict=True))
        rows = self._rows(questions, by_text)
        # A batch is as wide as its longest text, so rows are ordered by the text first and the unit second.
        rows.sort(key=lambda r: (r.other_tokens, r.window, len(r.unit.tokens), r.question, r.chunk))
        batches = _by_text(rows)
        scores = np.concatenate(self._carried.map(self._run_carried, batches)) if rows else np.zeros(0)
        return _combine(len(questions), rows, scores)

    def _rows(self, questions: Sequence[Asked], by_text: dict[str, tuple[_Chunk, ...]]) -> list[_Row]:
        """One row for each question, chunk of its unit and window of its other text."""
        windows: dict[tuple[str, ...], list[tuple[int, tuple[_Chunk, ...]]]] = {}
        count = 0
        rows = []
        for number, question in enumerate(questions):
            if not question.other:
                continue
            if question.other not in windows:
                made = _windows(tuple(c for u in question.other for c in by_text[u]))
                windows[question.other] = list(enumerate(made, start=count))
                count += len(made)
            features = agreement(question.unit, question.other, self._weights)
            for chunk, unit in enumerate(by_text[question.unit]):
                for window, other in windows[question.other]:
                    tokens = sum(len(c.tokens) for c in other)
                    rows.append(_Row(number, chunk, unit, window, other, tokens, features))
        return rows

    def _nearest(self, questions: Sequence[Asked]) -> list[int | None]:
        result: list[int | None] = []
        for q in questions:
            texts = self._encode([q.unit, *q.other])
            cosines = [max(float(a.vector @ b.vector) for a in texts[0] for b in unit) for unit in texts[1:]]
            result.append(int(np.argmax(cosines)) if cosines else None)
        return result

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
        tokens, themes = self._units.run({"ids": ids, "mask": mask})
        result = []
        for i, row in enumerate(rows):
            vector = tokens[i, : len(row)].mean(axis=0)
            result.append(
                _Chunk(tokens[i, : len(row)].copy(), vector / max(float(np.linalg.norm(vector)), 1e-9), themes[i])
            )
        return result

    def _run_carried(self, rows: Sequence[_Row]) -> NDArray[np.float64]:
        others: dict[int, int] = {}
        distinct: list[tuple[_Chunk, ...]] = []
        for row in rows:
            if row.window not in others:
                others[row.window] = len(distinct)
                distinct.append(row.other)
        unit, unit_mask = _padded([row.unit.tokens for row in rows])
        other, other_mask = _padded([np.concatenate([c.tokens for c in o]) for o in distinct])
        units, units_mask = _padded([np.stack([c.vector for c in o]) for o in distinct])
        (logits,) = self._carried.run({
            "unit": unit, "unit_mask": unit_mask, "other": other, "other_mask": other_mask,
            "units": units, "units_mask": units_mask,
            "at": np.asarray([others[row.window] for row in rows], dtype=np.int64),
            "features": np.stack([row.features for row in rows]),
        })  # fmt: skip
        return logits.astype(np.float64)


def _by_text(rows: Sequence[_Row]) -> list[list[_Row]]:
    """Batches of ordered rows within a budget of padded tokens, counting each text once."""
    batches: list[list[_Row]] = []
    held: list[_Row] = []
    texts: set[int] = set()
    widest_unit = widest_other = 0
    for row in rows:
        unit = max(widest_unit, len(row.unit.tokens))
        other = max(widest_other, row.other_tokens)
        count = len(texts | {row.window})
        if held and (len(held) + 1) * unit + count * other > _TOKENS_A_BATCH:
            batches.append(held)
            held, texts, unit, other = [], set(), len(row.unit.tokens), row.other_tokens
        held.append(row)
        texts.add(row.window)
        widest_unit, widest_other = unit, other
    if held:
        batches.append(held)
    return batches


def _windows(chunks: tuple[_Chunk, ...]) -> list[tuple[_Chunk, ...]]:
    """The chunks of a text in windows of at most `_OTHER_TOKENS` tokens."""
    windows: list[tuple[_Chunk, ...]] = []
    held: list[_Chunk] = []
    total = 0
    for chunk in chunks:
        if held and total + len(chunk.tokens) > _OTHER_TOKENS:
            windows.append(tuple(held))
            held, total = [], 0
        held.append(chunk)
        total += len(chunk.tokens)
    windows.append(tuple(held))
    return windows


def _combine(count: int, rows: Sequence[_Row], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Maximum over windows of the other text, then minimum over chunks of the unit."""
    best: dict[tuple[int, int], float] = {}
    for row, score in zip(rows, scores, strict=True):
        key = (row.question, row.chunk)
        best[key] = max(best.get(key, -np.inf), float(score))
    result = np.full(count, -np.inf)
    seen = np.zeros(count, dtype=bool)
    for (question, _), score in best.items():
        result[question] = min(result[question], score) if seen[question] else score
        seen[question] = True
    return result


def _padded(arrays: Sequence[Floats]) -> tuple[Floats, NDArray[np.bool_]]:
    longest = max(len(a) for a in arrays)
    padded = np.zeros((len(arrays), longest, arrays[0].shape[1]), dtype=np.float32)
    mask = np.zeros((len(arrays), longest), dtype=bool)
    for i, array in enumerate(arrays):
        padded[i, : len(array)] = array
        mask[i, : len(array)] = True
    return padded, mask


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60, 60))))
