"""Between blocking code and event loops: things that belong to one loop, and one loop for a blocking caller."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

__all__ = ["BackgroundLoop", "PerLoop"]

T = TypeVar("T")


class PerLoop(Generic[T]):
    """One thing for each running event loop: connections and queues cannot be shared between loops.

    So a model may be used in one `asyncio.run` after another.  What belongs to a closed loop is dropped.
    """

    def __init__(self) -> None:
        self._made: dict[asyncio.AbstractEventLoop, T] = {}
        self._lock = threading.Lock()

    def here(self, make: Callable[[], T]) -> T:
        """What belongs to the running loop; made by `make` where there is none yet."""
        loop = asyncio.get_running_loop()
        with self._lock:
            found = self._made.get(loop)
            if found is None:
                self._made = {old: thing for old, thing in self._made.items() if not old.is_closed()}
                found = self._made[loop] = make()
            return found

    def take(self) -> T | None:
        """The same, or None, and it is forgotten here."""
        with self._lock:
            return self._made.pop(asyncio.get_running_loop(), None)


class BackgroundLoop:
    """An event loop in a thread of its own that runs coroutines for blocking callers, from any thread.

    Unlike `asyncio.run` it works where the calling thread has a running loop itself, and all calls share one loop,
    so connections and pacing live on between them.  The thread starts with the first call and ends with this object.

    >>> BackgroundLoop().run(asyncio.sleep(0, "done"))
    'done'
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: tuple[asyncio.AbstractEventLoop, threading.Thread] | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for `work`; where the wait is interrupted, the work is cancelled."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # In a forked child the thread of the parent is not there: it needs its own.
            if self._running is None or not self._running[1].is_alive():
                loop = asyncio.new_event_loop()
                thread = threading.Thread(target=_serve, args=(loop,), name="redline-chat", daemon=True)
                thread.start()
                self._running = (loop, thread)
                weakref.finalize(self, _stop, loop)
            return self._running[0]


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
