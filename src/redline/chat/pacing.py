"""How many requests are in flight: as many as the server takes, found by adding slowly and backing off fast (AIMD)."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

__all__ = ["Pacing", "Slot", "Timing"]

BACK_OFF = 0.7
"""Factor of the limit when the server pushes back; TCP CUBIC's, gentler than a half (RFC 9438)."""


@dataclass(frozen=True)
class Timing:
    """Clock, sleep and chance, so that a test can do without real time.  `sleep` must move `now` on."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    random: random.Random = field(default_factory=random.SystemRandom)


@dataclass(frozen=True, slots=True)
class Slot:
    """Leave to send one request; `epoch` counts the times that the limit had been lowered when it was given."""

    epoch: int


class Pacing:
    """Slots for the requests of one model in one event loop, given in the order in which they were asked for.

    The limit starts at `ceiling`.  A success adds 1/limit (so a full round of successes adds one), a push-back takes
    it times 0.7, never under 1.  Requests that were sent before the last lowering say nothing about the new limit: a
    burst of push-backs lowers it once.  `pause` holds back everybody.
    """

    def __init__(self, ceiling: int, timing: Timing | None = None) -> None:
        self._ceiling = max(1, ceiling)
        self._timing = timing or Timing()
        self._limit = float(self._ceiling)
        self._busy = 0
        self._epoch = 0
        self._open_at = float("-inf")
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """How many requests may be in flight now."""
        return int(self._limit)

    @property
    def busy(self) -> int:
        """How many slots are taken."""
        return self._busy

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """A slot for one request, held until the block ends; waits for its turn and for the end of a pause."""
        await self._enter()
        try:
            # Whoever waits here holds its slot: nobody else could send in a pause either.
            while (left := self._open_at - self._timing.now()) > 0:
                await self._timing.sleep(left)
            yield Slot(self._epoch)
        finally:
            self._leave()

    def succeeded(self) -> None:
        """The server answered."""
        self._limit = min(self._ceiling, self._limit + 1.0 / self._limit)
        self._wake()

    def pushed_back(self, slot: Slot) -> None:
        """The server said that it has too much to do."""
        if slot.epoch == self._epoch:
            self._limit = max(1.0, self._limit * BACK_OFF)
            self._epoch += 1

    def pause(self, seconds: float) -> None:
        """No request starts for so long; the longest of several pauses counts."""
        self._open_at = max(self._open_at, self._timing.now() + seconds)

    async def _enter(self) -> None:
        if self._busy < self.limit and not self._waiting:
            self._busy += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot was given in the moment of the cancellation
                self._leave()
            raise

    def _leave(self) -> None:
        self._busy -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self._busy < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)
