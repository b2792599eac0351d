"""Two adapters as one: what both together add to the model, exactly, in the plain form that every server loads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from redline.errors import UsageError
from redline.training.adapters.lora import Lora, scaling_of, served_rank

__all__ = ["plain", "stacked"]

_SHARED = ("peft_type", "task_type", "base_model_name_or_path", "inference_mode", "fan_in_fan_out", "bias")


def stacked(shared: Lora, own: Lora) -> Lora:
    """The sum of both, of rank r1 + r2: s1 B1 A1 + s2 B2 A2 = [s1 B1, s2 B2] [A1; A2].

    Scalings are folded into B, so that the one rank and alpha that servers read are right for every module; a module of
    only one of them is filled up with zeros, for the same reason.
    """
    if bool(shared.config.get("fan_in_fan_out")) != bool(own.config.get("fan_in_fan_out")):
        raise UsageError(
            "the two adapters were made for models whose weights are stored differently; they cannot be joined"
        )
    return _joined([shared, own])


def plain(lora: Lora) -> Lora:
    """The same adapter with one rank and one scaling for all modules; as it is where it has that already."""
    config = lora.config
    even = {a.shape[0] for a, _ in lora.matrices.values()} == {config["r"]}
    if even and not any(config.get(f) for f in ("use_rslora", "rank_pattern", "alpha_pattern")):
        return lora
    return _joined([lora])


def _joined(loras: list[Lora]) -> Lora:
    modules = sorted({m for lora in loras for m in lora.matrices})
    ranks = [max(a.shape[0] for a, _ in lora.matrices.values()) for lora in loras]
    served_rank(sum(ranks))
    matrices = {}
    for module in modules:
        found = [lora.matrices.get(module) for lora in loras]
        first = next(pair for pair in found if pair is not None)
        dtype = torch.promote_types(first[0].dtype, torch.float32)  # folding a scaling in must not round
        parts = [
            _filled(pair, first, rank, scaling_of(lora.config, module), dtype)
            for pair, rank, lora in zip(found, ranks, loras, strict=True)
        ]
        widths = {(a.shape[1], b.shape[0]) for a, b in parts}
        if len(widths) > 1:
            raise UsageError(f"the two adapters have different sizes in {module}: they were made for different models")
        matrices[module] = (torch.cat([a for a, _ in parts], 0), torch.cat([b for _, b in parts], 1))
    return Lora(_config(loras, modules, sum(ranks)), matrices)


def _filled(
    pair: tuple[Tensor, Tensor] | None, like: tuple[Tensor, Tensor], rank: int, scaling: float, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """A (rank, in) and scaling * B (out, rank); zeros where there is nothing."""
    a, b = pair or (like[0][:0], like[1][:, :0])
    more = rank - a.shape[0]
    a = torch.cat([a.to(dtype), torch.zeros(more, a.shape[1], dtype=dtype)], 0)
    b = torch.cat([scaling * b.to(dtype), torch.zeros(b.shape[0], more, dtype=dtype)], 1)
    return a, b


def _config(loras: list[Lora], modules: list[str], rank: int) -> dict[str, Any]:
    """Plain, of scaling 1.  Bare names of targets stay where they say which modules there are, else full names do."""
    first = loras[0].config
    bare = all(_bare(lora.config) for lora in loras)
    return {k: first[k] for k in _SHARED if k in first} | {
        "r": rank, "lora_alpha": rank, "lora_dropout": 0.0,
        "target_modules": sorted({m.rpartition(".")[2] for m in modules}) if bare else modules,
    }  # fmt: skip


def _bare(config: Mapping[str, Any]) -> bool:
    """Whether the adapter changes every module of the names that it lists."""
    targets = config.get("target_modules")
    limits = any(config.get(f) not in (None, [], "") for f in ("layers_to_transform", "exclude_modules"))
    return isinstance(targets, list) and not limits and not any("." in t for t in targets)
