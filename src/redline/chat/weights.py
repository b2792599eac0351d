"""Folders of Hugging Face models and adapters: where they are, what is in them, how they are loaded."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from redline.chat.quiet import quiet_loading
from redline.errors import InputError, UsageError

__all__ = ["check_extra", "find_folder", "load", "read_window", "weights_digest"]

_FILES = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt")
"""What of a model's folder can change an answer.  Pickled weights are never read: they can run code."""


def check_extra() -> None:
    """`UsageError` where the libraries of the extra `local` are not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers", "peft")):
        raise UsageError("a local Hugging Face model needs more libraries: pip install 'redline[local]'")


def find_folder(name: str, *, download: bool, wanted: str = "config.json") -> Path:
    """The folder `name`, or the one in the local Hugging Face cache; only with `download` is the hub asked.

    `tiny` is the demonstration model that ships with the package, unless there is a folder of that name.
    """
    folder = Path(name).expanduser()
    if name == "tiny" and not folder.is_dir():
        from redline.chat.tiny.card import bundled_tiny  # brings the tokenizer's library along

        folder = bundled_tiny()
    elif not folder.is_dir():
        folder = _cached(name, download=download)
    if not (folder / wanted).is_file():
        raise UsageError(
            f"{folder} holds no {wanted}; expected the folder of a model (or adapter) saved by Hugging Face"
        )
    return folder


def _cached(name: str, *, download: bool) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=not download, allow_patterns=list(_FILES)))
    except Exception as error:  # a wrong name, no network, no access: the library has a dozen classes for them
        mend = "check the name and the network" if download else "download it first"
        raise UsageError(
            f"there is no folder {name!r} and no such model in the local Hugging Face cache; {mend} "
            f"({type(error).__name__})"
        ) from None


def weights_digest(folders: Iterable[Path]) -> str:
    """Of names and content of all files that can change an answer; nothing is kept, so it takes as long as reading."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted({p for pattern in _FILES for p in folder.glob(pattern)}):
            with path.open("rb") as file:
                total.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        total.update(b"--\n")
    return total.hexdigest()[:16]


def read_window(folder: Path) -> int | None:
    """Context in tokens as config.json gives it, or None."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError.single(str(path), "is not JSON") from None
    for part in (config, config.get("text_config") or {}):
        for field in ("max_position_embeddings", "n_positions", "max_seq_len"):
            if isinstance(part.get(field), int):
                return int(part[field])
    return None


def load(folder: Path, device: str) -> tuple[Any, str]:
    """The model, ready to generate, and the device it is on; in float32 on a CPU, else as its weights are stored."""
    import torch
    from transformers import AutoModelForCausalLM, GenerationConfig

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        with quiet_loading():
            model = AutoModelForCausalLM.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
        if device == "cpu":
            model = model.float()  # half precision is slower there, and rounds more
        # How to draw is the request's to say, not the folder's.
        model.generation_config = GenerationConfig(eos_token_id=model.generation_config.eos_token_id)
        return model.to(device).eval(), device
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise UsageError(f"{folder} cannot be loaded on {device} ({type(error).__name__}: {error})") from None
