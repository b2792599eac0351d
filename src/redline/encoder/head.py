"""The content head: a logistic model over closeness, literal agreement and what cross-attention adds.

Small enough to be read: one weight a feature, on standardised features.  What cross-attention adds to its logit is in
`redline.encoder.crossing` (docs/design/003, the card's ablation).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from redline.encoder.agreement import FEATURES
from redline.encoder.closeness import CLOSENESS
from redline.errors import InputError

__all__ = ["NAMES", "ContentHead"]

NAMES = CLOSENESS + FEATURES
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class ContentHead:
    """logit = offset + weights . (features - mean) / scale + cross * (what cross-attention adds).

    Features are in the order of `NAMES`.  A question whose logit without the last term is under `settled` is not asked of
    cross-attention: the term is `cross * instead` there, its usual value.
    """

    mean: Vector
    scale: Vector
    weights: Vector
    offset: float
    cross: float = 1.0
    settled: float = -math.inf
    instead: float = 0.0

    def linear(self, features: NDArray[np.float32]) -> Vector:
        """Without cross-attention: (questions, features) -> (questions,).  Summed row by row: a matrix product rounds
        a row differently in different company.
        """
        scaled = np.ascontiguousarray((features - self.mean) / self.scale * self.weights)
        return np.asarray(scaled.sum(axis=1) + self.offset, dtype=np.float64)

    def logits(self, features: NDArray[np.float32], crossed: Callable[[NDArray[np.intp]], Vector]) -> Vector:
        """(questions,); `crossed` is asked for the rows (indices) that are not settled."""
        linear = self.linear(features)
        added = np.full(len(linear), self.instead)
        if len(open_ := np.flatnonzero(linear >= self.settled)):
            added[open_] = crossed(open_)
        return linear + self.cross * added

    def write(self, path: Path) -> None:
        """As JSON, a line a feature."""
        rows = zip(NAMES, self.mean, self.scale, self.weights, strict=True)
        table = {n: [float(m), float(s), float(w)] for n, m, s, w in rows}
        settled = None if math.isinf(self.settled) else self.settled
        value = {
            "offset": self.offset,
            "cross": self.cross,
            "settled": settled,
            "instead": self.instead,
            "features": table,
        }
        path.write_text(json.dumps(value, indent=0), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> ContentHead:
        """The head in `path`; `InputError` where it was made for other features."""
        value = json.loads(path.read_text(encoding="utf-8"))
        if tuple(value["features"]) != NAMES or "cross" not in value:
            raise InputError.single(
                str(path), "was made for other features", hint="Rebuild the encoder with `redline train encoder`."
            )
        table = np.asarray(list(value["features"].values()), dtype=np.float64).T
        settled = -math.inf if value["settled"] is None else float(value["settled"])
        return cls(
            table[0],
            table[1],
            table[2],
            float(value["offset"]),
            float(value["cross"]),
            settled,
            float(value["instead"]),
        )
