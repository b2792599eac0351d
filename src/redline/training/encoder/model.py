"""Encoder and heads together, over flat batches of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from redline.training.encoder.network import CarriedHead, HeadShape, ThemeHead, mean_pool

__all__ = ["CarriedBatch", "EditEncoder", "Encoded"]


@dataclass(frozen=True)
class Encoded:
    """Token vectors of all units of a batch, laid end to end: unit i has rows start[i]:start[i]+length[i].

    One extra row of zeros at the end serves as padding.  `vectors` are the normalised sentence vectors.
    """

    flat: Tensor
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    vectors: Tensor

    def rows(self, groups: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Padded tokens (B, longest, width) and mask of each group of units."""
        index = [np.concatenate([np.arange(self.start[i], self.start[i] + self.length[i]) for i in g]) for g in groups]
        longest = max(len(i) for i in index)
        padded = np.full((len(index), longest), len(self.flat) - 1, dtype=np.int64)
        for row, item in zip(padded, index, strict=True):
            row[: len(item)] = item
        at = torch.from_numpy(padded)
        return F.embedding(at, self.flat), at < len(self.flat) - 1


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
    """One encoder, two uses."""

    def __init__(self, base: nn.Module, shape: HeadShape, themes: int) -> None:
        super().__init__()
        self.base = base
        self.carried = CarriedHead(shape)
        self.theme = ThemeHead(shape.width, themes)

    @classmethod
    def from_base(cls, folder: str | Path, features: int, themes: int, **shape: object) -> EditEncoder:
        """From a folder (or hub name) of BERT-like weights; cross-attention starts from its last layers."""
        from transformers import AutoModel

        # No dropout inside the encoder: on CPU it costs a fifth of a step, and averaged weights regularise as well.
        base = AutoModel.from_pretrained(
            folder, attn_implementation="sdpa", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        config = base.config
        sizes = HeadShape(
            config.hidden_size,
            config.num_attention_heads,
            config.intermediate_size,
            features,
            **shape,  # type: ignore[arg-type]
        )
        model = cls(base, sizes, themes)
        layers = base.encoder.layer
        for block, layer in zip(model.carried.blocks, layers[len(layers) - sizes.cross_layers :], strict=True):
            block.copy_from(layer)
        return model

    def encode(self, ids: Sequence[Sequence[int]], tokens_a_step: int = 4096) -> Encoded:
        """Token vectors of all units, encoded in length order so that little is padded."""
        lengths = np.asarray([len(i) for i in ids], dtype=np.int64)
        order = np.argsort(-lengths, kind="stable")
        parts: list[Tensor] = []
        pooled: list[Tensor] = []
        start = np.zeros(len(ids), dtype=np.int64)
        at = done = 0
        while done < len(order):
            widest = int(lengths[order[done]])
            chosen = order[done : done + max(1, tokens_a_step // widest)]
            tokens, mask = self._pad([ids[i] for i in chosen], widest)
            out = self.base(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
            parts.append(out[mask])
            pooled.append(mean_pool(out, mask))
            for i in chosen:
                start[i], at = at, at + int(lengths[i])
            done += len(chosen)
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        vectors = F.normalize(torch.cat(pooled), dim=-1)[torch.from_numpy(back)]
        zero = torch.zeros(1, parts[0].shape[-1])
        return Encoded(torch.cat([*parts, zero]), start, lengths, vectors)

    @staticmethod
    def _pad(rows: Sequence[Sequence[int]], widest: int) -> tuple[Tensor, Tensor]:
        padded = np.zeros((len(rows), widest), dtype=np.int64)
        mask = np.zeros((len(rows), widest), dtype=bool)
        for i, row in enumerate(rows):
            padded[i, : len(row)] = row
            mask[i, : len(row)] = True
        return torch.from_numpy(padded), torch.from_numpy(mask)

    def carried_logits(self, batch: CarriedBatch) -> Tensor:
        """One logit a question."""
        encoded = self.encode(batch.ids)
        unit, unit_mask = encoded.rows([[i] for i in batch.unit])
        other, other_mask = encoded.rows(batch.passages)
        at = torch.from_numpy(batch.passage)
        widest = max(len(p) for p in batch.passages)
        table = np.full((len(batch.passages), widest), -1, dtype=np.int64)
        for row, passage in zip(table, batch.passages, strict=True):
            row[: len(passage)] = passage
        sentences = torch.from_numpy(table)
        units = encoded.vectors[sentences.clamp(min=0)]
        return self.carried(
            unit, unit_mask, other, other_mask, units, sentences >= 0, at, torch.from_numpy(batch.features),
        )  # type: ignore[no-any-return]  # fmt: skip

    def theme_logits(self, ids: Sequence[Sequence[int]]) -> Tensor:
        """(units, themes)."""
        encoded = self.encode(ids)
        tokens, mask = encoded.rows([[i] for i in range(len(ids))])
        return self.theme(tokens, mask)  # type: ignore[no-any-return]
