"""The network: one small BERT-like encoder, an agreement head for content and a head for themes.

The content head of this module shapes the encoder in training and does not ship (docs/design/003).

Every unit is encoded alone, so a unit is encoded once however many texts it is compared with, and the order
of units cannot matter.  On top of the token vectors stand, for "is unit u carried by text T":

* sentence vectors: the cosines of u with the units of T;
* late interaction: for every token of u its best cosine with a token of T (Khattab and Zaharia 2020);
* cross-attention: blocks copied from the encoder's last layers, in which the tokens of u attend to
  themselves and to all tokens of T as a set;
* the literal agreement features of `redline.encoder.agreement`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["CarriedHead", "CrossBlock", "HeadShape", "ThemeHead", "mean_pool"]

DENSE = 8


@dataclass(frozen=True, slots=True)
class HeadShape:
    """Sizes of the content head; `cross_layers` 0, `late` False or `literal` False are the ablations."""

    width: int
    heads: int
    inner: int
    features: int
    cross_layers: int = 2
    late: bool = True
    literal: bool = True
    projection: int = 128
    hidden: int = 96
    dropout: float = 0.1


class CrossBlock(nn.Module):
    """One BERT layer whose queries are the unit's tokens and whose keys are those and the other text's."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width, eps=1e-12)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-12)

    def copy_from(self, layer: nn.Module) -> None:
        """Start from the weights of a BERT layer."""
        attention = layer.attention
        pairs = (
            (self.query, attention.self.query), (self.key, attention.self.key), (self.value, attention.self.value),
            (self.out, attention.output.dense), (self.norm1, attention.output.LayerNorm),
            (self.up, layer.intermediate.dense), (self.down, layer.output.dense), (self.norm2, layer.output.LayerNorm),
        )  # fmt: skip
        for mine, theirs in pairs:
            mine.load_state_dict(theirs.state_dict())

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, unit: Tensor, unit_mask: Tensor, other: Tensor, other_mask: Tensor, at: Tensor) -> Tensor:
        """`unit` (B, n, width) asked of `other` (G, m, width) at rows `at` (B,); masks are True at real tokens.

        Keys and values of a text are made once, however many units are asked about it.
        """
        query = self._split(self.query(unit))
        key = torch.cat([self._split(self.key(unit)), self._split(self.key(other))[at]], dim=2)
        value = torch.cat([self._split(self.value(unit)), self._split(self.value(other))[at]], dim=2)
        mask = torch.cat([unit_mask, other_mask[at]], dim=1)[:, None, None, :]
        scores = query @ key.transpose(-1, -2) / (query.shape[-1] ** 0.5)
        weights = scores.masked_fill(~mask, -1e4).softmax(-1)
        mixed = (weights @ value).transpose(1, 2).reshape(unit.shape)
        x = self.norm1(unit + self.out(mixed))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class CarriedHead(nn.Module):
    """Logit of "this unit's content is carried by the other text"."""

    def __init__(self, shape: HeadShape) -> None:
        super().__init__()
        self.shape = shape
        self.side = nn.Parameter(torch.zeros(shape.width))
        self.blocks = nn.ModuleList(
            CrossBlock(shape.width, shape.heads, shape.inner) for _ in range(shape.cross_layers)
        )
        self.project = nn.Linear(shape.width, shape.projection, bias=False)
        self.token_weight = nn.Linear(shape.width, 1)
        self.register_buffer("mean", torch.zeros(shape.features))
        self.register_buffer("scale", torch.ones(shape.features))
        self.pooled = nn.Linear(2 * shape.width, shape.hidden)
        self.mix = nn.Linear(shape.hidden + DENSE + shape.features, shape.hidden)
        self.drop = nn.Dropout(shape.dropout)
        self.out = nn.Linear(shape.hidden, 1)
        self.straight = nn.Linear(DENSE + shape.features, 1)
        nn.init.orthogonal_(self.project.weight)

    def forward(
        self, unit: Tensor, unit_mask: Tensor, other: Tensor, other_mask: Tensor, units: Tensor, units_mask: Tensor,
        at: Tensor, features: Tensor,
    ) -> Tensor:  # fmt: skip
        """Logits (B,) of `unit` (B, n, w) asked of text `at` (B,) among G texts.

        `other` (G, m, w) are the texts' token vectors, `units` (G, k, w) their normalised sentence vectors,
        `features` (B, f) the literal agreement.
        """
        dense = self._dense(unit, unit_mask, other, other_mask, units, units_mask, at)
        literal = (features - self.mean) / self.scale
        if not self.shape.literal:
            literal = literal * 0.0
        x = unit
        placed = other + self.side
        for block in self.blocks:
            x = block(x, unit_mask, placed, other_mask, at)
        held = mean_pool(x, unit_mask)
        deep = F.gelu(self.pooled(torch.cat([held, (x[:, 0] - unit[:, 0])], dim=-1)))
        if not self.blocks:
            deep = deep * 0.0
        joined = torch.cat([deep, dense, literal], dim=-1)
        mixed = F.gelu(self.mix(self.drop(joined)))
        return (self.out(self.drop(mixed)) + self.straight(torch.cat([dense, literal], dim=-1))).squeeze(-1)

    def _dense(
        self, unit: Tensor, unit_mask: Tensor, other: Tensor, other_mask: Tensor, units: Tensor, units_mask: Tensor,
        at: Tensor,
    ) -> Tensor:  # fmt: skip
        units, units_mask = units[at], units_mask[at]
        me = F.normalize(mean_pool(unit, unit_mask), dim=-1)
        near = (units @ me[:, :, None]).squeeze(-1).masked_fill(~units_mask, -1.0)
        best = near.amax(-1)
        spread = torch.logsumexp(near * 10, dim=-1) / 10
        whole = F.normalize((units * units_mask[..., None]).sum(1), dim=-1)
        sentence = torch.stack([best, spread, (whole * me).sum(-1)], dim=-1)
        a, b = F.normalize(self.project(unit), dim=-1), F.normalize(self.project(other), dim=-1)[at]
        reach = (a @ b.transpose(-1, -2)).masked_fill(~other_mask[at][:, None, :], -1.0).amax(-1)
        real = unit_mask.to(unit.dtype)
        even = (reach * real).sum(-1) / real.sum(-1)
        weight = self.token_weight(unit).squeeze(-1).masked_fill(~unit_mask, -1e4).softmax(-1)
        learned = (reach * weight).sum(-1)
        least = -torch.logsumexp((-reach * 12).masked_fill(~unit_mask, -1e4), dim=-1) / 12
        late = torch.stack([even, learned, least, (reach.square() * weight).sum(-1), learned * even], dim=-1)
        return torch.cat([sentence, late if self.shape.late else late * 0.0], dim=-1)


class ThemeHead(nn.Module):
    """Theme logits of a unit from its token vectors: attention pooling beside the mean."""

    def __init__(self, width: int, themes: int, dropout: float = 0.2, hidden: int = 192) -> None:
        super().__init__()
        self.attend = nn.Linear(width, 1)
        self.hidden = nn.Linear(3 * width, hidden)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, themes)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(B, n, width) and (B, n) -> (B, themes)."""
        weight = self.attend(tokens).squeeze(-1).masked_fill(~mask, -1e4).softmax(-1)
        looked = (tokens * weight[..., None]).sum(1)
        x = torch.cat([tokens[:, 0], mean_pool(tokens, mask), looked], dim=-1)
        return self.out(self.drop(F.gelu(self.hidden(self.drop(x)))))


def mean_pool(tokens: Tensor, mask: Tensor) -> Tensor:
    """Mean over real tokens: (B, n, width) -> (B, width)."""
    real = mask[..., None].to(tokens.dtype)
    return (tokens * real).sum(1) / real.sum(1).clamp(min=1.0)
