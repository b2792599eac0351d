"""Small random models of every architecture whose trees are tested."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

SIZES = {
    "vocab_size": 61, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 256, "pad_token_id": 0,
}  # fmt: skip
MORE: dict[str, dict[str, Any]] = {
    "mistral": {"sliding_window": 12},
    "phi": {"partial_rotary_factor": 0.5},
    "phi3": {"sliding_window": 12, "bos_token_id": 1, "eos_token_id": 2},
    "gemma2": {"sliding_window": 12, "attn_logit_softcapping": 3.0, "final_logit_softcapping": 2.0, "query_pre_attn_scalar": 8},
    "gemma3_text": {"sliding_window": 12, "sliding_window_pattern": 2, "query_pre_attn_scalar": 8, "num_hidden_layers": 4},
    "qwen2": {"use_sliding_window": True, "sliding_window": 12, "max_window_layers": 1},
}  # fmt: skip


def random_model(kind: str, seed: int = 0, dtype: torch.dtype = torch.float64, attention: str = "sdpa") -> Any:
    """A model with larger random weights than usual, so that what it attends to matters."""
    config = AutoConfig.for_model(kind, **SIZES | MORE.get(kind, {}))
    config._attn_implementation = attention
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config)
        for parameter in model.parameters():
            if parameter.dim() == 2:
                torch.nn.init.normal_(parameter, std=0.3)
    return model.to(dtype).eval()
