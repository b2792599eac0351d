"""The folder that ships: a standard Hugging Face model in float16 that also says how it came about."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from redline.chat.tiny.card import SHIPPED
from redline.chat.tiny.template import END, PAD, SPECIAL, TEMPLATE
from redline.files import write_json

__all__ = ["export", "write_card"]


def export(model: Any, tokenizer: Tokenizer, folder: Path, window: int) -> None:
    """Weights, configuration, tokenizer and decoding defaults into `folder`; the card comes later (`write_card`)."""
    half = {k: v.to(torch.float16) for k, v in model.state_dict().items()}
    model.load_state_dict({k: v.float() for k, v in half.items()})  # what is measured is what is shipped
    model.config.dtype = torch.float16
    model.save_pretrained(folder, state_dict=half)
    (folder / "model.safetensors").chmod(0o644)  # the library lets only its owner read it
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": window,
            "pad_token": PAD,
            "eos_token": END,
            "clean_up_tokenization_spaces": False,
            "chat_template": TEMPLATE,
        },
    )
    write_json(
        folder / "generation_config.json",
        {
            "do_sample": False,
            "eos_token_id": SPECIAL.index(END),
            "pad_token_id": SPECIAL.index(PAD),
            "suppress_tokens": [i for i, mark in enumerate(SPECIAL) if mark != END],
            "max_new_tokens": 300,
        },
    )


def write_card(folder: Path, card: dict[str, Any]) -> dict[str, Any]:
    """`card.json` with the digests of the files beside it; returns what stands in it."""
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in SHIPPED}
    whole = {**card, "files": files}
    write_json(folder / "card.json", whole)
    return whole
