"""What is in safetensors files, read without torch: names, types, shapes, and digests of the bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redline.errors import InputError

__all__ = ["Stored", "digest_tensors", "read_headers", "tensor_files"]

_LONGEST = 100_000_000
"""Bytes of a header; the format's own limit."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor of a file; its bytes are those from `start` to before `stop`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    start: int
    stop: int


def tensor_files(folder: Path) -> list[Path]:
    """The weight files of a model's folder: those that its index names, or `model.safetensors`, or all there are.

    Some folders hold the weights twice, in another form for another program; reading both would count them twice.
    """
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            named = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
            return [folder / name for name in sorted(set(named))]
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            raise InputError.single(str(index), "is not the index of safetensors files") from None
    one = folder / "model.safetensors"
    return [one] if one.is_file() else sorted(folder.glob("*.safetensors"))


def read_headers(files: Iterable[Path]) -> dict[str, Stored]:
    """All tensors of these files by name; only the headers are read.  `InputError` for a damaged or cut file."""
    found: dict[str, Stored] = {}
    for path in files:
        for name, entry, base, size in _entries(path):
            try:
                start, stop = (base + int(offset) for offset in entry["data_offsets"])
                stored = Stored(name, str(entry["dtype"]), tuple(int(n) for n in entry["shape"]), path, start, stop)
            except (KeyError, TypeError, ValueError):
                raise InputError.single(str(path), f"says nothing readable of the tensor {name!r}") from None
            if not base <= start <= stop <= size:
                raise InputError.single(str(path), "is cut short", hint="Copy or download it again.")
            found[name] = stored
    return found


def _entries(path: Path) -> list[tuple[str, Any, int, int]]:
    """(name, entry, where the bytes of tensors begin, size of the file) of each tensor."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or not 0 < length <= min(_LONGEST, size - 8):
                raise ValueError
            header = json.loads(file.read(length))
        if not isinstance(header, dict):
            raise ValueError
    except OSError as error:
        raise InputError.single(str(path), f"cannot be read ({error.strerror})") from None
    except ValueError:
        raise InputError.single(str(path), "is no whole safetensors file", hint="Copy or download it again.") from None
    return [(name, entry, 8 + length, size) for name, entry in header.items() if name != "__metadata__"]


def digest_tensors(tensors: Iterable[Stored]) -> str:
    """SHA-256 of names, types, shapes and bytes, whatever their order and however they are spread over files."""
    total = hashlib.sha256()
    for one in sorted(tensors, key=lambda t: t.name):
        total.update(f"{one.name} {one.dtype} {list(one.shape)} {_digest_of_bytes(one)}\n".encode())
    return total.hexdigest()


def _digest_of_bytes(one: Stored) -> str:
    found, left = hashlib.sha256(), one.stop - one.start
    buffer = memoryview(bytearray(1 << 22))
    try:
        with one.file.open("rb", buffering=0) as file:
            file.seek(one.start)
            while left > 0:
                count = file.readinto(buffer[: min(left, len(buffer))])
                if not count:
                    raise InputError.single(str(one.file), "is cut short", hint="Copy or download it again.")
                found.update(buffer[:count])
                left -= count
    except OSError as error:
        raise InputError.single(str(one.file), f"cannot be read ({error.strerror})") from None
    return found.hexdigest()
