"""Executors: who runs the shards of a study.

The contract is small, so that a cluster engine can keep it: `run` gets shards, calls `draft_shard(key, shard)` for each
somewhere that sees the study's folder, in any order, and yields what comes back.  Nothing is lost with a worker: what it
finished is in the store, the rest is open in the next run.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.metadata import entry_points
from multiprocessing.synchronize import Event as EventType
from typing import Protocol

from redline.errors import UsageError, did_you_mean
from redline.study.shards import Bench, Shard, ShardDone, draft_shard, run_shard

__all__ = ["Executor", "ProcessExecutor", "SerialExecutor", "executor", "executor_names"]

Tell = Callable[[str, int], None]


class Executor(Protocol):
    """`shard_size` tasks make a shard (None: a whole cell)."""

    @property
    def shard_size(self) -> int | None: ...

    def run(self, bench: Bench, shards: Sequence[Shard], tell: Tell) -> Iterator[ShardDone]:
        """Run every shard; `tell(cell, tasks)` as they are done.  `BudgetError` ends the run."""
        ...


@dataclass(frozen=True)
class SerialExecutor:
    """In this process, cell after cell; the requests of a cell run side by side."""

    workers: int = 1
    shard_size: int | None = None

    def run(self, bench: Bench, shards: Sequence[Shard], tell: Tell) -> Iterator[ShardDone]:
        """One shard after the other."""
        for shard in shards:
            yield run_shard(bench, shard, lambda count, cell=shard.cell: tell(cell, count))  # type: ignore[misc]


@dataclass(frozen=True)
class ProcessExecutor:
    """In `workers` processes of their own; each opens corpora and models for itself."""

    workers: int = 2
    shard_size: int | None = 200

    def run(self, bench: Bench, shards: Sequence[Shard], tell: Tell) -> Iterator[ShardDone]:
        """All shards, handed out as workers become free.  A worker that dies takes its shards with it, and says so."""
        limits = bench.place.spec.budget
        if limits.limited:
            raise UsageError(
                'a study with a [budget] runs with executor = "serial": workers cannot see each other\'s calls'
            )
        key, context = bench.place.key, multiprocessing.get_context("spawn")
        stop = context.Event()
        pool = ProcessPoolExecutor(
            self.workers, mp_context=context, initializer=_end_with, initargs=(os.getpid(), stop)
        )
        try:
            running = {pool.submit(draft_shard, key, shard): shard for shard in shards}
            for future in as_completed(running):
                shard = running[future]
                try:
                    done = future.result()
                except BrokenProcessPool:
                    done = ShardDone(shard, "a worker process died; run the study again to go on")
                tell(shard.cell, shard.open)
                yield done
        except BaseException:
            stop.set()  # what is under way is given up, as with kill -9: what was answered is stored
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()


def _end_with(parent: int, stop: EventType) -> None:
    """In a worker: end as soon as the run ends, whichever way.  An orphan would go on asking, and paying."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run decides

    def watch() -> None:
        while not stop.wait(0.3):
            if os.getppid() != parent:
                break
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


_BUILT_IN: dict[str, Callable[[int], Executor]] = {"serial": SerialExecutor, "process": ProcessExecutor}
_ENTRY = "redline.executors"


def executor_names() -> tuple[str, ...]:
    """Built-in executors and those of installed packages (entry points `redline.executors`)."""
    return (*_BUILT_IN, *sorted(e.name for e in entry_points(group=_ENTRY)))


def executor(name: str, workers: int) -> Executor:
    """The executor that `name` names.

    >>> executor("serial", 2).shard_size is None
    True
    """
    if name in _BUILT_IN:
        return _BUILT_IN[name](workers)
    for entry in entry_points(group=_ENTRY):
        if entry.name == name:
            made: Executor = entry.load()(workers)
            return made
    raise UsageError(f"there is no executor {name!r}; {did_you_mean(name, executor_names(), 'executors')}")
