"""The model's shape: Llama with few and narrow layers, tied embeddings and a window of 2,048 tokens."""

from __future__ import annotations

from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from redline.chat.tiny.template import END, PAD, SPECIAL
from redline.training.tiny.recipe import Recipe

__all__ = ["config_of", "fresh_model"]


def config_of(recipe: Recipe, vocabulary: int) -> Any:
    """The `LlamaConfig`; two query heads and more share a key head, which keeps the memory of a prompt small."""
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=recipe.hidden,
        intermediate_size=recipe.inner,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.key_value_heads,
        max_position_embeddings=recipe.window,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=SPECIAL.index(END),
        pad_token_id=SPECIAL.index(PAD),
        initializer_range=0.04,
    )


def fresh_model(recipe: Recipe, vocabulary: int) -> Any:
    """A model with the seed's weights."""
    torch.manual_seed(recipe.seed)
    return LlamaForCausalLM(config_of(recipe, vocabulary))
