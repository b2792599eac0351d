"""The bundled encoder as a content judge and as a theme classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from redline.encoder import Asked, EditEncoder, EncoderCard, bundled_encoder, read_card, themes_set
from redline.judging.exact import equal_unit
from redline.judging.questions import ContentQuestion, Scope, ThemeQuestion
from redline.records import Status, ThemeVerdict, Verdict

__all__ = ["EncoderContentJudge", "EncoderThemeJudge", "shared_encoder"]


ARITHMETIC = ".2"
"""How the graphs are run: one unit a run since 2.  Part of the signature, since it moves the last digits."""


def shared_encoder(card: EncoderCard) -> EditEncoder:
    """One encoder a folder and process: content, themes and whoever else asks share its sessions and vectors."""
    return _opened(card.digest, str(card.folder))


@lru_cache(maxsize=2)
def _opened(card_digest: str, folder: str) -> EditEncoder:
    card = read_card(folder)
    if card.digest != card_digest:
        raise ValueError(f"{folder} changed while it was in use")
    return EditEncoder(card)


@dataclass(frozen=True)
class EncoderContentJudge:
    """p_edit = 1 - p(carried); a unit that the other text holds word for word is kept without asking the model.

    `hard` is p(carried) below the card's threshold; `evidence` the nearest unit of the other text, for kept
    units.
    """

    card: EncoderCard = field(default_factory=bundled_encoder)
    name: str = "encoder"
    batch: int = 2048
    scope: Scope = Scope.UNIT

    @property
    def signature(self) -> str:
        return f"encoder@{self.card.digest}{ARITHMETIC}"

    def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        """One verdict a question; this judge does not fail."""
        equal = [equal_unit(q.unit, q.other) for q in questions]
        open_ = [i for i, found in enumerate(equal) if found is None]
        verdicts = [Verdict(Status.OK, 0.0, False, found) for found in equal]
        if open_:
            asked = [Asked(questions[i].unit, questions[i].other) for i in open_]
            carried, nearest = shared_encoder(self.card).carried(asked)
            for i, p, near in zip(open_, carried, nearest, strict=True):
                hard = bool(p < self.card.threshold)
                verdicts[i] = Verdict(Status.OK, float(1.0 - p), hard, None if hard else near)
        return verdicts


@dataclass(frozen=True)
class EncoderThemeJudge:
    """Calibrated probability of each theme of a unit; a theme is set at its own threshold of the card.

    Where no theme reaches its threshold the one that comes nearest is set.
    """

    card: EncoderCard = field(default_factory=bundled_encoder)
    name: str = "encoder"
    batch: int = 2048
    scope: Scope = Scope.UNIT

    @property
    def signature(self) -> str:
        return f"encoder@{self.card.digest}{ARITHMETIC}"

    @property
    def themes(self) -> tuple[str, ...]:
        """Keys that this classifier knows."""
        return self.card.themes

    def judge(self, questions: Sequence[ThemeQuestion]) -> list[ThemeVerdict]:
        """One verdict a question; this judge does not fail."""
        if not questions:
            return []
        keys = self.card.themes
        thresholds = np.asarray([t for _, _, t in self.card.theme_calibration])
        table = shared_encoder(self.card).theme_probabilities([q.unit for q in questions])
        return [
            ThemeVerdict(
                Status.OK,
                {k: float(v) for k, v in zip(keys, row, strict=True)},
                tuple(k for k, x in zip(keys, found, strict=True) if x),
            )
            for row, found in zip(table, themes_set(table, thresholds), strict=True)
        ]
