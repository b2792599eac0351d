"""Many callers of one event loop, few calls of a blocking function: what arrives together runs as one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from redline.chat.loops import PerLoop

__all__ = ["Batcher"]

Q = TypeVar("Q")
R = TypeVar("R")


@dataclass(eq=False)
class _Waiting(Generic[Q, R]):
    item: Q
    size: int
    answer: asyncio.Future[R]


@dataclass
class _Queue(Generic[Q, R]):
    """What waits in one event loop, oldest first, and the task that works it off."""

    waiting: list[_Waiting[Q, R]] = field(default_factory=list)
    worker: asyncio.Task[None] | None = None


class Batcher(Generic[Q, R]):
    """Hands what waits to `run` in batches of at most `limit` items of similar `size`.

    `run` gets a sequence and gives one answer an item, in order; it is called in one worker thread, one batch after
    the other, whatever number of event loops there is.  Every batch holds the item that has waited longest, so none
    starves.  An error of `run` goes to the callers of that batch only.  A cancelled caller's item is dropped if its
    batch has not started; a batch that runs is finished.

    >>> batcher = Batcher(lambda words: [w.upper() for w in words], size=len)
    >>> asyncio.run(batcher.submit("yes"))
    'YES'
    """

    def __init__(self, run: Callable[[Sequence[Q]], Sequence[R]], *, size: Callable[[Q], int], limit: int = 8) -> None:
        self._run, self._size, self._limit = run, size, max(1, limit)
        self._queues: PerLoop[_Queue[Q, R]] = PerLoop()
        self._thread: ThreadPoolExecutor | None = None

    async def submit(self, item: Q) -> R:
        """The answer to one item."""
        queue = self._queues.here(_Queue)
        entry: _Waiting[Q, R] = _Waiting(item, self._size(item), asyncio.get_running_loop().create_future())
        queue.waiting.append(entry)
        if queue.worker is None:
            queue.worker = asyncio.create_task(self._work(queue))
        return await entry.answer

    def close(self) -> None:
        """Let the worker thread end after the batch that it is at; a later `submit` starts a new one."""
        if self._thread is not None:
            self._thread.shutdown(wait=False)
            self._thread = None

    async def _work(self, queue: _Queue[Q, R]) -> None:
        batch: list[_Waiting[Q, R]] = []
        try:
            while True:
                await asyncio.sleep(0)  # everybody who is ready in this turn of the loop joins the batch
                queue.waiting = [e for e in queue.waiting if not e.answer.done()]
                if not queue.waiting:
                    return
                batch = self._next(queue)
                await self._answer(batch)
        finally:
            queue.worker = None
            for entry in (*batch, *queue.waiting):  # only where this task itself was cancelled
                entry.answer.cancel()
            queue.waiting = []

    def _next(self, queue: _Queue[Q, R]) -> list[_Waiting[Q, R]]:
        """Take from the queue the batch with the oldest item that differs least in size; full where it can be."""
        by_size = sorted(queue.waiting, key=lambda e: e.size)
        at, last = by_size.index(queue.waiting[0]), max(0, len(by_size) - self._limit)
        starts = range(min(max(0, at - self._limit + 1), last), min(at, last) + 1)
        ends = len(by_size) if last == 0 else self._limit
        start = min(starts, key=lambda s: by_size[s + ends - 1].size - by_size[s].size)
        batch = by_size[start : start + self._limit]
        taken = {id(e) for e in batch}
        queue.waiting = [e for e in queue.waiting if id(e) not in taken]
        return batch

    async def _answer(self, batch: Sequence[_Waiting[Q, R]]) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="redline-batch")
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._thread, self._run, [e.item for e in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"a batch of {len(batch)} got {len(answers)} answers")
        except Exception as error:  # whatever it was, it is these callers' to see, and the queue goes on
            for entry in batch:
                if not entry.answer.done():
                    entry.answer.set_exception(error)
            return
        for entry, answer in zip(batch, answers, strict=True):
            if not entry.answer.done():
                entry.answer.set_result(answer)
