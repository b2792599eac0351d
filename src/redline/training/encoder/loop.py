"""The training loop of content: warm heads, then everything, with averaged weights; then a gentler stage."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from redline.training.encoder.augment import with_strangers
from redline.training.encoder.batches import Batcher
from redline.training.encoder.examples import Passage
from redline.training.encoder.material import Material
from redline.training.encoder.model import EditEncoder
from redline.training.encoder.recipe import Recipe

__all__ = ["average", "rate", "refine", "train"]

Log = Callable[[dict[str, Any]], None]


def train(model: EditEncoder, batcher: Batcher, material: Material, recipe: Recipe, log: Log) -> EditEncoder:
    """Trains in place and returns the averaged model; every choice comes from `recipe`."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    fit_scale(model, batcher, material.passages)
    few = [
        p for p, x in zip(material.passages, rng.random(len(material.passages)), strict=True) if x < recipe.warm_share
    ]
    optimiser = torch.optim.AdamW(_heads(model), lr=recipe.head_rate, weight_decay=recipe.weight_decay)
    if few:
        still = ("base.", "carried.blocks.")
        _epoch(model, None, optimiser, None, batcher, few, recipe, rng, log, "warm", still=still)
    return _epochs(model, batcher, material.passages, recipe, rng, log)


def refine(model: EditEncoder, batcher: Batcher, material: Material, recipe: Recipe, log: Log) -> EditEncoder:
    """A second, gentler stage on dictated notes and a part of everything else; returns the averaged model.

    Notes are few tokens among the rest, and say their facts in another way than replies do.
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    passages = [p for p in material.passages if p.source == "dictated" or rng.random() < recipe.refine_share]
    gentle = replace(
        recipe, epochs=recipe.refine_epochs, encoder_rate=recipe.refine_rate, block_rate=recipe.refine_rate,
        head_rate=recipe.head_rate / 4,
    )  # fmt: skip
    return _epochs(model, batcher, passages, gentle, rng, log)


def _epochs(
    model: EditEncoder, batcher: Batcher, passages: list[Passage], recipe: Recipe, rng: np.random.Generator, log: Log
) -> EditEncoder:
    steps = recipe.epochs * _steps(batcher, passages, recipe)
    optimiser = torch.optim.AdamW(_groups(model, recipe), weight_decay=recipe.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: rate(s, steps))
    averaged = copy.deepcopy(model)
    for epoch in range(recipe.epochs):
        _epoch(model, averaged, optimiser, schedule, batcher, passages, recipe, rng, log, f"{epoch + 1}", still=())
    return averaged.eval()


@torch.no_grad()
def fit_scale(model: EditEncoder, batcher: Batcher, passages: Sequence[Passage], tokens: int = 6000) -> None:
    """Centre and scale of closeness and agreement, from the training questions and the untrained encoder."""
    rows = torch.cat([model.seen(b) for b in map(batcher.batch, batcher.groups(passages, tokens))])
    model.carried.mean.copy_(rows.mean(dim=0))
    model.carried.scale.copy_(rows.std(dim=0).clamp(min=0.05))


def rate(step: int, steps: int) -> float:
    """Share of the peak rate: up over the first sixteenth of the steps, then down in a line."""
    warm = max(1, steps // 16)
    return min((step + 1) / warm, max(0.02, (steps - step) / max(1, steps - warm)))


def _heads(model: EditEncoder) -> list[nn.Parameter]:
    return [p for n, p in model.named_parameters() if not n.startswith(("base.", "carried.blocks.", "theme."))]


def _frozen(name: str) -> bool:
    """Word vectors stay as they are: a few thousand sentences would move only those of their own words."""
    return name.startswith(("base.embeddings.word_embeddings", "base.pooler"))


def _groups(model: EditEncoder, recipe: Recipe) -> list[dict[str, Any]]:
    named = list(model.named_parameters())
    base = [p for n, p in named if n.startswith("base.") and not _frozen(n)]
    blocks = [p for n, p in named if n.startswith("carried.blocks.")]
    return [
        {"params": base, "lr": recipe.encoder_rate},
        {"params": blocks, "lr": recipe.block_rate},
        {"params": _heads(model), "lr": recipe.head_rate / 2},
    ]


def _steps(batcher: Batcher, passages: Sequence[Passage], recipe: Recipe) -> int:
    return max(1, round(sum(batcher.size(p) for p in passages) * 1.12 / recipe.tokens))


def _epoch(
    model: EditEncoder, averaged: EditEncoder | None, optimiser: torch.optim.Optimizer,
    schedule: Any, batcher: Batcher, passages: Sequence[Passage], recipe: Recipe, rng: np.random.Generator, log: Log,
    name: str, *, still: tuple[str, ...],
) -> None:  # fmt: skip
    model.train()
    for part, parameter in model.named_parameters():
        parameter.requires_grad_(not part.startswith(("theme.", *still)) and not _frozen(part))
    passages = with_strangers(passages, recipe.strangers, recipe.swaps, rng)
    device = model.device
    started, losses = time.monotonic(), []
    for group in batcher.plan(passages, recipe.tokens, rng):
        batch = batcher.batch(group)
        # bfloat16 products, float32 weights: half the time on CPUs that have it, the same losses.
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=recipe.bfloat16):
            carried = model.carried_logits(batch)
        loss = _carried_loss(carried.float(), batch.labels, batch.weights)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if schedule is not None:
            schedule.step()
        if averaged is not None:
            average(averaged, model, recipe.average)
        losses.append(loss.item())
        if len(losses) % 50 == 0:
            log(
                {
                    "epoch": name,
                    "step": len(losses),
                    "loss": round(float(np.mean(losses[-50:])), 4),
                    "seconds": round(time.monotonic() - started, 1),
                }
            )
    log({
        "epoch": name, "steps": len(losses), "loss": round(float(np.mean(losses)), 4),
        "seconds": round(time.monotonic() - started, 1),
    })  # fmt: skip


def _carried_loss(logits: Tensor, labels: NDArray[np.float32], weights: NDArray[np.float32]) -> Tensor:
    target = torch.from_numpy(labels * 0.96 + 0.02).to(logits.device)
    trust = torch.from_numpy(weights).to(logits.device)
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (each * trust).sum() / trust.sum()


def average(averaged: nn.Module, model: nn.Module, keep: float) -> None:
    """Moves the averaged weights a little towards the latest ones."""
    with torch.no_grad():
        pairs = [(m, n) for m, n in zip(averaged.parameters(), model.parameters(), strict=True) if n.requires_grad]
        torch._foreach_lerp_([m for m, _ in pairs], [n for _, n in pairs], 1.0 - keep)
