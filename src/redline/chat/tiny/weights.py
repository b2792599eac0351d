"""Tensors of a `.safetensors` file, read with numpy: eight bytes of header length, a JSON header, raw numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.errors import InputError

__all__ = ["read_tensors"]

_TYPES = {"F16": "<f2", "F32": "<f4"}


def read_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every tensor in 32-bit numbers; `InputError` where the file is cut, damaged or holds other numbers."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError.single(str(path), f"cannot be read ({error.strerror})") from None
    length = int.from_bytes(raw[:8], "little")
    try:
        header = json.loads(raw[8 : 8 + length])
    except ValueError:
        raise InputError.single(str(path), "is no safetensors file: its header is not JSON") from None
    data = memoryview(raw)[8 + length :]
    return {
        name: _tensor(path, name, entry, data)
        for name, entry in header.items()
        if name != "__metadata__"
    }  # fmt: skip


def _tensor(path: Path, name: str, entry: dict[str, Any], data: memoryview) -> NDArray[np.float32]:
    kind = _TYPES.get(entry["dtype"])
    if kind is None:
        raise InputError.single(str(path), f"holds {entry['dtype']} numbers, expected F16 or F32", field=name)
    start, end = entry["data_offsets"]
    values = np.frombuffer(data[start:end], dtype=kind)
    if end > len(data) or values.size != int(np.prod(entry["shape"])):
        raise InputError.single(str(path), "is cut off", field=name)
    return values.astype(np.float32).reshape(entry["shape"])
