"""Writing several replies side by side: read each prompt, then one token for every row until each has ended."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from redline.chat.contract import Sampling
from redline.chat.tiny.memory import Memory, Prefixes
from redline.chat.tiny.network import Network
from redline.chat.tiny.products import ROWS
from redline.chat.tiny.sampling import choose
from redline.chat.tiny.template import END, SPECIAL

__all__ = ["Asked", "Answered", "write"]

THREADS = 2

_END = SPECIAL.index(END)
_NEVER = [number for number, mark in enumerate(SPECIAL) if mark != END]


@dataclass(frozen=True)
class Asked:
    """A prompt's ids, and how to go on from them."""

    ids: tuple[int, ...]
    sampling: Sampling
    generator: np.random.Generator


@dataclass(frozen=True)
class Answered:
    """The written ids without the end mark; `ended` is False where `max_tokens` came first."""

    ids: tuple[int, ...]
    ended: bool


@dataclass
class _Row:
    asked: Asked
    memory: Memory
    written: list[int] = field(default_factory=list)
    ended: bool = False

    @property
    def open(self) -> bool:
        return not self.ended and len(self.written) < self.asked.sampling.max_tokens

    def take(self, logits: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        """One more token from its logits."""
        logits[_NEVER] = -np.inf
        token = choose(logits, self.asked.sampling, self.asked.generator)
        self.ended = token == _END
        if not self.ended:
            self.written.append(token)


def write(network: Network, asked: Sequence[Asked], prefixes: Prefixes | None = None) -> list[Answered]:
    """An answer to each.  What one says does not depend on the others.

    Groups of at most `ROWS` are written in two threads: numpy lets go of the interpreter while it multiplies.
    """
    size = min(ROWS, -(-len(asked) // THREADS)) or 1
    groups = [asked[start : start + size] for start in range(0, len(asked), size)]
    if len(groups) < 2:
        return [answer for group in groups for answer in _write_group(network, group, prefixes)]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="redline-tiny") as pool:
        written = pool.map(lambda group: _write_group(network, group, prefixes), groups)
        return [answer for group in written for answer in group]


def _write_group(network: Network, asked: Sequence[Asked], prefixes: Prefixes | None) -> list[Answered]:
    rows = []
    for one in asked:
        memory = Memory(network.shape, len(one.ids) + max(0, one.sampling.max_tokens))
        row = _Row(one, memory)
        rows.append(row)
        if row.open:
            row.take(network.read(np.array(one.ids, np.int64), memory, prefixes))
    while active := [row for row in rows if row.open]:
        logits = network.step([row.written[-1] for row in active], [row.memory for row in active])
        for row, own in zip(active, logits, strict=True):
            row.take(own)
    return [Answered(tuple(row.written), row.ended) for row in rows]
