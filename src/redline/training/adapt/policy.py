"""The model that is adapted: base, adapters, tokenizer, and everything about them that must be right before it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from redline.chat.adapters import BaseInfo, base_info, check_same_base, check_shapes, read_adapter
from redline.chat.quiet import quiet_loading
from redline.chat.template import ChatTemplate
from redline.chat.weights import find_folder, read_window
from redline.errors import UsageError
from redline.records import digest
from redline.training.adapt.settings import AdaptSettings, Method
from redline.training.adapters import lora_of, plain, served_rank, stacked
from redline.training.references import ReferenceKey
from redline.training.trees.scorer import bare

__all__ = ["OWN", "SHARED", "Ground", "Policy", "open_ground", "open_policy"]

SHARED = "shared"
OWN = "own"
"""Names of the two adapters of personal training inside PEFT."""
_PREFERENCE = ("tadpole", "personal")
_HEADS = ("summary", "classifier")
"""Settings of heads that a language model does not have."""


@dataclass(frozen=True)
class Ground:
    """What training stands on, known without loading a weight.  `start` is the folder of the adapter that it begins from or
    lies upon and `began` that adapter's id; `window` is the most tokens of a prompt with its reply.
    """

    folder: Path
    template: ChatTemplate
    base: BaseInfo
    start: Path | None
    began: str | None
    window: int | None
    dtype: str
    device: str

    @property
    def reference(self) -> ReferenceKey:
        """Of the model as it is before the first step: base, and the adapter that it starts from."""
        return ReferenceKey(digest([self.base.digest, self.began]), self.template.digest, self.dtype)


@dataclass
class Policy:
    """`model` is a `PeftModel` on the ground, of which the adapter `OWN` is trained."""

    model: Any
    ground: Ground

    @property
    def trained(self) -> dict[str, torch.nn.Parameter]:
        """The parameters that training changes, by name."""
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}


def open_ground(settings: AdaptSettings, device: str) -> Ground:
    """Find base, tokenizer and start, and see that they belong together; the base's files are read once for its digest."""
    folder = find_folder(settings.model.base, download=False)
    template = ChatTemplate(folder)
    base = base_info(folder)
    start = Path(settings.model.adapter) if settings.model.adapter else None
    began = None
    if start is not None:
        info = read_adapter(start)
        check_shapes(info.folder, folder, made_for=info.base.name)
        if info.base.digest is not None:
            check_same_base(info, base)
        began = info.id
    dtype = settings.model.dtype
    if dtype == "auto":
        dtype = "float32" if device == "cpu" else "bfloat16"
    window = settings.model.window or read_window(folder)
    return Ground(folder, template, base, start, began, window, dtype, device)


def open_policy(ground: Ground, settings: AdaptSettings, method: Method) -> Policy:
    """Load and check; `UsageError` for what cannot be trained as asked."""
    _check_targets(settings.lora.targets)
    model = _load(ground.folder, ground.dtype, ground.device)
    _check_dropout(model.config, settings.lora.dropout, method)
    with quiet_loading():
        model = _adapted(model, ground.start, settings, method)
    _check_adapters(model, method, SHARED if method == "personal" and ground.start is not None else None)
    return Policy(model.to(ground.device), ground)


def _load(folder: Path, dtype: str, device: str) -> Any:
    from transformers import AutoModelForCausalLM

    try:
        with quiet_loading():
            return AutoModelForCausalLM.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=True, dtype=getattr(torch, dtype)
            ).to(device)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise UsageError(f"{folder} cannot be loaded on {device} ({type(error).__name__}: {error})") from None


def _adapted(model: Any, start: Path | None, settings: AdaptSettings, method: Method) -> Any:
    """The model with the adapter to train: a fresh one, the one it starts from, or a fresh one on top of a frozen one."""
    from peft import LoraConfig, PeftModel, get_peft_model

    lora = settings.lora
    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    fresh = LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets, task_type="CAUSAL_LM"
    )
    with torch.random.fork_rng():  # a fresh adapter is drawn from the run's seed alone
        torch.manual_seed(settings.seed)
        try:
            if start is None:
                return get_peft_model(model, fresh, adapter_name=OWN)
            if method != "personal":
                return PeftModel.from_pretrained(model, str(start), adapter_name=OWN, is_trainable=True)
            adapted = PeftModel.from_pretrained(model, str(start), adapter_name=SHARED, is_trainable=False)
            adapted.add_adapter(OWN, fresh)
        except (ValueError, RuntimeError) as error:
            raise UsageError(f"the adapter cannot be put on this model: {error}") from None
    adapted.base_model.set_adapter([SHARED, OWN])
    for name, parameter in adapted.named_parameters():
        parameter.requires_grad_(f".{OWN}." in name)
    return adapted


def _check_targets(targets: str | Iterable[str]) -> None:
    names = [targets] if isinstance(targets, str) else list(targets)
    for name in names:
        last = name.rpartition(".")[2]
        if last in ("lm_head", "embed_tokens", "embed_out", "wte"):
            raise UsageError(
                f"[lora] targets: {name} cannot be adapted. The head is kept frozen (its gradient is never made, servers "
                "refuse it, and where it is tied to the embeddings both would change); leave it out, or write all-linear"
            )


def _check_adapters(model: Any, method: Method, below: str | None) -> None:
    """What training would end with can be saved and served, and no adapter that it starts from brings what settings refuse."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    if isinstance(bare(model).get_output_embeddings(), BaseTunerLayer):
        raise UsageError("the head (lm_head) is among the adapted layers; leave it out, or write all-linear")
    own = lora_of(model, OWN)
    served_rank(int(plain(own if below is None else stacked(lora_of(model, below), own)).config["r"]))
    noisy = {name: m.p for name, m in model.named_modules() if "lora_dropout" in name and getattr(m, "p", 0) > 0}
    if noisy and method in _PREFERENCE:
        raise UsageError(
            f"preference training runs without dropout, and the adapter that it starts from has {max(noisy.values()):g}; set "
            "lora_dropout to 0 in its adapter_config.json (it does nothing outside training, and the id stays the same)"
        )


def _check_dropout(config: Any, lora: float, method: Method) -> None:
    """Preferences compare the model with what it was: dropout would put noise into one side of the comparison only, and a
    shared prompt would draw one mask where two rows draw two.
    """
    if method not in _PREFERENCE:
        return
    on = {
        k: v
        for k, v in config.to_dict().items()
        if ("dropout" in k or k.endswith("pdrop")) and isinstance(v, float) and v > 0 and not k.startswith(_HEADS)
    }
    if lora > 0:
        on["[lora] dropout"] = lora
    if on:
        named = ", ".join(f"{k} = {v:g}" for k, v in on.items())
        raise UsageError(f"preference training runs without dropout, and this has {named}; set it to 0")
