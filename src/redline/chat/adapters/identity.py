"""What an adapter and a base model are, by content: never by name, place or time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redline.chat.adapters.tensors import digest_tensors, read_headers, tensor_files
from redline.errors import InputError
from redline.records import digest

__all__ = [
    "CARD", "CONFIG", "SHORT", "WEIGHTS", "BaseInfo", "adapter_digest", "adapter_id", "base_info", "function_fields",
    "read_object", "slug_of",
]  # fmt: skip

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
CARD = "redline.json"
"""What redline writes beside an adapter: base, clinician, parent, time, digest."""
SHORT = 12
"""Digits of the digest in an adapter's id."""

_NO_FUNCTION = frozenset({
    "auto_mapping", "base_model_name_or_path", "inference_mode", "megatron_config", "megatron_core", "peft_version",
    "revision", "task_type", "runtime_config",  # where it comes from and what it is for
    "corda_config", "eva_config", "init_lora_weights", "loftq_config", "lora_dropout", "lora_ga_config",  # training only
})  # fmt: skip
_UNORDERED = frozenset({"target_modules", "exclude_modules", "layers_to_transform", "target_parameters"})
_CHANGES_BASE = ("pissa", "olora", "loftq", "corda", "lora_ga", "mipa")
"""Ways to begin that take something away from the base's weights, each time the adapter is loaded."""
_NO_MODEL = frozenset(
    {"_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version", "use_cache", "auto_map"}
)


@dataclass(frozen=True, slots=True)
class BaseInfo:
    """A base model: its name for people, and the digest of its weights and configuration."""

    name: str
    digest: str | None = None


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError.single(str(path), "does not exist") from None
    except OSError as error:
        raise InputError.single(str(path), f"cannot be read ({error.strerror})") from None
    except ValueError:
        raise InputError.single(str(path), "is not JSON") from None
    if not isinstance(value, dict):
        raise InputError.single(str(path), "is no JSON object")
    return value


def function_fields(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `adapter_config.json` that change what the adapter does.

    All but a list of those known not to, so that a field that a later PEFT brings counts; what is empty or off is left
    out, so that a later PEFT that writes more fields gives the same digest.

    >>> function_fields({"r": 8, "target_modules": ["v_proj", "q_proj"], "use_dora": False, "peft_version": "0.21"})
    {'r': 8, 'target_modules': ['q_proj', 'v_proj']}
    """
    kept = {k: v for k, v in config.items() if k not in _NO_FUNCTION and v not in (None, False, "none", [], {})}
    begun = config.get("init_lora_weights")
    if isinstance(begun, str) and begun.startswith(_CHANGES_BASE):
        kept["init_lora_weights"] = begun
    if not kept.get("use_qalora"):
        kept.pop("qalora_group_size", None)
    return {k: sorted(v, key=str) if k in _UNORDERED and isinstance(v, list) else v for k, v in sorted(kept.items())}


def adapter_digest(folder: Path) -> str:
    """Of the tensors in `adapter_model.safetensors` and of `function_fields`; paths, cards and times do not count.

    32 hexadecimal digits.  The whole file is read, nothing is kept.
    """
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise InputError.single(
            str(folder), f"holds no {WEIGHTS}", hint="Pickled weights are not read: they can run code."
        )
    tensors = digest_tensors(read_headers([weights]).values())
    return digest([tensors, function_fields(read_object(folder / CONFIG))], length=32)


def base_info(folder: Path, name: str = "") -> BaseInfo:
    """The base model in `folder`: the digest of its tensors, however they are spread over files, and of its config.json.

    Reads all weights once (about a second for each GB).  `name` stands for the folder's own name, or for the hub's name
    where the folder lies in the local Hugging Face cache.
    """
    config = {k: v for k, v in read_object(folder / "config.json").items() if k not in _NO_MODEL}
    tensors = digest_tensors(read_headers(tensor_files(folder)).values())
    return BaseInfo(name or _name(folder.absolute()), digest([tensors, config], length=32))


def _name(folder: Path) -> str:
    cached = re.search(r"/models--([^/]+)/snapshots/[0-9a-f]+$", folder.as_posix())
    return cached[1].replace("--", "/", 1) if cached else folder.name


def adapter_id(slug: str, digest_of_content: str) -> str:
    """`slug@first-12-of-digest`: an id is bound to its weights for good.

    >>> adapter_id("dr-a", "0123456789abcdef")
    'dr-a@0123456789ab'
    """
    return f"{slug}@{digest_of_content[:SHORT]}"


def slug_of(text: str) -> str:
    """A name for folders and servers; two texts that differ get different ones.

    >>> slug_of("dr_a"), slug_of("Dr. A")
    ('dr_a', 'dr-a-34b5')
    """
    plain = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_") or "adapter"
    if plain == text and len(plain) <= 40:
        return plain
    return f"{plain[:35].strip('-_')}-{digest(text, length=4)}"  # at most 40, so that it is its own slug
