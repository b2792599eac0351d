"""A LoRA adapter outside any model: its matrices by module and its configuration."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from redline.chat.adapters import CONFIG, WEIGHTS, function_fields, read_adapter
from redline.chat.adapters.identity import read_object
from redline.errors import UsageError

__all__ = ["Lora", "check_servable", "lora_of", "read_lora", "scaling_of", "served_rank", "tensor_names"]

_PLAIN = frozenset({"r", "lora_alpha", "target_modules", "peft_type"})
"""Fields of a configuration that every server reads."""
_FOLDABLE = frozenset({
    "use_rslora", "rank_pattern", "alpha_pattern", "layers_to_transform", "layers_pattern", "exclude_modules",
    "fan_in_fan_out",  # how the base stores its weights; the matrices are the same
})  # fmt: skip
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes for `--max-lora-rank`; an adapter of any rank up to it is served (vllm/config/lora.py)."""


@dataclass(frozen=True)
class Lora:
    """`matrices[module] = (A, B)`, A (rank, in) and B (out, rank); the module computes x W' + scaling * x A' B'.

    `config` is the content of `adapter_config.json`.  Modules are named as in the model (`model.layers.0.mlp.up_proj`).
    """

    config: Mapping[str, Any]
    matrices: Mapping[str, tuple[Tensor, Tensor]]


def lora_of(model: Any, adapter: str = "default", state: Mapping[str, Tensor] | None = None) -> Lora:
    """The adapter named `adapter` of a `PeftModel`, on the CPU; `state` is its state where the model is sharded."""
    from peft import get_peft_model_state_dict

    config = model.peft_config[adapter].to_dict()
    tensors = get_peft_model_state_dict(model, state_dict=state, adapter_name=adapter, save_embedding_layers=False)
    return _lora(_portable(config), {k: v.detach().to("cpu") for k, v in tensors.items()})


def read_lora(folder: Path) -> Lora:
    """The adapter saved in `folder`."""
    from safetensors.torch import load_file

    read_adapter(folder)
    return _lora(read_object(folder / CONFIG), load_file(str(folder / WEIGHTS)))


def _portable(config: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it: sets as sorted lists, enumerations as their text."""
    plain = {k: sorted(v) if isinstance(v, set | frozenset) else v for k, v in config.items()}
    return {k: getattr(v, "value", v) for k, v in plain.items()}


def _lora(config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Lora:
    sides: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        module, dot, side = name.removeprefix("base_model.model.").partition(".lora_")
        if not dot or side not in ("A.weight", "B.weight"):
            raise UsageError(
                f"the adapter holds {name}, which is no plain LoRA matrix; train linear layers only, without modules_to_save, "
                "bias, DoRA or embeddings"
            )
        sides.setdefault(module, {})[side[0]] = tensor
    if not sides or any(set(found) != {"A", "B"} for found in sides.values()):
        raise UsageError("the adapter holds no LoRA matrices, or only one of a pair")
    check_servable(config)
    return Lora(config, {module: (sides[module]["A"], sides[module]["B"]) for module in sorted(sides)})


def tensor_names(lora: Lora) -> dict[str, Tensor]:
    """The tensors under the names that PEFT and the servers look for."""
    found = {}
    for module, (a, b) in lora.matrices.items():
        found[f"base_model.model.{module}.lora_A.weight"] = a
        found[f"base_model.model.{module}.lora_B.weight"] = b
    return found


def check_servable(config: Mapping[str, Any]) -> None:
    """Raise `UsageError` where an adapter is more than a plain LoRA: PEFT would load it, the servers would not.

    vLLM refuses modules_to_save, bias and DoRA, and reads one rank and one alpha for all modules: per-module patterns
    must be folded in first (`stacked` does).  A begin that changes the base (PiSSA and its kin) must be converted.
    """
    kind = str(getattr(config.get("peft_type"), "value", config.get("peft_type")))
    if kind != "LORA":
        raise UsageError(f"this is a {kind} adapter; only LoRA is trained and served")
    targets = config.get("target_modules")
    named = [targets] if isinstance(targets, str) else list(targets or ())
    saved = list(config.get("modules_to_save") or ())
    for name in ("lm_head", "embed_tokens"):
        if any(t == name or t.endswith(f".{name}") for t in (*named, *saved)):
            raise UsageError(
                f"{name} is among the adapted modules; leave it out: servers refuse it, and a tied head breaks"
            )
    other = sorted(set(function_fields(config)) - _PLAIN - _FOLDABLE)
    if other:
        raise UsageError(
            f"the adapter uses {', '.join(other)}, which servers of LoRA adapters do not know; train a plain LoRA"
        )


def scaling_of(config: Mapping[str, Any], module: str) -> float:
    """What PEFT multiplies the product of this module's matrices with: alpha / rank, or alpha / sqrt(rank) for rsLoRA."""
    rank = _pattern(config.get("rank_pattern"), module, config["r"])
    alpha = _pattern(config.get("alpha_pattern"), module, config["lora_alpha"])
    return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _pattern(patterns: Mapping[str, Any] | None, module: str, otherwise: Any) -> Any:
    """PEFT's own rule: the first pattern that matches the end of the module's name from a dot on."""
    return next((v for key, v in (patterns or {}).items() if re.match(rf"(.*\.)?({key})$", module)), otherwise)


def served_rank(rank: int) -> int:
    """The `--max-lora-rank` that a vLLM server needs for it.

    >>> served_rank(4), served_rank(16), served_rank(24)
    (8, 16, 32)
    """
    fitting = [r for r in _RANKS if r >= rank]
    if not fitting:
        raise UsageError(f"an adapter of rank {rank} cannot be served: vLLM takes at most {_RANKS[-1]}")
    return fitting[0]
