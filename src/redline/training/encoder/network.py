"""The network: one small BERT-like encoder, a content head and a theme tower.

Every unit is encoded alone, so a unit is encoded once however many texts it is compared with, and the order
of units cannot matter.  For "is unit u carried by text T" the head adds up two things:

* a linear part over the closeness of u and T in the encoder's space (`redline.encoder.closeness`, here with gradients)
  and their literal agreement;
* cross-attention on matching layers: the encoder's last layers run again for u, and its tokens also attend to the
  states that the units of T have before the same layers.  The blocks start as copies of these layers, so at first
  they see what they saw in pretraining; the other text's states do not depend on u and are made once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from redline.encoder import CLOSENESS

__all__ = ["Block", "CarriedHead", "HeadShape", "Rows", "ThemeTower", "mean_pool"]


@dataclass(frozen=True, slots=True)
class HeadShape:
    """Sizes of the heads: `features` literal ones, `cross_layers` blocks of cross-attention, `theme_layers` of its own
    that the theme tower has."""

    width: int
    heads: int
    inner: int
    features: int
    cross_layers: int
    theme_layers: int
    dropout: float
    hidden: int = 96


class Block(nn.Module):
    """One BERT layer; the tokens of x may also attend to the tokens of another text."""

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

    @classmethod
    def like(cls, layer: nn.Module, heads: int) -> Block:
        """A copy of a BERT layer of `transformers`."""
        attention = layer.attention
        made = cls(attention.self.query.in_features, heads, layer.intermediate.dense.out_features)
        pairs = (
            (made.query, attention.self.query), (made.key, attention.self.key), (made.value, attention.self.value),
            (made.out, attention.output.dense), (made.norm1, attention.output.LayerNorm),
            (made.up, layer.intermediate.dense), (made.down, layer.output.dense), (made.norm2, layer.output.LayerNorm),
        )  # fmt: skip
        for mine, theirs in pairs:
            mine.load_state_dict(theirs.state_dict())
        return made

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`x` (B, n, width) attends to itself; `mask` is True at real tokens."""
        return self._finish(x, self._split(self.key(x)), self._split(self.value(x)), mask)

    def across(self, x: Tensor, mask: Tensor, other: Tensor, other_mask: Tensor, at: Tensor) -> Tensor:
        """`x` (B, n, width) attends to itself and to `other` (G, m, width) at rows `at` (B,).

        Keys and values of a text are made once, however many units are asked about it.
        """
        # One product of each, over three dimensions: the quantiser passes over weights that serve twice, and over Gemm.
        both = torch.cat([x.flatten(0, 1), other.flatten(0, 1)])[None]
        own, rest = x.shape[:2], other.shape[:2]
        key, value = (self._beside(made(both), own, rest, at) for made in (self.key, self.value))
        return self._finish(x, key, value, torch.cat([mask, other_mask[at]], dim=1))

    def _beside(self, both: Tensor, own: tuple[int, ...], rest: tuple[int, ...], at: Tensor) -> Tensor:
        mine, theirs = both[0, : own[0] * own[1]], both[0, own[0] * own[1] :]
        return torch.cat([self._split(mine.view(*own, -1)), self._split(theirs.view(*rest, -1))[at]], dim=2)

    def _finish(self, x: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        query = self._split(self.query(x))
        scores = query @ key.transpose(-1, -2) / (query.shape[-1] ** 0.5)
        weights = scores.masked_fill(~mask[:, None, None, :], -1e4).softmax(-1)
        x = self.norm1(x + self.out((weights @ value).transpose(1, 2).reshape(x.shape)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


@dataclass(frozen=True, slots=True)
class Rows:
    """Token vectors of some texts: `tokens` (B, n, width), `mask` of real ones, `inner` without special ones.

    `lower` are those of earlier layers, for cross-attention.
    """

    tokens: Tensor
    mask: Tensor
    inner: Tensor
    lower: tuple[Tensor, ...] = ()


class CarriedHead(nn.Module):
    """Logit of "this unit's content is carried by the other text"."""

    def __init__(self, shape: HeadShape, blocks: list[Block]) -> None:
        super().__init__()
        self.side = nn.Parameter(torch.zeros(shape.width))
        self.blocks = nn.ModuleList(blocks)
        seen = len(CLOSENESS) + shape.features
        self.register_buffer("mean", torch.zeros(seen))
        self.register_buffer("scale", torch.ones(seen))
        self.linear = nn.Linear(seen, 1)
        self.pooled = nn.Linear(2 * shape.width, shape.hidden)
        self.drop = nn.Dropout(shape.dropout)
        self.out = nn.Linear(shape.hidden, 1)
        nn.init.zeros_(self.linear.weight)

    def forward(
        self, unit: Rows, other: Rows, units: Tensor, units_mask: Tensor, at: Tensor, features: Tensor
    ) -> Tensor:
        """Logits (B,) of B units asked of texts `at` (B,) among the G texts of `other`.

        `units` (G, k, w) are the texts' normalised sentence vectors, `features` (B, f) the literal agreement.
        """
        near = close(unit, other, units, units_mask, at)
        seen = (torch.cat([near, features], dim=-1) - self.mean) / self.scale
        logit = self.linear(seen).squeeze(-1)
        mean = mean_pool(unit.tokens, unit.mask)
        return logit + self.crossed(unit.lower[0], unit.mask, mean, other.lower, other.mask, at)  # type: ignore[no-any-return]

    def crossed(
        self, x: Tensor, mask: Tensor, mean: Tensor, other: Sequence[Tensor], other_mask: Tensor, at: Tensor
    ) -> Tensor:
        """What cross-attention adds (B,): how the units' states move when they also see the text at `at`.

        `x` (B, n, width) are the units' states before the last layers, `mean` (B, width) what they are after them
        alone, `other` the texts' states (G, m, width) before each of these layers.
        """
        for number, block in enumerate(self.blocks):
            x = block.across(x, mask, other[number] + self.side, other_mask, at)
        seen = mean_pool(x, mask)
        deep = F.gelu(self.pooled(torch.cat([seen, seen - mean], dim=-1)))
        return self.out(self.drop(deep)).squeeze(-1)  # type: ignore[no-any-return]


def close(unit: Rows, other: Rows, units: Tensor, units_mask: Tensor, at: Tensor) -> Tensor:
    """`redline.encoder.closeness` with gradients: (B, len(CLOSENESS))."""
    units, units_mask = units[at], units_mask[at]
    me = F.normalize(mean_pool(unit.tokens, unit.mask), dim=-1)
    near = (units @ me[:, :, None]).squeeze(-1).masked_fill(~units_mask, -1.0)
    first, second = _two(near, units_mask)
    mean = (near * units_mask).sum(-1) / units_mask.sum(-1)
    whole = F.normalize((units * units_mask[..., None]).sum(1), dim=-1)
    a, b, inner = F.normalize(unit.tokens, dim=-1), F.normalize(other.tokens, dim=-1)[at], unit.inner
    reach = (a @ b.transpose(-1, -2)).masked_fill(~other.inner[at][:, None, :], -1.0).amax(-1)
    length = inner.sum(-1)
    ordered = reach.masked_fill(~inner, 2.0).sort(dim=-1).values
    place = torch.arange(ordered.shape[1], device=reach.device)[None]
    real = (place < length[:, None]).to(ordered.dtype)
    average = (ordered * real).sum(-1) / length
    top = (length // 4).clamp(min=1)
    high = ((place >= (length - top)[:, None]) & (place < length[:, None])).to(ordered.dtype)
    spread = (((ordered - average[:, None]).square() * real).sum(-1) / length + 1e-6).sqrt()
    low_mid = ordered.gather(1, ((length - 1) // 2)[:, None]).squeeze(1)
    high_mid = ordered.gather(1, (length // 2)[:, None]).squeeze(1)
    return torch.stack(
        [
            first, second, mean, (whole * me).sum(-1), average, ordered[:, 0], (ordered * high).sum(-1) / top,
            spread, first * average, (low_mid + high_mid) / 2,
        ],
        dim=-1,
    )  # fmt: skip


def _two(near: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Highest and second highest of each row; 0 where there is no second."""
    if near.shape[1] == 1:
        return near[:, 0], torch.zeros_like(near[:, 0])
    best = near.topk(2, dim=-1).values
    return best[:, 0], torch.where(mask.sum(-1) > 1, best[:, 1], 0.0)


class ThemeTower(nn.Module):
    """Theme logits of a unit: last layers of its own, then attention pooling beside mean and first token.

    The layers below are shared with content.  With its own last layers what helps themes costs content nothing.
    """

    def __init__(self, layers: list[Block], width: int, themes: int, dropout: float = 0.2, hidden: int = 192) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.attend = nn.Linear(width, 1)
        self.hidden = nn.Linear(3 * width, hidden)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, themes)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(B, n, width) of the last shared layer and (B, n) -> (B, themes)."""
        for layer in self.layers:
            tokens = layer(tokens, mask)
        weight = self.attend(tokens).squeeze(-1).masked_fill(~mask, -1e4).softmax(-1)
        looked = (tokens * weight[..., None]).sum(1)
        x = torch.cat([tokens[:, 0], mean_pool(tokens, mask), looked], dim=-1)
        return self.out(self.drop(F.gelu(self.hidden(self.drop(x)))))  # type: ignore[no-any-return]


def mean_pool(tokens: Tensor, mask: Tensor) -> Tensor:
    """Mean over real tokens: (B, n, width) -> (B, width)."""
    real = mask[..., None].to(tokens.dtype)
    return (tokens * real).sum(1) / real.sum(1).clamp(min=1.0)
