"""The theme head, fitted again on the finished encoder's vectors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from redline.training.encoder.batches import Batcher
from redline.training.encoder.examples import ThemeExample
from redline.training.encoder.model import EditEncoder
from redline.training.encoder.network import ThemeHead

__all__ = ["fit_theme_head"]


def fit_theme_head(
    model: EditEncoder,
    batcher: Batcher,
    themes: Sequence[ThemeExample],
    keys: tuple[str, ...],
    *,
    epochs: int = 14,
    seed: int = 17,
) -> None:
    """Replaces `model.theme`.  A positive weighs the root of the odds against it, at most 4."""
    tokens, mask = _vectors(model, batcher, themes)
    labels = torch.tensor([[float(k in t.themes) for k in keys] for t in themes])
    weight = ((len(labels) - labels.sum(0)) / labels.sum(0).clamp(min=1)).sqrt().clamp(1, 4)
    torch.manual_seed(seed)
    head = ThemeHead(tokens.shape[-1], len(keys), dropout=0.3)
    optimiser = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * len(labels) // 32 + 1)
    for _ in range(epochs):
        for some in torch.randperm(len(labels)).split(32):
            longest = int(mask[some].sum(1).max())
            logits = head(tokens[some][:, :longest], mask[some][:, :longest])
            loss = F.binary_cross_entropy_with_logits(logits, labels[some] * 0.96 + 0.02, pos_weight=weight)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    model.theme = head.eval()


def _vectors(model: EditEncoder, batcher: Batcher, themes: Sequence[ThemeExample]) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        encoded = model.encode([batcher.ids(t.text)[0] for t in themes])
        tokens, mask = encoded.rows([[i] for i in range(len(themes))])
    return tokens, mask
