"""What of a `config.json` the network needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from redline.errors import InputError

__all__ = ["Shape"]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a Llama network; `theta` is the base of the rotary frequencies, `epsilon` that of the norms."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    head: int
    inner: int
    window: int
    theta: float
    epsilon: float

    @classmethod
    def read(cls, path: Path) -> Shape:
        """From `config.json`; `InputError` for another architecture than the network here can run."""
        data = json.loads(path.read_text(encoding="utf-8"))
        rope = data.get("rope_parameters") or {"rope_theta": data.get("rope_theta", 10000.0)}
        plain = (
            data.get("model_type") == "llama"
            and data.get("tie_word_embeddings")
            and data.get("hidden_act") == "silu"
            and rope.get("rope_type", "default") == "default"
            and not data.get("attention_bias")
            and not data.get("mlp_bias")
        )
        if not plain:
            raise InputError.single(
                str(path), "is not a plain Llama with tied embeddings, which is all that `tiny:` runs",
                hint="Serve other models and name them as `openai:MODEL`.",
            )  # fmt: skip
        return cls(
            data["vocab_size"], data["hidden_size"], data["num_hidden_layers"], data["num_attention_heads"],
            data["num_key_value_heads"], data.get("head_dim") or data["hidden_size"] // data["num_attention_heads"],
            data["intermediate_size"],
            data["max_position_embeddings"], float(rope["rope_theta"]), float(data["rms_norm_eps"]),
        )  # fmt: skip
