"""A patient message with its chart, as numbers: what it is about, and what anybody can count in it.

Category and acuity of a case never enter: nobody has labelled them when a real message comes in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from redline.records import Case
from redline.units import unit_texts

__all__ = ["PLAIN", "FeatureMap", "SentenceEncoder", "message_vectors", "plain_features"]

Floats = NDArray[np.float64]

_BLOCK = 256  # messages embedded in one go: bounds the memory, not the result
_MOST = 32  # message directions kept at most
_MESSAGES_PER_DIRECTION = 8
_FAR = 4.0  # standard deviations at which a plain feature stops growing: one huge message must not decide alone

_WORDS = {
    "medicine_words": r"(pills?|tablets?|doses?|mg|medications?|medicines?|meds?|refill|prescri\w*|pharmacy|inhaler|insulin"
    r"|antibiotic\w*|drug|taking|started)",
    "result_words": r"(results?|tests?|labs?|blood ?work|scan|mri|ct|x-?ray|biopsy|level|number|value|report|portal)",
    "symptom_words": r"(pain|hurt\w*|ache\w*|fever|cough\w*|rash|swell\w*|swollen|bleed\w*|dizz\w*|nausea|vomit\w*|tired"
    r"|itch\w*|burn\w*|numb\w*|headache\w*|short(ness)? of breath|chest|sore|throw\w* up|diarrhea)",
    "feeling_words": r"(worr\w*|scared|afraid|anxious|nervous|panic\w*|sorry|embarrass\w*|frustrat\w*|angry|upset|cry\w*"
    r"|awkward|stress\w*|terrif\w*|fed up)",
    "errand_words": r"(forms?|letter|note|appointment|appt|schedul\w*|referral|insurance|paperwork|work|school|copy|fax|sign"
    r"|refill)",
    "time_words": r"(today|tonight|yesterday|since|this morning|last night|hours?|days?|weeks?|now)",
    "thanks": r"(thank\w*|appreciate)",
}
_PATTERNS = {name: re.compile(rf"\b{words}\b") for name, words in _WORDS.items()}

PLAIN = ("words", "question_marks", "exclamation_marks", *_WORDS, "age", "child", "problems", "medications")
"""Names of the plain features, in their order."""


class SentenceEncoder(Protocol):
    """What the planner needs of an encoder; `redline.encoder.EditEncoder` is one."""

    def sentence_vectors(self, units: Sequence[str]) -> NDArray[np.float32]:
        """(units, width): a normalised vector of each unit."""
        ...


def plain_features(case: Case) -> Floats:
    """(len(PLAIN),): logarithms of counts in the message, age in years, and lengths of the chart's lists.

    `age` is NaN where the chart has none; `FeatureMap` puts the mean there.

    >>> row = plain_features(Case("a", "Is the new pill safe? I am worried."))
    >>> [name for name, value in zip(PLAIN, row, strict=True) if value > 0]
    ['words', 'question_marks', 'medicine_words', 'feeling_words']
    """
    text = case.message.lower()
    counts = [len(text.split()), text.count("?"), text.count("!")]
    counts += [sum(1 for _ in pattern.finditer(text)) for pattern in _PATTERNS.values()]
    age = math.nan if case.chart.age is None else case.chart.age
    chart = [
        age,
        math.nan if math.isnan(age) else float(age < 18),
        float(len(case.chart.problems)),
        float(len(case.chart.medications)),
    ]
    return np.asarray([*np.log1p(counts), *chart])


def message_vectors(messages: Iterable[str], encoder: SentenceEncoder) -> dict[str, Floats | None]:
    """Each distinct message -> the normalised mean of its unit vectors; None for a message without text."""
    distinct = list(dict.fromkeys(messages))
    made: dict[str, Floats | None] = {}
    for start in range(0, len(distinct), _BLOCK):
        units = {m: unit_texts(m) for m in distinct[start : start + _BLOCK]}
        wanted = list(dict.fromkeys(u for parts in units.values() for u in parts))
        vectors = dict(zip(wanted, encoder.sentence_vectors(wanted), strict=True)) if wanted else {}
        for message, parts in units.items():
            made[message] = _mean([vectors[u] for u in parts]) if parts else None
    return made


def _mean(vectors: Sequence[NDArray[np.float32]]) -> Floats:
    mean = np.mean(np.asarray(vectors, dtype=np.float64), axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


@dataclass(frozen=True)
class FeatureMap:
    """From cases to rows of 1, message directions, plain features; fitted on past messages without looking at replies.

    Directions are principal components of the message vectors, one for every 8 distinct messages and 32 at most, all
    divided by the standard deviation of the first, so that equal shrinkage trusts the larger ones more.  Plain features
    are standardised.  What a case lacks (a text, an age) is at the mean: 0.
    """

    centre: Floats
    directions: Floats
    plain_mean: Floats
    plain_scale: Floats

    @property
    def count(self) -> int:
        """Number of message directions."""
        return len(self.directions)

    @classmethod
    def fit(cls, cases: Sequence[Case], vectors: Mapping[str, Floats | None]) -> FeatureMap:
        """Learn directions and scales from the distinct messages of `cases`."""
        one = list({c.message: c for c in cases}.values())
        found = [v for c in one if (v := vectors[c.message]) is not None]
        centre, directions = _directions(np.asarray(found)) if found else (np.zeros(0), np.zeros((0, 0)))
        plain = np.asarray([plain_features(c) for c in one]).reshape(len(one), len(PLAIN))
        known = np.isfinite(plain)
        number = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, plain, 0.0).sum(axis=0) / number
        scale = np.sqrt((np.where(known, plain - mean, 0.0) ** 2).sum(axis=0) / number)
        return cls(centre, directions, mean, np.where(scale > 1e-6, scale, 1.0))

    def rows(self, cases: Sequence[Case], vectors: Mapping[str, Floats | None]) -> Floats:
        """(cases, 1 + directions + plain features), the first column 1; never NaN."""
        moved = np.zeros((len(cases), self.count))
        for i, case in enumerate(cases):
            vector = vectors[case.message]
            if vector is not None and self.count:
                moved[i] = self.directions @ (vector - self.centre)
        plain = np.asarray([plain_features(c) for c in cases]).reshape(len(cases), len(PLAIN))
        scaled = np.nan_to_num((plain - self.plain_mean) / self.plain_scale, nan=0.0)
        return np.concatenate([np.ones((len(cases), 1)), moved, np.clip(scaled, -_FAR, _FAR)], axis=1)


def _directions(vectors: Floats) -> tuple[Floats, Floats]:
    """(centre, directions): principal components, each of them with its largest entry positive."""
    centre = vectors.mean(axis=0)
    apart = vectors - centre
    values, columns = np.linalg.eigh(apart.T @ apart / len(vectors))
    values, parts = values[::-1], columns.T[::-1]
    count = min(_MOST, len(vectors) // _MESSAGES_PER_DIRECTION, int((values > 1e-9).sum()))
    kept = parts[:count]
    signs = np.sign(kept[np.arange(count), np.abs(kept).argmax(axis=1)]) if count else np.zeros(0)
    return centre, kept * signs[:, None] / math.sqrt(max(float(values[0]), 1e-9))
