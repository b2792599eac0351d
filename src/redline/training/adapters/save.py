"""Saving an adapter: whole or not at all, in PEFT's format, under a name that its content makes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redline.chat.adapters import CARD, CONFIG, WEIGHTS, AdapterInfo, BaseInfo, adapter_digest, adapter_id, read_adapter
from redline.errors import InputError, UsageError
from redline.training.adapters.lora import Lora, lora_of, served_rank, tensor_names
from redline.training.adapters.stack import plain

__all__ = ["save_adapter"]

_NAME = "README.md", CONFIG, WEIGHTS, CARD


def save_adapter(
    adapter: Any, folder: Path, slug: str, *, base: BaseInfo, card: Mapping[str, Any] | None = None,
    files: Mapping[str, str | bytes] | None = None, clinician: str | None = None, parent: str | None = None,
    name: str = "default", made_at: str | None = None,
) -> AdapterInfo:  # fmt: skip
    """Write an adapter to `folder/slug@digest` and say what it is.

    `adapter` is a `PeftModel` (its adapter `name`) or a `Lora`.  It is written as plain LoRA with one rank and one scaling,
    which `peft` and vLLM load alike.  `card` goes into `redline.json`, `files` beside it (a resolved configuration, metrics).
    What is there already under this id stays: the same adapter is returned as it is, another one is refused with
    `UsageError`, because an id is never bound to anything else.  `InputError` where it cannot be written (a full disk); no
    part of it is left then.
    """
    lora = plain(adapter if isinstance(adapter, Lora) else lora_of(adapter, name))
    served_rank(int(lora.config["r"]))
    _check_names(slug, files or {})
    about = {"base": {"name": base.name, "digest": base.digest}, "clinician": clinician, "parent": parent}
    part = folder / f".{slug}.{secrets.token_hex(4)}.part"
    try:
        part.mkdir(parents=True)
        _write(part / WEIGHTS, lambda path: _save_tensors(lora, path))
        _write_text(part / CONFIG, _json(_config(lora.config, base.name)))
        digest = adapter_digest(part)
        found = adapter_id(slug, digest)
        made = made_at or datetime.now(UTC).isoformat(timespec="seconds")
        head = {"form": 1, "id": found, "slug": slug, "digest": digest, **about, "made_at": made}
        _write_text(part / CARD, _json({**head, "card": dict(card or {})}))
        for other, content in (files or {}).items():
            _write_text(part / other, content)
        return _named(part, folder / found, about)
    except OSError as error:
        raise InputError.single(
            str(folder), f"the adapter cannot be written ({error.strerror or error})",
            hint="Nothing was left half-written. Make room or name another folder.",
        ) from None  # fmt: skip
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _named(part: Path, final: Path, about: Mapping[str, Any]) -> AdapterInfo:
    """Give the finished folder its name; the system refuses to rename a folder over one that holds files."""
    try:
        os.rename(part, final)
        _sync(final.parent)
    except OSError:
        if not final.is_dir():
            raise
    there = read_adapter(final)  # content that is not what the name says is an error here
    theirs = {
        "base": {"name": there.base.name, "digest": there.base.digest},
        "clinician": there.clinician,
        "parent": there.parent,
    }
    if there.id != final.name or theirs != about:
        raise UsageError(
            f"{final} is there already, made for {there.clinician or 'everybody'} on {there.base.name}; an id is never bound to "
            "anything else. Name another slug"
        )
    return there


def _check_names(slug: str, files: Mapping[str, Any]) -> None:
    from redline.chat.adapters import slug_of

    if slug != slug_of(slug):
        raise UsageError(
            f"{slug!r} cannot name an adapter; write small letters, digits, '-' and '_', for instance {slug_of(slug)}"
        )
    for name in files:
        if name in _NAME or Path(name).name != name or name.endswith((".safetensors", ".bin", ".pt")):
            raise UsageError(f"{name!r} cannot stand beside an adapter")


def _config(config: Mapping[str, Any], base: str) -> dict[str, Any]:
    """`adapter_config.json`: what PEFT wrote or what it needs, with a name of the base that is no path of this machine."""
    fixed = {"base_model_name_or_path": base, "inference_mode": True, "bias": "none", "modules_to_save": None}
    return {"peft_type": "LORA", "task_type": "CAUSAL_LM", **config, **fixed}


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def _save_tensors(lora: Lora, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {name: t.detach().cpu().contiguous().clone() for name, t in tensor_names(lora).items()}
    bad = next((name for name, t in tensors.items() if not t.isfinite().all()), None)
    if bad is not None:
        raise UsageError(f"the adapter holds numbers that are not finite, in {bad}; the training went wrong before")
    try:
        save_file(tensors, str(path), metadata={"format": "pt"})
        path.chmod(0o644)  # the library lets only its owner read it, and servers run under other names
    except SafetensorError as error:  # how the library says that the disk is full
        raise OSError(str(error)) from None


def _write(path: Path, save: Callable[[Path], None]) -> None:
    """Write with `save`, then see that it is on the disk."""
    save(path)
    _sync(path)


def _write_text(path: Path, content: str | bytes) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
