"""Which models can run trees: those whose layers mix tokens in attention alone, and in an attention that we know whole."""

from __future__ import annotations

from typing import Any

__all__ = ["TREE_MODELS", "runs_trees"]

TREE_MODELS = frozenset({"llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "gemma3_text", "phi", "phi3"})
"""`model_type` of the architectures whose trees are tested against plain rows (tests/training/trees)."""


def runs_trees(config: Any) -> str:
    """Empty where a model with this configuration runs trees, else why it is trained on plain rows.

    Layers that carry a state from token to token (Mamba, linear attention, convolutions), attention sinks and experts
    that are balanced over a row would give a reply other numbers in a tree than alone, so only tested types are let in.
    """
    kind = getattr(config, "model_type", "unknown")
    if kind not in TREE_MODELS:
        return f"the architecture {kind!r} is not among those whose trees are tested ({', '.join(sorted(TREE_MODELS))})"
    rope = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    kinds = {str(r.get("rope_type", "default")) for r in _tables(rope)}
    if kinds & {"dynamic", "longrope"}:  # their angles depend on the longest position of the row
        return f"rotary positions of the kind {', '.join(sorted(kinds))} depend on what else is in the row"
    return ""


def _tables(rope: dict[str, Any]) -> list[dict[str, Any]]:
    """One table, or one for each kind of layer (Gemma 3)."""
    nested = [v for v in rope.values() if isinstance(v, dict)]
    return nested or [rope]
