"""Losses of preference pairs as pure functions of log-probabilities.

    margin = beta * ((log p(chosen) - log ref(chosen)) - (log p(rejected) - log ref(rejected)))

`logp` and `ref` are [u], one number a reply; `chosen` and `rejected` [k] are places in them.  Every loss gives one number
a pair, unweighted: how pairs are weighed and what they are divided by is decided once, in `pair_weights`.

| loss | of a pair with margin m | source |
| --- | --- | --- |
| dpo | -(1 - s) log sigmoid(m) - s log sigmoid(-m) | Rafailov et al. 2023; s > 0 is "conservative" DPO |
| robust | (-(1 - s) log sigmoid(m) + s log sigmoid(-m)) / (1 - 2 s) | Chowdhury et al. 2024, for labels wrong with chance s |
| hinge | max(0, 1 - m) | SLiC, Zhao et al. 2023 |
| ipo | (h - 1 / (2 beta))^2 | Azar et al. 2023; h is m / beta with log-probabilities a token |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch
from torch.nn import functional as F

__all__ = ["LOSSES", "LossName", "dpo", "hinge", "ipo", "margins", "pair_weights", "robust"]

LossName = Literal["dpo", "ipo", "hinge", "robust"]


def margins(logp: torch.Tensor, ref: torch.Tensor, chosen: torch.Tensor, rejected: torch.Tensor) -> torch.Tensor:
    """How much further the model has moved towards the chosen reply than towards the rejected one, in nats [k]."""
    moved = logp - ref
    return moved[chosen] - moved[rejected]


def dpo(margin: torch.Tensor, beta: float, smoothing: float = 0.0) -> torch.Tensor:
    """Of margins in nats [k]."""
    m = beta * margin
    return -(1 - smoothing) * F.logsigmoid(m) - smoothing * F.logsigmoid(-m)


def robust(margin: torch.Tensor, beta: float, smoothing: float = 0.0) -> torch.Tensor:
    """Unbiased where a share `smoothing` < 0.5 of the labels is wrong."""
    m = beta * margin
    return (-(1 - smoothing) * F.logsigmoid(m) + smoothing * F.logsigmoid(-m)) / (1 - 2 * smoothing)


def hinge(margin: torch.Tensor, beta: float, smoothing: float = 0.0) -> torch.Tensor:
    """Zero from a margin of 1 / beta on; takes no smoothing."""
    return torch.relu(1 - beta * margin)


def ipo(margin: torch.Tensor, beta: float, smoothing: float = 0.0) -> torch.Tensor:
    """A finite goal for the margin; give it margins of log-probabilities *a token*.  Takes no smoothing."""
    return (margin - 1 / (2 * beta)) ** 2


LOSSES: Mapping[str, Callable[[torch.Tensor, float, float], torch.Tensor]] = {
    "dpo": dpo, "ipo": ipo, "hinge": hinge, "robust": robust,
}  # fmt: skip
"""By name; each is called with (margin, beta, smoothing)."""


def pair_weights(weights: Sequence[float], sets: Sequence[int], average: Literal["pair", "prompt"]) -> list[float]:
    """What each pair counts.  `pair`: its own weight, so a prompt with k pairs counts k times, as in pairwise trainers.
    `prompt`: divided by the sum of its prompt's weights, so that every prompt counts once.

    >>> pair_weights([1.0, 3.0, 2.0], [0, 0, 1], "pair")
    [1.0, 3.0, 2.0]
    >>> pair_weights([1.0, 3.0, 2.0], [0, 0, 1], "prompt")
    [0.25, 0.75, 1.0]
    """
    if average == "pair":
        return list(weights)
    total: dict[int, float] = {}
    for weight, number in zip(weights, sets, strict=True):
        total[number] = total.get(number, 0.0) + weight
    return [weight / total[number] for weight, number in zip(weights, sets, strict=True)]
