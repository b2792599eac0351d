"""Adapters as scoring and drafting see them: identity, fit and whose they are, read without torch."""

from redline.chat.adapters.canary import CanaryReport, WithAdapter, canary
from redline.chat.adapters.clinicians import CLINICIANS, Clinicians, read_clinicians
from redline.chat.adapters.fit import check_fits, check_same_base, check_shapes
from redline.chat.adapters.identity import (
    CARD,
    CONFIG,
    WEIGHTS,
    BaseInfo,
    adapter_digest,
    adapter_id,
    base_info,
    function_fields,
    slug_of,
)
from redline.chat.adapters.info import AdapterInfo, is_adapter, read_adapter
from redline.chat.adapters.lookup import find_adapter

__all__ = [
    "CARD", "CLINICIANS", "CONFIG", "WEIGHTS", "AdapterInfo", "BaseInfo", "CanaryReport", "Clinicians", "WithAdapter",
    "adapter_digest", "adapter_id", "base_info", "canary", "check_fits", "check_same_base", "check_shapes", "find_adapter",
    "function_fields", "is_adapter", "read_adapter", "read_clinicians", "slug_of",
]  # fmt: skip
