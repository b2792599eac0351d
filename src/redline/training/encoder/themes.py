"""The theme tower: last layers and a head of its own, on layers that content has shaped and that stand still."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch.nn import functional as F

from redline.training.encoder.batches import Batcher
from redline.training.encoder.examples import ThemeExample
from redline.training.encoder.loop import average, rate
from redline.training.encoder.model import EditEncoder
from redline.training.encoder.network import ThemeTower
from redline.training.encoder.recipe import Recipe

__all__ = ["fit_themes"]


def fit_themes(
    model: EditEncoder, batcher: Batcher, themes: Sequence[ThemeExample], keys: tuple[str, ...], recipe: Recipe
) -> None:
    """Trains `model.theme` from the base's last layers, with averaged weights.

    A positive weighs the root of the odds against it, at most 4: rare themes count more.
    """
    torch.manual_seed(recipe.seed)
    with torch.no_grad():
        below = model.encode([batcher.ids(t.text)[0] for t in themes], below=True)
    labels = torch.tensor([[float(k in t.themes) for k in keys] for t in themes], device=model.device)
    balance = ((len(labels) - labels.sum(0)) / labels.sum(0).clamp(min=1)).sqrt().clamp(1, 4)
    tower = model.theme.train().requires_grad_(True)
    averaged = copy.deepcopy(tower)
    steps = recipe.theme_epochs * -(-len(labels) // recipe.theme_units)
    optimiser = torch.optim.AdamW(_groups(tower, recipe), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: rate(s, steps))
    order = torch.Generator().manual_seed(recipe.seed)
    for _ in range(recipe.theme_epochs):
        for some in torch.randperm(len(labels), generator=order).split(recipe.theme_units):
            rows = below.rows([[int(i)] for i in some])
            loss = F.binary_cross_entropy_with_logits(
                tower(rows.tokens, rows.mask), labels[some] * 0.96 + 0.02, pos_weight=balance
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            average(averaged, tower, recipe.theme_average)
    model.theme = averaged.eval()


def _groups(tower: ThemeTower, recipe: Recipe) -> list[dict[str, object]]:
    own = list(tower.layers.parameters())
    ids = {id(p) for p in own}
    head = [p for p in tower.parameters() if id(p) not in ids]
    return [{"params": own, "lr": recipe.theme_rate}, {"params": head, "lr": recipe.head_rate}]
