"""Everything that was learnt, as plain numbers: feature map, one head and one calibration a theme."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from redline.drafting.planner.calibrate import Calibration, calibrate
from redline.drafting.planner.features import PLAIN, FeatureMap, SentenceEncoder, message_vectors
from redline.drafting.planner.fit import PRIOR, fit_pooled, held_out, message_folds, moderated
from redline.drafting.planner.past import Replies
from redline.drafting.planner.pooling import CLINICIAN, INTERCEPT, Head, Layout, Rows, sigmoid
from redline.records import Case, digest

__all__ = ["PROBE", "Model", "Spread", "fit_model"]

Floats = NDArray[np.float64]

PROBE = "How are you feeling since you started the new medicine?"
"""The sentence whose vector tells one encoder from another."""

_FOLDS = 5
_MESSAGES_TO_CALIBRATE = 20
_QUARTILE = 0.6744897501960817  # of the standard normal
_UNPUBLISHED = 0.5


@dataclass(frozen=True)
class Spread:
    """(cases, themes): probability, and the quartiles of what it may be for the clinician asked about."""

    p: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Model:
    """`themes` are the planned ones in taxonomy order; `rates` what to expect of each before any reply is seen."""

    themes: tuple[str, ...]
    rates: tuple[float, ...]
    clinicians: tuple[str, ...]
    replies: int
    features: FeatureMap
    heads: tuple[Head, ...]
    calibrations: tuple[Calibration, ...]
    probe: Floats

    @cached_property
    def layout(self) -> Layout:
        """Columns of the heads."""
        return Layout(self.features.count, len(PLAIN))

    @cached_property
    def digest(self) -> str:
        """Changes with every number that can move a plan."""
        calibrations = [(c.offset, c.slope) for c in self.calibrations]
        arrays = [self.features.centre, self.features.directions, self.features.plain_mean, self.features.plain_scale]
        for head in self.heads:
            arrays += [np.asarray(head.offset), head.b, head.u, head.g, head.k, head.h, head.variances]
        content = [hashlib.sha256(np.ascontiguousarray(a, dtype="<f8").tobytes()).hexdigest() for a in arrays]
        return digest([self.themes, self.rates, self.clinicians, self.replies, calibrations, content])

    def predict(self, cases: Sequence[Case], clinician: str | None, encoder: SentenceEncoder) -> Spread:
        """For these messages; a clinician without past replies is clinicians in general."""
        if not self.replies:
            p = np.tile(np.asarray(self.rates), (len(cases), 1))
            return Spread(p, np.zeros_like(p), np.ones_like(p))
        x = self.features.rows(cases, message_vectors((c.message for c in cases), encoder))
        number = self.clinicians.index(clinician) if clinician in self.clinicians else None
        columns = []
        for head, calibrated in zip(self.heads, self.calibrations, strict=True):
            mean, variance = head.predict(self.layout, x, number)
            reach = _QUARTILE * np.sqrt(variance)
            logits = (moderated(mean, variance), mean - reach, mean + reach)
            columns.append([sigmoid(calibrated(logit)) for logit in logits])
        p, low, high = (np.stack([c[i] for c in columns], axis=1) for i in range(3))
        return Spread(p, low, high)


def fit_model(past: Replies, published: Mapping[str, float | None], encoder: SentenceEncoder) -> Model:
    """Features, heads and calibrations of the themes in `published` (theme -> frequency in the literature, if any).

    Calibration needs at least 20 distinct messages and both answers of a theme; before that predictions stay as they are.
    """
    rates = tuple(_UNPUBLISHED if f is None else f for f in published.values())
    vectors = message_vectors((c.message for c in past.cases), encoder)
    features = FeatureMap.fit(past.cases, vectors)
    layout = Layout(features.count, len(PLAIN))
    rows = Rows(features.rows(past.cases, vectors)[past.case], past.clinician, len(past.clinicians))
    messages = [c.message for c in past.cases]
    fold = message_folds(messages, _FOLDS)[past.case] if len(past) else past.case
    enough = len(set(messages)) >= _MESSAGES_TO_CALIBRATE
    heads, calibrations = [], []
    for y, rate in zip(past.present.T if len(past) else (), rates, strict=bool(len(past))):
        head = fit_pooled(rows, y, layout, offset=_prior_logit(rate))
        heads.append(head)
        both = enough and 0 < y.sum() < len(y)
        calibrations.append(calibrate(held_out(rows, y, layout, head, fold), y) if both else Calibration())
    probe = np.asarray(encoder.sentence_vectors([PROBE])[0], dtype=np.float64)
    return Model(
        tuple(published), rates, past.clinicians, len(past), features, tuple(heads), tuple(calibrations), probe
    )


def _prior_logit(rate: float) -> float:
    """Logit at which the prior's mean probability is `rate`: moderation by the prior variances is undone."""
    held = min(max(rate, 0.02), 0.98)
    return math.log(held / (1 - held)) * math.sqrt(1 + math.pi * float(PRIOR[INTERCEPT] + PRIOR[CLINICIAN]) / 8)
