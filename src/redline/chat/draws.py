"""Sampling in a batch so that each row draws for itself.

Adding Gumbel noise to logits and taking the largest is a draw from their softmax (the Gumbel-max trick).  Each row
adds noise of its own generator, so what it draws depends on its own seed and step, not on its neighbours or on any
global generator, and rows at temperature 0 can stand beside others: no noise, the largest logit wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from redline.chat.contract import Sampling

if TYPE_CHECKING:
    import torch

__all__ = ["OwnDraws"]


class OwnDraws:
    """A logits processor for greedy generation; one `Sampling` and one seed a row."""

    def __init__(self, rows: Sequence[tuple[Sampling, int]]) -> None:
        import torch

        self._rows: list[tuple[Sampling, Any]] = []
        for sampling, seed in rows:
            generator = torch.Generator("cpu")  # the same draws on every device
            generator.manual_seed(seed)
            self._rows.append((sampling, generator))

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores [rows, vocabulary] whose largest is each row's draw."""
        import torch

        result = scores.float()
        for i, (sampling, generator) in enumerate(self._rows):
            if sampling.temperature <= 0:
                continue
            noise = torch.empty(scores.shape[-1]).exponential_(generator=generator).log().neg()
            row = result[i] / sampling.temperature
            result[i] = _nucleus(row, sampling.top_p) + noise.to(row.device)
        return result


def _nucleus(row: torch.Tensor, top_p: float) -> torch.Tensor:
    """Everything outside the smallest set of tokens whose probabilities reach `top_p` set to minus infinity."""
    if top_p >= 1.0:
        return row
    values, order = row.softmax(-1).sort(descending=True)
    outside = values.cumsum(-1) - values >= top_p
    outside[0] = False  # the likeliest token is always in
    return row.index_fill(0, order[outside], float("-inf"))
