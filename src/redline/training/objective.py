"""What a row of trees adds to the loss of an optimiser step, and the figures that are shown of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from redline.training.losses import LOSSES, LossName, margins, pair_weights
from redline.training.trees import Row

__all__ = ["Objective", "PairFigure", "StepTotals", "row_loss", "step_totals"]


@dataclass(frozen=True, slots=True)
class Objective:
    """`loss` of pairs (None: supervised training alone) plus `sft` times the mean negative log-probability of a token of the
    replies that are learned.  `average` says whether every pair counts by its weight, or every prompt once.
    """

    loss: LossName | None = None
    beta: float = 0.1
    smoothing: float = 0.0
    sft: float = 1.0
    average: Literal["pair", "prompt"] = "pair"


@dataclass(frozen=True, slots=True)
class StepTotals:
    """What the loss of a whole optimiser step is divided by: all rows of all processes, so that no split changes it."""

    weight: float
    tokens: int
    weights: tuple[tuple[float, ...], ...]
    """Weight of each pair of each row."""


@dataclass(frozen=True, slots=True)
class PairFigure:
    """One pair as the model sees it now; `margin` in nats, times beta."""

    number: int
    theme: str | None
    loss: float
    margin: float
    weight: float


def step_totals(rows: Sequence[Row], objective: Objective) -> StepTotals:
    """Over all `rows` of a step."""
    pairs = [p for row in rows for p in row.pairs]
    flat = pair_weights([p.weight for p in pairs], [p.number for p in pairs], objective.average)
    own, at = [], 0
    for row in rows:
        own.append(tuple(flat[at : at + len(row.pairs)]))
        at += len(row.pairs)
    tokens = sum(row.lengths[i] for row in rows for i in row.learn)
    return StepTotals(sum(flat), tokens, tuple(own))


def row_loss(
    row: Row,
    weights: Iterable[float],
    logp: torch.Tensor,
    ref: torch.Tensor | None,
    objective: Objective,
    totals: StepTotals,
) -> tuple[torch.Tensor, list[PairFigure], float]:
    """(what the row adds to the step's loss, its pairs' figures, its summed negative log-probability of learned tokens).

    `logp` and `ref` are those of `row.replies`; `ref` is needed where there is a loss of pairs.
    """
    loss = logp.sum() * 0.0  # a row with nothing to learn still takes part in the step of several processes
    figures: list[PairFigure] = []
    if objective.loss is not None and row.pairs and ref is not None:
        chosen, rejected = (
            torch.tensor([getattr(p, side) for p in row.pairs], device=logp.device) for side in ("chosen", "rejected")
        )
        lengths = torch.tensor(row.lengths, device=logp.device) if objective.loss == "ipo" else 1.0
        margin = margins(logp / lengths, ref / lengths, chosen, rejected)
        each = LOSSES[objective.loss](margin, objective.beta, objective.smoothing)
        own = torch.tensor(list(weights), device=logp.device, dtype=each.dtype)
        loss = loss + (each * own).sum() / max(totals.weight, 1e-12)
        figures = [
            PairFigure(p.number, p.theme, one, objective.beta * m, w)
            for p, one, m, w in zip(row.pairs, each.tolist(), margin.tolist(), own.tolist(), strict=True)
        ]
    nll = -logp[row.learn].sum() if row.learn else logp.sum() * 0.0
    if objective.sft and totals.tokens:
        loss = loss + objective.sft * nll / totals.tokens
    return loss, figures, float(nll.detach())
