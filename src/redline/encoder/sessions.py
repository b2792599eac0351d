"""One single-threaded ONNX Runtime session a core, and the work handed round among them."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["SessionPool", "cores", "one_blas_thread"]

Item = TypeVar("Item")
Result = TypeVar("Result")
Arrays = dict[str, NDArray[Any]]


def cores() -> int:
    """Cores this process may use."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # macOS
        return max(1, os.cpu_count() or 1)


@lru_cache(maxsize=1)
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Matrix products of numpy on one thread.

    Ours are small: a second thread costs five times what it saves, thirty times on a busy machine.  And how a product is
    divided among threads moves its last digits, so a verdict would depend on the number of cores.
    """
    with _libraries().limit(limits=1, user_api="blas"):
        yield


class SessionPool:
    """As many sessions of one graph as cores; `run` borrows a free one.

    Short inputs gain nothing from threads inside a session, so each session has one thread and the batches
    run side by side.
    """

    def __init__(self, path: Path, size: int) -> None:
        import onnxruntime as ort  # half a second; a warm store never needs it

        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # inputs hardly ever have the same length twice
        self.size = size
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(size):
            self._free.put(ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))

    def run(self, inputs: Arrays) -> list[NDArray[np.float32]]:
        """All outputs of the graph."""
        session = self._free.get()
        try:
            return list(session.run(None, inputs))
        finally:
            self._free.put(session)

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """`work` of each item, side by side, in order."""
        if len(items) <= 1 or self.size == 1:
            return [work(item) for item in items]
        with ThreadPoolExecutor(self.size) as pool:
            return list(pool.map(work, items))
