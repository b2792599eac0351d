"""One base model in memory, and on it the adapters that were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

from redline.chat.adapters.fit import check_same_base
from redline.chat.adapters.identity import BaseInfo, base_info
from redline.chat.adapters.info import read_adapter
from redline.chat.quiet import quiet_loading
from redline.errors import InputError, UsageError

__all__ = ["Resident"]

_KEPT = 32
"""Adapters that stay loaded; the one that was not used for longest goes first."""


class Resident:
    """The model of `folder`, loaded as `model` on `device`.  For one thread at a time.

    An adapter is loaded at its first use, after its content was held against its id and its base (unless `other_base`).
    """

    def __init__(self, folder: Path, model: Any, device: str, *, other_base: bool = False) -> None:
        self.folder, self.device = folder, device
        self._model, self._other_base = model, other_base
        self._names: dict[str, str] = {}  # id -> name in PEFT, which must hold no dot; least recently used first
        self._count = 0

    @cached_property
    def base(self) -> BaseInfo:
        """What the base is; its weights are read once more for it."""
        return base_info(self.folder)

    @contextmanager
    def using(self, adapter: str, place: Path | None) -> Iterator[Any]:
        """The model with the adapter in `place` and no other, or as it is where that is None."""
        if place is None:
            with self._model.disable_adapter() if self._names else nullcontext():
                yield self._model
            return
        if adapter not in self._names:
            self._load(adapter, place)
        self._names[adapter] = self._names.pop(adapter)
        self._model.set_adapter(self._names[adapter])
        yield self._model.eval()

    def _load(self, adapter: str, place: Path) -> None:
        from peft import PeftModel

        info = read_adapter(place)
        if info.id != adapter:
            raise InputError.single(str(place), f"holds the adapter {info.id}, not {adapter}")
        if info.base.digest is not None and not self._other_base:
            check_same_base(info, self.base)
        while len(self._names) >= _KEPT:
            oldest = next(iter(self._names))
            self._model.delete_adapter(self._names.pop(oldest))
        self._count += 1
        name = f"adapter{self._count}"
        try:
            with quiet_loading():
                if isinstance(self._model, PeftModel):
                    self._model.load_adapter(str(place), adapter_name=name, is_trainable=False)
                else:
                    self._model = PeftModel.from_pretrained(
                        self._model, str(place), adapter_name=name, is_trainable=False
                    )
            self._model.to(self.device)
        except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
            raise UsageError(
                f"{self.folder} with the adapter {place} cannot be loaded on {self.device} ({type(error).__name__}: {error})"
            ) from None
        self._names[adapter] = name
