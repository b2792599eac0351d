"""The server of benchmarks/faulty_server.py and a clock without waiting, for the tests of this folder."""

from __future__ import annotations

import asyncio
import random

from benchmarks.faulty_server import FaultyServer, request_digest
from redline.chat import ChatMessage, ChatRequest, Sampling, Tag, Timing

__all__ = ["SECRET", "FakeTime", "FaultyServer", "ask", "request_digest"]

SECRET = "my zanzibar rash"
"""Stands for patient text: must appear in no detail, error, log or repr."""


class FakeTime:
    """A clock that sleeping moves on; `slept` are the waits."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        until = self.at + seconds
        await asyncio.sleep(0)  # whoever else goes to sleep now sleeps at the same time
        self.at = max(self.at, until)

    @property
    def timing(self) -> Timing:
        return Timing(lambda: self.at, self.sleep, random.Random(5))


def ask(text: str = SECRET, tag: Tag | None = None, **sampling) -> ChatRequest:
    return ChatRequest((ChatMessage("system", "Answer."), ChatMessage("user", text)), Sampling(**sampling), tag)
