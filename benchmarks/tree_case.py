"""Cases of benchmarks/tree_dpo.py: a random Llama under LoRA, and one prompt with its pairs of replies in tokens."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from redline.training.preference import PreferencePair
from redline.training.trees import TokenSet

__all__ = ["CASES", "END", "PAD", "SHAPES", "Case", "Shape", "adapted", "base_of", "lora_of", "tokens_of"]

END, PAD = 0, 1  # ids of the end and padding tokens; words start at 2


@dataclass(frozen=True)
class Shape:
    """A Llama by its sizes; weights are random.  `hidden` in channels, `inner` of the MLP, `vocabulary` in tokens."""

    hidden: int = 576
    inner: int = 1536
    layers: int = 4
    heads: int = 9
    kv_heads: int = 3
    vocabulary: int = 8192
    dtype: str = "float32"
    rank: int = 16


SHAPES = {
    "small": Shape(),
    "exact": Shape(64, 128, 2, 4, 2, 512, "float64", 4),
    "1b": Shape(2048, 8192, 16, 32, 8, 128_256, "bfloat16"),
    "8b": Shape(4096, 14_336, 32, 32, 8, 128_256, "bfloat16"),
}
"""`small` is timed on a processor, `exact` compared in 64 bits, the others are the sizes of Llama 3 for a GPU."""


@dataclass(frozen=True)
class Case:
    """One prompt of `P` tokens, `k` pairs of replies of `R` tokens, which share their chosen reply or nothing."""

    P: int
    R: int
    k: int
    shared: bool

    @property
    def name(self) -> str:
        return f"P={self.P} R={self.R} k={self.k} {'shared' if self.shared else 'distinct'}"

    def smaller(self, by: int) -> Case:
        """The same family with lengths divided by `by`."""
        return replace(self, P=self.P // by, R=self.R // by)


CASES = (Case(1000, 200, 9, True), Case(600, 150, 4, True), Case(1000, 200, 9, False))


def tokens_of(case: Case, vocabulary: int, seed: int = 0) -> TokenSet:
    """Random tokens; every reply is `R` tokens with the one that ends it.

    No two replies start alike, so a tree gains nothing beyond the prompt: the hardest data for it.
    """
    draw = random.Random(seed)
    distinct = case.k + 1 if case.shared else 2 * case.k
    first = draw.sample(range(2, vocabulary), distinct)
    replies = tuple((f, *(draw.randrange(2, vocabulary) for _ in range(case.R - 2)), END) for f in first)
    prompt = tuple(draw.randrange(2, vocabulary) for _ in range(case.P))
    places = [(0, i + 1) if case.shared else (2 * i, 2 * i + 1) for i in range(case.k)]
    return TokenSet(prompt, replies, tuple(PreferencePair(c, r) for c, r in places))


def base_of(shape: Shape, seed: int = 0, device: str = "cpu", attention: str = "sdpa") -> LlamaForCausalLM:
    """The model below the adapter."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=shape.vocabulary, hidden_size=shape.hidden, intermediate_size=shape.inner,
        num_hidden_layers=shape.layers, num_attention_heads=shape.heads, num_key_value_heads=shape.kv_heads,
        max_position_embeddings=8192, bos_token_id=None, eos_token_id=END, pad_token_id=PAD, tie_word_embeddings=False,
        attn_implementation=attention, dtype=shape.dtype,
    )  # fmt: skip
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, shape.dtype))
    try:
        with torch.device(device):
            return LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(before)


def lora_of(shape: Shape) -> LoraConfig:
    """LoRA on every linear layer of the body, no dropout."""
    return LoraConfig(
        task_type="CAUSAL_LM", r=shape.rank, lora_alpha=2 * shape.rank, lora_dropout=0.0, target_modules="all-linear"
    )


def adapted(base: LlamaForCausalLM, shape: Shape, seed: int = 0, b_scale: float = 0.0) -> PeftModel:
    """`base` under a fresh adapter; `b_scale` > 0 draws its B matrices, which else are zero."""
    torch.manual_seed(seed)
    model = get_peft_model(base, lora_of(shape))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name and b_scale:
                weight.normal_(0.0, b_scale)
    return model
