"""The canary on a real back end: in this process, or on a server that takes an adapter by its name."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path

from redline.chat.adapters.canary import CanaryReport, WithAdapter, canary
from redline.chat.adapters.choice import AdapterSet
from redline.chat.adapters.info import AdapterInfo
from redline.chat.local import HfModel
from redline.chat.openai_model import OpenAiModel
from redline.errors import UsageError

__all__ = ["COLD", "try_here", "try_server"]

COLD = ("cache_salt", "cache_prompt", "none")
"""How a server is told to use nothing that it computed before: vLLM by a salt of its own, llama-server by `false`."""


def try_here(
    base: Path, adapter: AdapterInfo, against: AdapterInfo | None = None, *, device: str = "auto", other_base: bool = False
) -> CanaryReport:  # fmt: skip
    """`adapter` against another one, or against the base alone, in turn on one resident model; cold ones are loaded anew."""
    _differ(adapter, against)
    folders = {one.id: one.folder for one in (adapter, against) if one is not None}
    both = AdapterSet(folders)
    model = HfModel(str(base), both, device=device, other_base=other_base)

    def cold(one: AdapterInfo | None) -> HfModel:
        return HfModel(str(base), str(one.folder) if one else None, device=device, other_base=other_base)

    return canary(
        lambda: WithAdapter(model, adapter.id), lambda: WithAdapter(model, against.id if against else ""),
        cold_a=partial(cold, adapter), cold_b=partial(cold, against),
    )  # fmt: skip


def try_server(
    url: str, adapter: str, against: str, *, cold: str = "cache_salt", allowed: frozenset[str] = frozenset()
) -> CanaryReport:
    """Two models of an OpenAI-compatible server by the names that it serves them under (vLLM: an adapter's id, or the base's
    name); `cold` is the field of a request that keeps it from using its cache, or `none`.
    """
    if cold not in COLD:
        raise UsageError(f"there is no way {cold!r} to ask for a cold answer; write one of {', '.join(COLD)}")
    if adapter == against:
        raise UsageError("the canary needs two different models of the server")

    def fresh(name: str) -> OpenAiModel:
        extra = {"cache_salt": secrets.token_hex(16)} if cold == "cache_salt" else {"cache_prompt": False}
        return OpenAiModel(url, name, allowed, extra=extra)

    made = None if cold == "none" else fresh
    return canary(
        lambda: OpenAiModel(url, adapter, allowed), lambda: OpenAiModel(url, against, allowed),
        cold_a=partial(made, adapter) if made else None, cold_b=partial(made, against) if made else None,
    )  # fmt: skip


def _differ(adapter: AdapterInfo, against: AdapterInfo | None) -> None:
    if against is not None and against.digest == adapter.digest:
        raise UsageError("the canary needs two different adapters, or none to compare with the base")
