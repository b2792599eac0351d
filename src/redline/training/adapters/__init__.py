"""Adapters: saved under names that their content makes, joined, bound to clinicians, and tried out (the canary)."""

from redline.chat.adapters import CanaryReport, canary
from redline.training.adapters.index import bind
from redline.training.adapters.lora import Lora, check_servable, lora_of, read_lora, served_rank
from redline.training.adapters.save import save_adapter
from redline.training.adapters.stack import plain, stacked

__all__ = [
    "CanaryReport", "Lora", "bind", "canary", "check_servable", "lora_of", "plain", "read_lora", "save_adapter",
    "served_rank", "stacked",
]  # fmt: skip
