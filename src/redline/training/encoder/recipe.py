"""Every choice of a training run in one frozen value; it is copied into the card."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """`held` is the share of train-side cases (and questions) kept for calibration and choices.

    Rates are peak learning rates of three parts: encoder, blocks copied from it, fresh heads.  A step sees
    about `tokens` tokens of units.  `warm_share` of the passages train the heads alone first.
    """

    seed: int = 17
    held: float = 0.15
    window: int = 128
    warm_share: float = 0.12
    epochs: int = 4
    tokens: int = 4000
    encoder_rate: float = 8e-5
    block_rate: float = 8e-5
    head_rate: float = 1e-3
    weight_decay: float = 0.01
    average: float = 0.995
    refine_epochs: int = 2
    refine_rate: float = 3e-5
    refine_share: float = 0.2
    dropout: float = 0.1
    encoder_dropout: float = 0.1
    cross_layers: int = 2
    theme_layers: int = 3
    theme_epochs: int = 8
    theme_units: int = 32
    theme_rate: float = 1.5e-4
    theme_average: float = 0.995
    strangers: float = 0.06
    swaps: bool = True
    bfloat16: bool = True

    def as_dict(self) -> dict[str, Any]:
        """For the card."""
        return asdict(self)
