"""Every choice of a training run in one frozen value; it is copied into the card."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes, shares and rates.

    `held` train-split cases are kept out of everything and stop the training early.  `warm_epochs` over all running
    text come first, in short rows and steps of `warm_tokens` tokens; then `talk_epochs` over whole cases (every reply to a
    message behind one prompt), then at most `epochs` over single replies under all forms of the prompt, both in steps of
    about `tokens`.  The best held-out loss is kept, and `patience` epochs without a better one end the run.  Rates are
    peaks.  `swaps` is the share of examples in which the medicines' names are exchanged throughout, so that a name has to be
    read and cannot be known by heart.
    """

    seed: int = 17
    vocabulary: int = 2304
    hidden: int = 192
    layers: int = 4
    heads: int = 6
    key_value_heads: int = 2
    inner: int = 512
    window: int = 2048
    held: int = 16
    warm_epochs: int = 4
    warm_rate: float = 0.02
    warm_length: int = 256
    warm_tokens: int = 2048
    talk_epochs: int = 6
    talk_rate: float = 0.006
    epochs: int = 2
    rate: float = 0.004
    tokens: int = 4096
    patience: int = 2
    weight_decay: float = 0.05
    average: float = 0.99
    swaps: float = 0.4
    bfloat16: bool = True

    def as_dict(self) -> dict[str, Any]:
        """For the card."""
        return asdict(self)
