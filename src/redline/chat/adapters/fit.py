"""Does an adapter belong to a base model?  Told from the headers of both, before any weight is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from redline.chat.adapters.identity import CONFIG, WEIGHTS, BaseInfo, base_info, read_object
from redline.chat.adapters.info import AdapterInfo
from redline.chat.adapters.tensors import Stored, read_headers, tensor_files
from redline.errors import UsageError

__all__ = ["check_fits", "check_same_base", "check_shapes"]

_PART = re.compile(r"(.+)\.lora_(embedding_)?([AB])(?:\.weight)?$")
_IN_LAYER = re.compile(r"(?:^|\.)((?:layers|h|blocks|block)\.\d+\..+)$")
_FUSED = re.compile(r"\.experts?\.|\.block_sparse_moe\.")
"""Modules that the library builds from several stored tensors: nothing in the file has their name."""


def check_fits(adapter: AdapterInfo, base: Path, *, other_base: bool = False) -> None:
    """Raise `UsageError` where `adapter` does not belong to the model in `base`.

    First modules and shapes (headers only), then the recorded digest of the base, for which all its weights are read.
    Other weights of the same shape are refused too, unless `other_base`: the adapter would load without a word and
    every draft would come from a model that nobody trained.
    """
    check_shapes(adapter.folder, base, made_for=adapter.base.name)
    if adapter.base.digest is not None and not other_base:
        check_same_base(adapter, base_info(base))


def check_same_base(adapter: AdapterInfo, base: BaseInfo) -> None:
    """Raise `UsageError` where the adapter was made for other weights than those of `base`."""
    if adapter.base.digest not in (None, base.digest):
        raise UsageError(
            f"the adapter {adapter.id} was made for {adapter.base.name or 'another model'} with the weights "
            f"{str(adapter.base.digest)[:12]}, it does not fit {base.name} with the weights {str(base.digest)[:12]}: the shapes "
            "are the same, the model is another one. Take the base that it was trained on"
        )


def check_shapes(folder: Path, base: Path, *, made_for: str = "") -> None:
    """Raise `UsageError` where a module of the adapter in `folder` is missing in `base` or has another size there."""
    stored = read_headers(tensor_files(base))
    config = read_object(base / "config.json")
    if not stored or config.get("quantization_config"):
        return  # packed weights have shapes of their own
    turned = bool(read_object(folder / CONFIG).get("fan_in_fan_out"))
    tails = {tail: t.shape for name, t in stored.items() for tail in _tails(name.removesuffix(".weight"))}
    for module, side, length in _parts(read_headers([folder / WEIGHTS])):
        if _FUSED.search(f".{module}."):
            continue
        shape = _shape(module, tails, config)
        if shape is None:
            raise _unfit(folder, made_for, base, config, f"it changes {module}, which is not there")
        # A weight is (out, in) and an embedding (words, width); A reads one side and B writes the other.
        reads, writes = (shape[0], shape[-1]) if turned or side.startswith("embedding_") else (shape[-1], shape[0])
        here = reads if side.endswith("A") else writes
        if here != length:
            raise _unfit(folder, made_for, base, config, f"{module} is {here} wide there, the adapter expects {length}")


def _parts(tensors: Mapping[str, Stored]) -> Iterator[tuple[str, str, int]]:
    """(module, side, its length away from the rank) of each LoRA matrix."""
    for name, tensor in tensors.items():
        part = _PART.match(name.removeprefix("base_model.model."))
        if part and len(tensor.shape) == 2:
            yield part[1], f"{part[2] or ''}{part[3]}", tensor.shape[1 if part[3] == "A" else 0]


def _tails(module: str) -> Iterator[str]:
    """The module's name as it stands, and from its layer on: files leave out or add what stands before it."""
    yield module
    inner = _IN_LAYER.search(module)
    if inner:
        yield inner[1]


def _shape(module: str, tails: Mapping[str, tuple[int, ...]], config: Mapping[str, Any]) -> tuple[int, ...] | None:
    for tail in _tails(module):
        if tail in tails:
            return tails[tail]
    if module.endswith("lm_head") and config.get("tie_word_embeddings", True):  # not stored: it is the embedding
        return next((s for t, s in tails.items() if t.endswith(("embed_tokens", "wte"))), None)
    return None


def _unfit(folder: Path, made_for: str, base: Path, config: Mapping[str, Any], why: str) -> UsageError:
    whose = f" was made for {made_for}, it" if made_for else ""
    sizes = ", ".join(f"{k} {config[k]}" for k in ("hidden_size", "num_hidden_layers", "vocab_size") if k in config)
    return UsageError(
        f"the adapter in {folder}{whose} does not fit {base} ({config.get('model_type', 'unknown type')}"
        f"{': ' + sizes if sizes else ''}): {why}"
    )
