"""Identical requests in flight share one call.

Two runs of one process that meet the same open question must not both pay for it: the first claims the key,
the second waits for the first one's verdict.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["SingleFlight"]

V = TypeVar("V")


class SingleFlight(Generic[V]):
    """Keys in flight and who waits for them; shared by all runners that may ask the same judge."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, Future[V | None]] = {}

    def claim(self, keys: Iterable[str]) -> tuple[list[str], dict[str, Future[V | None]]]:
        """(keys that are now ours to answer, keys that somebody else is answering with their flight)."""
        mine: list[str] = []
        theirs: dict[str, Future[V | None]] = {}
        with self._lock:
            for key in keys:
                if key in self._flights:
                    theirs[key] = self._flights[key]
                else:
                    self._flights[key] = Future()
                    mine.append(key)
        return mine, theirs

    def land(self, verdicts: Mapping[str, V]) -> None:
        """Give the verdicts to whoever waits, and end these flights."""
        self._end(verdicts)

    def abandon(self, keys: Iterable[str]) -> None:
        """End flights without a verdict: whoever waits is told to ask for itself."""
        self._end(dict.fromkeys(keys))

    def wait(self, flight: Future[V | None]) -> V | None:
        """The verdict of somebody else's flight, or None if it was abandoned."""
        return flight.result()

    def _end(self, verdicts: Mapping[str, V | None]) -> None:
        with self._lock:
            ended = [(self._flights.pop(key, None), value) for key, value in verdicts.items()]
        for flight, value in ended:
            if flight is not None:
                flight.set_result(value)
