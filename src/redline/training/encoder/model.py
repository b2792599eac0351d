"""Encoder and heads together, over flat batches of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from redline.training.encoder.network import Block, CarriedHead, HeadShape, Rows, ThemeTower, close, mean_pool
from redline.training.encoder.padding import padded

__all__ = ["CarriedBatch", "EditEncoder", "Encoded"]


@dataclass(frozen=True)
class Encoded:
    """Token vectors of all units of a batch, laid end to end: unit i has rows start[i]:start[i]+length[i].

    One extra row of zeros at the end serves as padding.  `vectors` are the normalised sentence vectors.
    `lower` are the same rows after the layers that come before the last ones (for cross-attention), lowest first.
    `inner` is True at tokens that are not special ones; a unit of special tokens alone keeps them.
    """

    flat: Tensor
    lower: tuple[Tensor, ...]
    inner: Tensor
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    vectors: Tensor

    def rows(self, groups: Sequence[Sequence[int]]) -> Rows:
        """The units of each group as one text."""
        index = [np.concatenate([np.arange(self.start[i], self.start[i] + self.length[i]) for i in g]) for g in groups]
        longest = max(len(i) for i in index)
        padded = np.full((len(index), longest), len(self.flat) - 1, dtype=np.int64)
        for row, item in zip(padded, index, strict=True):
            row[: len(item)] = item
        at = torch.from_numpy(padded).to(self.flat.device)
        lower = tuple(F.embedding(at, x) for x in self.lower)
        return Rows(F.embedding(at, self.flat), at < len(self.flat) - 1, self.inner[at], lower)


@dataclass(frozen=True)
class CarriedBatch:
    """Questions over a batch of units: `unit[q]` asked of `passages[passage[q]]` (unit indices)."""

    ids: list[list[int]]
    unit: NDArray[np.int64]
    passage: NDArray[np.int64]
    passages: list[list[int]]
    features: NDArray[np.float32]
    labels: NDArray[np.float32]
    weights: NDArray[np.float32]


class EditEncoder(nn.Module):
    """One encoder, two uses: themes read a lower layer through layers of their own."""

    def __init__(self, base: nn.Module, shape: HeadShape, themes: int) -> None:
        super().__init__()
        layers = list(base.encoder.layer)
        shape = replace(
            shape, cross_layers=min(shape.cross_layers, len(layers)), theme_layers=min(shape.theme_layers, len(layers))
        )
        self.base, self.shape = base, shape
        last = [Block.like(x, shape.heads) for x in layers[len(layers) - shape.cross_layers :]]
        own = [Block.like(x, shape.heads) for x in layers[len(layers) - shape.theme_layers :]]
        self.carried = CarriedHead(shape, last)
        self.theme = ThemeTower(own, shape.width, themes)

    @classmethod
    def from_base(
        cls, folder: str | Path, features: int, themes: int, *, inside: float = 0.0, **shape: object
    ) -> EditEncoder:
        """From a folder (or hub name) of BERT-like weights; the heads' blocks start from its last layers.

        `inside` is the dropout inside the encoder; on CPU it costs a fifth of a step.
        """
        from transformers import AutoModel

        base = AutoModel.from_pretrained(
            folder, attn_implementation="sdpa", hidden_dropout_prob=inside, attention_probs_dropout_prob=inside
        )
        config = base.config
        sizes = HeadShape(
            config.hidden_size,
            config.num_attention_heads,
            config.intermediate_size,
            features,
            **shape,  # type: ignore[arg-type]
        )
        return cls(base, sizes, themes)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def states(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Token vectors (B, n, width) of every layer, the embeddings first."""
        out = self.base(input_ids=ids, attention_mask=mask.long(), output_hidden_states=True)
        return tuple(out.hidden_states)

    def theme_start(self, states: tuple[Tensor, ...]) -> Tensor:
        """The layer that the theme tower reads."""
        return states[len(states) - 1 - len(self.theme.layers)]

    def cross_states(self, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The layers that cross-attention reads: those before each of the last ones, lowest first."""
        return states[len(states) - 1 - len(self.carried.blocks) : -1]

    def encode(self, ids: Sequence[Sequence[int]], tokens_a_step: int = 4096, *, below: bool = False) -> Encoded:
        """Token vectors of all units, encoded in length order so that little is padded; `below`: the theme tower's."""
        lengths = np.asarray([len(i) for i in ids], dtype=np.int64)
        order = np.argsort(-lengths, kind="stable")
        parts: list[Tensor] = []
        pooled: list[Tensor] = []
        lower: list[list[Tensor]] = [] if below else [[] for _ in self.carried.blocks]
        inner: list[NDArray[np.bool_]] = []
        start = np.zeros(len(ids), dtype=np.int64)
        at = done = 0
        while done < len(order):
            widest = int(lengths[order[done]])
            chosen = order[done : done + max(1, tokens_a_step // widest)]
            tokens, mask = (torch.from_numpy(x).to(self.device) for x in padded([np.asarray(ids[i]) for i in chosen]))
            states = self.states(tokens, mask)
            out = self.theme_start(states) if below else states[-1]
            parts.append(out[mask])
            for kept, layer in zip(lower, () if below else self.cross_states(states), strict=True):
                kept.append(layer[mask])
            pooled.append(mean_pool(out, mask))
            for i in chosen:
                n = int(lengths[i])
                start[i], at = at, at + n
                inner.append(np.asarray([n <= 2 or 0 < k < n - 1 for k in range(n)], dtype=bool))
            done += len(chosen)
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        vectors = F.normalize(torch.cat(pooled), dim=-1)[torch.from_numpy(back).to(self.device)]
        zero = torch.zeros(1, parts[0].shape[-1], device=self.device)
        flags = torch.from_numpy(np.append(np.concatenate(inner), False)).to(self.device)
        kept_ = tuple(torch.cat([*kept, zero]) for kept in lower)
        return Encoded(torch.cat([*parts, zero]), kept_, flags, start, lengths, vectors)

    def carried_logits(self, batch: CarriedBatch) -> Tensor:
        """One logit a question."""
        return self.carried(*self._asked(batch))  # type: ignore[no-any-return]

    def seen(self, batch: CarriedBatch) -> Tensor:
        """What the linear head sees of each question: closeness and agreement."""
        unit, other, units, mask, at, features = self._asked(batch)
        return torch.cat([close(unit, other, units, mask, at), features], dim=-1)

    def _asked(self, batch: CarriedBatch) -> tuple[Rows, Rows, Tensor, Tensor, Tensor, Tensor]:
        encoded = self.encode(batch.ids)
        widest = max(len(p) for p in batch.passages)
        table = np.full((len(batch.passages), widest), -1, dtype=np.int64)
        for row, passage in zip(table, batch.passages, strict=True):
            row[: len(passage)] = passage
        sentences = torch.from_numpy(table).to(self.device)
        return (
            encoded.rows([[i] for i in batch.unit]), encoded.rows(batch.passages), encoded.vectors[sentences.clamp(min=0)],
            sentences >= 0, torch.from_numpy(batch.passage).to(self.device), torch.from_numpy(batch.features).to(self.device),
        )  # fmt: skip
