"""Attention along the paths of a tree, as a function that transformers' registry calls by name.

Each segment attends to the keys of its path and to its own past: exactly what the reply would see alone in a row.  No
mask over the whole row is made, so the work is that of the tokens on the paths.  Nothing of the library is patched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import functional as F

from redline.training.trees.trie import Segment

__all__ = ["NAME", "Plan", "register", "tree_attention"]

NAME = "redline_tree"


@dataclass
class Plan:
    """The segments of a row and the masks that attention needs for them, made once for all layers."""

    segments: list[Segment]
    device: torch.device
    _masks: dict[tuple[int, int, int | None, torch.dtype], torch.Tensor] = field(default_factory=dict)

    @property
    def sizes(self) -> list[int]:
        """Tokens of each segment; together they are the row."""
        return [s.stop - s.start for s in self.segments]

    def mask(self, segment: Segment, window: int | None, dtype: torch.dtype) -> torch.Tensor | None:
        """0 where a token of the segment sees one of its path or itself, else -inf; None where causal attention does it.

        It is added to the scores; of truth values attention would make and keep such a mask again in every call.
        With a sliding `window` a token sees the `window` last positions, its own among them.
        """
        length, depth = segment.stop - segment.start, segment.depth
        if window is not None and depth + length <= window:
            window = None
        if depth == 0 and window is None:
            return None
        key = (length, depth, window, dtype)
        if key not in self._masks:
            sees = torch.ones(length, depth + length, dtype=torch.bool, device=self.device).tril(depth)
            sees = sees if window is None else sees.triu(depth - window + 1)
            self._masks[key] = torch.zeros(sees.shape, dtype=dtype, device=self.device).masked_fill_(~sees, -torch.inf)
        return self._masks[key]


def tree_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    tree_plan: Plan | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """The registry's contract: query [1, heads, n, d], key and value [1, key heads, n, d] -> [1, n, heads, d]."""
    if tree_plan is None:
        raise RuntimeError("a model in tree mode was called without the plan of a row")
    sizes = tree_plan.sizes
    # One split and many concatenations: a slice a segment would make a zeroed gradient of the whole row for each.
    queries, keys, values = (t.split(sizes, dim=2) for t in (query, key, value))
    groups = query.shape[1] // key.shape[1]
    found = []
    for i, segment in enumerate(tree_plan.segments):
        path = (*segment.path, i)
        mask = tree_plan.mask(segment, sliding_window, query.dtype)
        # The fused kernels of a GPU that take a mask do not share key heads among query heads; those of a CPU do.
        repeat = groups if mask is not None and _repeats(query) else 1
        k, v = (_joined([parts[p] for p in path], repeat) for parts in (keys, values))
        with _Joined((k, [keys[p] for p in path], repeat), (v, [values[p] for p in path], repeat)):
            if softcap is not None:
                found.append(_capped(queries[i], k, v, mask, scaling, softcap))
            else:
                found.append(
                    F.scaled_dot_product_attention(
                        queries[i], k, v, attn_mask=mask, is_causal=mask is None and k.shape[2] > 1, scale=scaling,
                        enable_gqa=query.shape[1] != k.shape[1],
                    )
                )  # fmt: skip
    return torch.cat(found, dim=2).transpose(1, 2), None


def _repeats(query: torch.Tensor) -> bool:
    """Whether key heads must be repeated for each query head where there is a mask."""
    return query.is_cuda


def _joined(parts: Sequence[torch.Tensor], repeat: int) -> torch.Tensor:
    """Keys or values along a path, each head `repeat` times."""
    whole = torch.cat(list(parts), dim=2)
    return whole if repeat == 1 else whole.repeat_interleave(repeat, dim=1)


class _Joined(torch.autograd.graph.saved_tensors_hooks):
    """What attention keeps for its backward pass, without the joined keys and values: their parts are kept once for the row,
    and are joined again when they are needed.  k replies would otherwise keep k copies of the prompt's keys in every layer.
    """

    def __init__(self, *joined: tuple[torch.Tensor, Sequence[torch.Tensor], int]) -> None:
        known = {
            whole.data_ptr(): (whole.shape, ([p.detach() for p in parts], repeat)) for whole, parts, repeat in joined
        }

        def pack(tensor: torch.Tensor) -> torch.Tensor | tuple[list[torch.Tensor], int]:
            shape, made_of = known.get(tensor.data_ptr(), (None, None))
            if made_of is None or tensor.shape != shape or (len(made_of[0]) == 1 and made_of[1] == 1):
                return tensor
            return made_of

        def unpack(kept: torch.Tensor | tuple[list[torch.Tensor], int]) -> torch.Tensor:
            return _joined(*kept) if isinstance(kept, tuple) else kept

        super().__init__(pack, unpack)


def _capped(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None, scaling: float | None, cap: float
) -> torch.Tensor:
    """Attention whose scores pass cap * tanh(score / cap) first (Gemma 2), which no fused kernel here offers."""
    groups = q.shape[1] // k.shape[1]
    k, v = (t.repeat_interleave(groups, dim=1) for t in (k, v))
    scores = q @ k.transpose(2, 3) * (scaling if scaling is not None else q.shape[-1] ** -0.5)
    scores = torch.tanh(scores / cap) * cap
    if mask is None:
        mask = torch.full(scores.shape[-2:], -torch.inf, dtype=scores.dtype, device=q.device).triu(1)
    scores = scores + mask
    return torch.softmax(scores, dim=-1, dtype=torch.promote_types(q.dtype, torch.float32)).to(q.dtype) @ v


def _no_mask(*_: Any, **__: Any) -> None:
    """The plan stands in for the mask of the whole row."""


def register() -> None:
    """Make `attn_implementation="redline_tree"` known to transformers; may be called again."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, tree_attention)
    AttentionMaskInterface.register(NAME, _no_mask)
