"""Keys and values of what was read: one `Memory` a request, and blocks that several requests begin with."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from redline.chat.tiny.shape import Shape

__all__ = ["BLOCK", "Memory", "Prefixes"]

BLOCK = 64
"""Tokens that are read at once.  Blocks begin at multiples of it, so a block from the store equals one computed anew."""


class Memory:
    """`keys` (layer, key head, head size, position) and `values` (layer, key head, position, head size), up to `length`.

    Whole blocks, zero where nothing was read.  Keys stand transposed: a product with them is then seven times as fast.
    """

    def __init__(self, shape: Shape, capacity: int) -> None:
        positions = -(-capacity // BLOCK) * BLOCK
        self.keys = np.zeros((shape.layers, shape.key_value_heads, shape.head, positions), np.float32)
        self.values = np.zeros((shape.layers, shape.key_value_heads, positions, shape.head), np.float32)
        self.length = 0


class Prefixes:
    """The `most` blocks used last, each under all the ids from the prompt's start to the block's end.  Thread-safe."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, tuple[NDArray[np.float32], NDArray[np.float32]]] = OrderedDict()

    def recall(self, ids: NDArray[np.int64], memory: Memory) -> None:
        """Fill `memory` with the known blocks at the start of `ids`; the last token is always left to read."""
        while (end := memory.length + BLOCK) < len(ids):
            key = ids[:end].tobytes()
            with self._lock:
                if key not in self._kept:
                    return
                self._kept.move_to_end(key)
                keys, values = self._kept[key]
            memory.keys[..., end - BLOCK : end], memory.values[:, :, end - BLOCK : end] = keys, values
            memory.length = end

    def keep(self, ids: NDArray[np.int64], memory: Memory) -> None:
        """Store the block that `memory` ends with; `ids` are all that it has read."""
        part = slice(memory.length - BLOCK, memory.length)
        block = memory.keys[..., part].copy(), memory.values[:, :, part].copy()
        with self._lock:
            self._kept[ids.tobytes()] = block
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
