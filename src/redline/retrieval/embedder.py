"""The whole encoder as the maker of text vectors: slow, and better at sentences than at topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.encoder import EditEncoder
from redline.retrieval.words import speakable
from redline.units import UNITS_VERSION, normalise_unit, unit_texts

__all__ = ["EncoderEmbedder"]

Floats = NDArray[np.float32]

_BATCH = 256


@dataclass(frozen=True)
class EncoderEmbedder:
    """A text's vector is the mean of the sentence vectors of its units, scaled to length 1.

    A unit that is said twice counts twice; a text without units (white space only) has the zero vector.
    `encoder` may be the one that judges: its sessions and kept vectors are then shared.
    """

    encoder: EditEncoder

    @property
    def digest(self) -> str:
        return f"encoder@{self.encoder.card.digest}|units:{UNITS_VERSION}|mean:1"

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(texts, width) float32; in blocks, so that memory does not grow with the units of all texts."""
        blocks = [self._block(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        return np.concatenate(blocks) if blocks else self.encoder.sentence_vectors([""])[:0]

    def _block(self, texts: Sequence[str]) -> Floats:
        units = [[u for u in unit_texts(speakable(t)) if normalise_unit(u)] for t in texts]
        distinct = list(dict.fromkeys(u for found in units for u in found)) or [""]
        vectors = self.encoder.sentence_vectors(distinct)
        place = {u: i for i, u in enumerate(distinct)}
        made = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
        for row, found in zip(made, units, strict=True):
            if found:
                mean = vectors[[place[u] for u in found]].mean(axis=0, dtype=np.float64)
                row[:] = mean / max(float(np.linalg.norm(mean)), 1e-9)
        return made
