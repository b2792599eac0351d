"""A shard: some tasks of one cell.  `draft_shard` is what an executor runs, here or on another machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

from redline.chat import ChatModel, Recording, Sampling
from redline.drafting import Drafter, Strategy, Task, strategy
from redline.errors import BudgetError, RedlineError
from redline.records import digest
from redline.study.grid import CellSpec, tasks_of
from redline.study.place import StudyPlace
from redline.study.setup import CorpusSetup
from redline.study.spending import Allowance
from redline.study.store import StudyStore
from redline.study.work import RETRIED, CellWork, OpenTask, draft_tasks

__all__ = ["Bench", "Shard", "ShardDone", "draft_shard", "run_shard"]


@dataclass(frozen=True, slots=True)
class Shard:
    """Places `start` to before `stop` of a cell, and how many of them were open when it was cut."""

    cell: str
    start: int
    stop: int
    open: int


@dataclass(frozen=True, slots=True)
class ShardDone:
    """A shard that was run; `why` says in words why it could not be."""

    shard: Shard
    why: str | None = None


class Bench:
    """A study opened for work in this process: store, corpora, contexts, models."""

    def __init__(self, place: StudyPlace, *, in_memory: bool = False) -> None:
        self.place = place
        self.store = StudyStore(":memory:" if in_memory else place.store_path)
        self._setups: dict[str, CorpusSetup] = {}
        self._strategies: dict[str, Strategy] = {}
        self._models: dict[str, ChatModel] = {}
        self._digests: dict[str, dict[str, str]] = {}

    def setup(self, cell: CellSpec) -> CorpusSetup:
        """The corpus of a cell."""
        return self._setups.setdefault(cell.corpus.name, CorpusSetup(self.place, cell.corpus))

    def strategy(self, cell: CellSpec) -> Strategy:
        """Its strategy."""
        if cell.strategy not in self._strategies:
            self._strategies[cell.strategy] = strategy(cell.strategy)
        return self._strategies[cell.strategy]

    def model(self, cell: CellSpec) -> ChatModel | None:
        """Its model, recorded where that was asked for."""
        if cell.model is None:
            return None
        title = cell.model.title
        if title not in self._models:
            model = self.place.models[title]
            self._models[title] = model if self.place.record is None else Recording(model, self.place.record)
        return self._models[title]

    def personal(self, cell: CellSpec) -> bool:
        """Whether its model is another one for each clinician."""
        return bool(getattr(self.model(cell), "personal", False))

    def check(self, cell: CellSpec) -> None:
        """Raise `UsageError` where the cell has nothing to learn from, or nobody to draft for."""
        self.setup(cell).check(self.strategy(cell), personal=self.personal(cell))

    def made_from(self, cell: CellSpec) -> str:
        """Digest of all that a draft of this cell depends on besides its task."""
        one, model, drafting = self.strategy(cell), self.model(cell), self.place.spec.drafting
        return digest(
            [
                one.digest, model.digest if model else None, model.window if model else None, self.place.spec.seed,
                drafting.model_dump(), self.place.taxonomy_digest, self.setup(cell).learned_digest if one.needs else None,
            ]
        )  # fmt: skip

    def open_tasks(self, cell: CellSpec, start: int = 0, stop: int | None = None) -> list[OpenTask]:
        """Tasks of these places that are not done, or that failed in a way that may pass."""
        made = self.store.made(cell.id, start, stop)
        again = {s.value for s in RETRIED}
        base, cases = self.made_from(cell), self._case_digests(cell)
        found = []
        for place, task in enumerate(self._tasks(cell)):
            if place >= start and (stop is None or place < stop):
                key = digest([base, cases[task.case.id], task.clinician], length=24)
                was, status = made.get(place, ("", ""))
                if was != key or status in again:
                    found.append(OpenTask(place, key, task))
        return found

    def _tasks(self, cell: CellSpec) -> Iterator[Task]:
        corpus, strategy = self.setup(cell).corpus, self.strategy(cell)
        return tasks_of(corpus, strategy, cell.corpus.clinicians, personal=self.personal(cell))

    def count(self, cell: CellSpec) -> int:
        """Number of tasks of a cell."""
        return sum(1 for _ in self._tasks(cell))

    def _case_digests(self, cell: CellSpec) -> dict[str, str]:
        name = cell.corpus.name
        if name not in self._digests:
            self._digests[name] = {c.id: digest(repr(c)) for c in self.setup(cell).corpus.cases}
        return self._digests[name]

    def sampling(self) -> Sampling:
        """How completions are drawn."""
        drafting = self.place.spec.drafting
        return Sampling(drafting.temperature, drafting.top_p, drafting.max_tokens, self.place.spec.seed)

    def work(self, cell: CellSpec, tell: Callable[[int], None] = lambda count: None) -> CellWork:
        """What the tasks of a cell share."""
        one, setup, drafting = self.strategy(cell), self.setup(cell), self.place.spec.drafting
        model = self.model(cell)
        drafter = Drafter(one, model, self.sampling(), setup.texts, drafting.language, drafting.skip_thanks)
        allowance = Allowance(self.place.spec.budget, self.store)
        return CellWork(cell.id, drafter, setup.context(one, model), self.store, allowance, tell)


def run_shard(bench: Bench, shard: Shard, tell: Callable[[int], None] = lambda count: None) -> ShardDone:
    """Draft the open tasks of a shard into the study's store.  Safe to repeat: what is done is not done again.

    What a person has to mend (a wrong key, nothing to learn from) and a fault of ours or of a plug-in end the shard and are
    said in `why`; `BudgetError` is raised, since it concerns the whole study.
    """
    cell = next(c for c in bench.place.cells if c.id == shard.cell)
    try:
        bench.check(cell)
        _finish(_run(bench.work(cell, tell), bench.open_tasks(cell, shard.start, shard.stop)))
    except BudgetError:
        raise
    except RedlineError as error:
        return ShardDone(shard, str(error))
    except Exception as error:  # its words may be patient text
        return ShardDone(shard, f"{type(error).__name__} in the code of this cell; the other cells went on")
    return ShardDone(shard)


def draft_shard(key: tuple[str, ...], shard: Shard) -> ShardDone:
    """`run_shard` in a process of its own; `key` is `StudyPlace.key`."""
    return run_shard(_bench(key), shard)


@lru_cache(maxsize=1)
def _bench(key: tuple[str, ...]) -> Bench:
    """Opened once a process: contexts and models are slow to make."""
    return Bench(StudyPlace.from_key(key))


def _finish(work: Coroutine[None, None, None]) -> None:
    """Run to the end; also where the caller has an event loop of its own (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def _run(work: CellWork, tasks: list[OpenTask]) -> None:
    try:
        await draft_tasks(work, tasks)
    finally:
        if work.drafter.model is not None:
            await work.drafter.model.close()
