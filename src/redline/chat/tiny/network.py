"""The forward pass of a Llama network in numpy, in 32-bit numbers.

Norms before attention and feed-forward (RMSNorm, Zhang and Sennrich 2019), rotary positions (Su et al. 2021), several
query heads to a key head (Ainslie et al. 2023), gated feed-forward (SwiGLU, Shazeer 2020), output tied to the embedding.

A row's numbers do not depend on its neighbours: prompts are read one by one, attention is computed row by row over the
row's own length, and every other product has the same shape whoever is in it (`products`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.chat.tiny.memory import BLOCK, Memory, Prefixes
from redline.chat.tiny.products import ROWS, pieces, times, whole_rows
from redline.chat.tiny.shape import Shape

__all__ = ["Network"]

Floats = NDArray[np.float32]
Attend = Callable[[int, Floats, Floats, Floats], Floats]


@dataclass(frozen=True)
class _Layer:
    """Matrices in pieces: queries, keys and values side by side, and gate and value of the feed-forward part."""

    before_attention: Floats
    before_feed: Floats
    project: Floats
    out: Floats
    gated: Floats
    down: Floats


class Network:
    """Weights and tables; holds no request.  `prefixes` are given by the caller who may share them between prompts."""

    def __init__(self, shape: Shape, tensors: Mapping[str, Floats]) -> None:
        self.shape = shape
        self._embedding = tensors["model.embed_tokens.weight"]
        self._output = pieces(self._embedding.T)
        self._last_norm = tensors["model.norm.weight"]
        self._layers = [_layer(tensors, f"model.layers.{i}.") for i in range(shape.layers)]
        exponents = np.arange(0, shape.head, 2, dtype=np.float32) / np.float32(shape.head)
        # 1 / theta^x and not theta^-x: the last bit of a frequency counts a thousand times at position 1,000.
        frequencies = np.float32(1) / np.float32(shape.theta) ** exponents
        angles = np.outer(np.arange(shape.window, dtype=np.float32), frequencies)
        self._cos, self._sin = np.cos(angles, dtype=np.float32), np.sin(angles, dtype=np.float32)
        # Scores of a block against itself: nothing may look ahead.
        self._ahead = np.triu(np.full((BLOCK, BLOCK), -np.inf, np.float32), 1)

    def read(self, ids: NDArray[np.int64], memory: Memory, prefixes: Prefixes | None = None) -> Floats:
        """Read a prompt into an empty `memory`, block by block; logits (vocabulary) of what comes next."""
        if prefixes is not None:
            prefixes.recall(ids, memory)
        while memory.length < len(ids):
            block = ids[memory.length : memory.length + BLOCK]
            x = self._block(block, memory)
            memory.length += len(block)
            if prefixes is not None and len(block) == BLOCK:
                prefixes.keep(ids[: memory.length], memory)
        found: Floats = self._logits(x[-1:])[0]
        return found

    def all_logits(self, ids: NDArray[np.int64]) -> Floats:
        """Logits (tokens, vocabulary) after each token of a text."""
        memory, found = Memory(self.shape, len(ids)), []
        for start in range(0, len(ids), BLOCK):
            found.append(self._logits(self._block(ids[start : start + BLOCK], memory)))
            memory.length += len(found[-1])
        return np.concatenate(found)

    def step(self, ids: Sequence[int], memories: Sequence[Memory]) -> Floats:
        """One more token for each of at most `ROWS` rows; logits (rows, vocabulary)."""
        count = len(memories)
        positions = np.zeros(ROWS, np.int64)
        positions[:count] = [m.length for m in memories]

        def attend(layer: int, q: Floats, k: Floats, v: Floats) -> Floats:
            mixed = np.zeros((ROWS, self.shape.heads * self.shape.head), np.float32)
            for row, memory in enumerate(memories):
                keys, values, end = memory.keys[layer], memory.values[layer], memory.length + 1
                keys[:, :, end - 1], values[:, end - 1] = k[row], v[row]
                scores = q[row].reshape(len(keys), -1, self.shape.head) @ keys[:, :, :end]
                weights = _exponentials(scores, scores.max(axis=2, keepdims=True))
                mixed[row] = (weights @ values[:, :end] / weights.sum(axis=2, keepdims=True)).reshape(-1)
            return mixed

        x = self._through(whole_rows(self._embedding[list(ids)]), positions, attend)
        for memory in memories:
            memory.length += 1
        return self._logits(x)[:count]

    def _block(self, ids: NDArray[np.int64], memory: Memory) -> Floats:
        """A block of a prompt, the last of which may be short; hidden states (tokens, hidden)."""
        s, start, count = self.shape, memory.length, len(ids)
        x = whole_rows(self._embedding[ids])
        blocks, groups, rows = start // BLOCK + 1, s.key_value_heads, len(x)

        def attend(layer: int, q: Floats, k: Floats, v: Floats) -> Floats:
            keys, values = memory.keys[layer], memory.values[layer]
            keys[:, :, start : start + count] = k[:count].transpose(1, 2, 0)
            values[:, start : start + count] = v[:count].transpose(1, 0, 2)
            known = keys[:, :, : blocks * BLOCK].reshape(groups, s.head, blocks, BLOCK).transpose(0, 2, 1, 3)
            asked = q.reshape(rows, groups, -1, s.head).transpose(1, 2, 0, 3).reshape(groups, 1, -1, s.head)
            scores = asked @ known
            scores[:, -1].reshape(groups, -1, rows, BLOCK)[...] += self._ahead[:rows]
            # Blocks first, positions then: whole rows are compared and added, four times as fast as both at once.
            weights = _exponentials(scores, scores.max(axis=1, keepdims=True).max(axis=3, keepdims=True))
            mixed = (weights @ values[:, : blocks * BLOCK].reshape(groups, blocks, BLOCK, s.head)).sum(axis=1)
            mixed /= weights.sum(axis=1).sum(axis=2, keepdims=True)
            return np.ascontiguousarray(mixed.reshape(groups, -1, rows, s.head).transpose(2, 0, 1, 3)).reshape(rows, -1)

        return self._through(x, np.arange(start, start + rows), attend)[:count]

    def _through(self, x: Floats, positions: NDArray[np.int64], attend: Attend) -> Floats:
        """All layers; `attend(layer, q, k, v)` stores keys and values and mixes the values."""
        s = self.shape
        cos, sin = self._cos[positions, None], self._sin[positions, None]
        widths = np.cumsum([s.heads * s.head, s.key_value_heads * s.head, s.key_value_heads * s.head])
        for number, layer in enumerate(self._layers):
            parts = times(self._normed(x, layer.before_attention), layer.project)[:, : widths[-1]]
            q, k, v = (part.reshape(len(x), -1, s.head) for part in np.split(parts, widths[:-1], axis=1))
            q = _turned(q, cos, sin) * np.float32(s.head**-0.5)
            x = x + times(attend(number, q, _turned(k, cos, sin), v), layer.out)[:, : s.hidden]
            both = times(self._normed(x, layer.before_feed), layer.gated)[:, : 2 * s.inner]
            gate, value = np.split(both, 2, axis=1)
            x = x + times(_silu(gate) * value, layer.down)[:, : s.hidden]
        return x

    def _logits(self, x: Floats) -> Floats:
        normed = self._normed(whole_rows(x), self._last_norm)
        return times(normed, self._output)[: len(x), : self.shape.vocabulary]

    def _normed(self, x: Floats, weight: Floats) -> Floats:
        """x / sqrt(mean(x^2) + epsilon) * weight, a row at a time."""
        square = np.einsum("ij,ij->i", x, x)[:, None] / np.float32(x.shape[1])
        found: Floats = x / np.sqrt(square + np.float32(self.shape.epsilon)) * weight
        return found


def _layer(tensors: Mapping[str, Floats], at: str) -> _Layer:
    def joined(*names: str) -> Floats:
        return pieces(np.concatenate([tensors[f"{at}{n}.weight"] for n in names]).T)

    return _Layer(
        tensors[f"{at}input_layernorm.weight"],
        tensors[f"{at}post_attention_layernorm.weight"],
        joined("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        joined("self_attn.o_proj"),
        joined("mlp.gate_proj", "mlp.up_proj"),
        joined("mlp.down_proj"),
    )


def _turned(x: Floats, cos: Floats, sin: Floats) -> Floats:
    """Each pair (i, i + half) of a head turned by the angle of its position."""
    a, b = np.split(x, 2, axis=-1)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def _exponentials(scores: Floats, largest: Floats) -> Floats:
    """exp(scores - largest), in place."""
    scores -= largest
    np.exp(scores, out=scores)
    return scores


def _silu(x: Floats) -> Floats:
    with np.errstate(over="ignore"):  # exp of a large number: the quotient is 0, as it should be
        found: Floats = x / (1 + np.exp(-x))
    return found
