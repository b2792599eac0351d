"""A random tiny Llama, and adapters with weights that change what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")

from redline.chat.adapters import BaseInfo, base_info
from tests.chat.tiny_parts import save_llama


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_llama(tmp_path_factory.mktemp("bases") / "tiny-llama")


@pytest.fixture(scope="session")
def base(llama: Path) -> BaseInfo:
    return base_info(llama)


def adapted(
    llama: Path, seed: int = 2, targets: Sequence[str] | str = ("q_proj", "v_proj"), double: bool = False, **more: Any
) -> Any:
    """A `PeftModel` whose adapter is far from zero; in double precision where asked for."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    config = {"r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "init_lora_weights": False, "task_type": "CAUSAL_LM"} | more
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_pretrained(llama)
        wanted = targets if isinstance(targets, str) else list(targets)
        made = get_peft_model(model, LoraConfig(target_modules=wanted, **config)).eval()
    return made.double() if double else made


@pytest.fixture(scope="session")
def make(llama: Path) -> Callable[..., Any]:
    return lambda *args, **more: adapted(llama, *args, **more)
