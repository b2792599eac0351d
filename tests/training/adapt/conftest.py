"""A small random model with the demonstration model's tokenizer, and a few invented sets."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from redline.chat import ChatMessage
from redline.chat.tiny.card import bundled_tiny
from redline.training.preference import PreferenceSet, set_of_pairs


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the model; its weights are large enough to matter."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    folder = tmp_path_factory.mktemp("base") / "small-llama"
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        shutil.copy(bundled_tiny() / name, folder / name)
    config = transformers.LlamaConfig(
        vocab_size=2304, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, tie_word_embeddings=True, bos_token_id=None, eos_token_id=4,
        pad_token_id=0, initializer_range=0.1,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def some_sets(count: int = 12, clinician: str = "c1") -> list[PreferenceSet]:
    """Sets with two or three pairs; what is preferred says so."""
    found = []
    for i in range(count):
        own = f"Please call us about message {i}."
        pairs = [
            (own, f"Never mind number {i}.", "care_coordination", 1.0, "corruption"),
            (own, f"Please stop all pills, patient {i}.", "treatment_planning", 2.0, "corruption"),
        ]
        if i % 2:
            pairs.append((f"I am sorry. {own}", own, "empathy", 1.0, "enhancement"))
        prompt = [ChatMessage("system", "Reply."), ChatMessage("user", f"My foot number {i} hurts since Monday.")]
        found.append(set_of_pairs(f"s{i}/{clinician}", prompt, pairs, own=own, case=f"s{i}", clinician=clinician))
    return found
