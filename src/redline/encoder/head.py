"""The content head: a logistic model over closeness and literal agreement.

Small enough to be read: one weight a feature, on standardised features.  What cross-attention adds to its logit is in
`redline.encoder.crossing` (docs/design/003, the card's ablation).
"""

from __future__ import annotations

import json
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
    """logit = offset + weights . (features - mean) / scale, features in the order of `NAMES`."""

    mean: Vector
    scale: Vector
    weights: Vector
    offset: float

    def logits(self, features: NDArray[np.float32]) -> Vector:
        """(questions, features) -> (questions,)."""
        return np.asarray((features - self.mean) / self.scale @ self.weights + self.offset, dtype=np.float64)

    def write(self, path: Path) -> None:
        """As JSON, a line a feature."""
        rows = zip(NAMES, self.mean, self.scale, self.weights, strict=True)
        table = {n: [float(m), float(s), float(w)] for n, m, s, w in rows}
        path.write_text(json.dumps({"offset": self.offset, "features": table}, indent=0), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> ContentHead:
        """The head in `path`; `InputError` where it was made for other features."""
        value = json.loads(path.read_text(encoding="utf-8"))
        if tuple(value["features"]) != NAMES:
            raise InputError.single(
                str(path), "was made for other features", hint="Rebuild the encoder with `redline train encoder`."
            )
        table = np.asarray(list(value["features"].values()), dtype=np.float64).T
        return cls(table[0], table[1], table[2], float(value["offset"]))
