"""The tasks of a cell: look up, ask, read, store.  Many at once, each done once, a failing one on its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from redline.chat import ChatModel, ChatRequest, ChatResult, Usage
from redline.corpus import draft_row
from redline.drafting import DraftContext, Drafter, Prompted, Task
from redline.errors import RedlineError, UsageError
from redline.records import Draft, DraftStatus, Status, digest
from redline.study.spending import Allowance
from redline.study.store import StudyStore

__all__ = ["RETRIED", "CellWork", "OpenTask", "draft_tasks"]

RETRIED = frozenset({DraftStatus.TIMEOUT, DraftStatus.UNPARSABLE, DraftStatus.MISSING, DraftStatus.FAILED})
"""Failures that the next run tries again."""
_GIVE_UP = 12
_FLUSH_ROWS = 64
_FLUSH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that is not done: its place in the cell and the digest of what it is made from."""

    place: int
    made: str
    task: Task


@dataclass
class CellWork:
    """Everything that the tasks of a cell share."""

    cell: str
    drafter: Drafter
    context: DraftContext
    store: StudyStore
    allowance: Allowance
    tell: Callable[[int], None] = lambda count: None
    in_flight: dict[str, asyncio.Future[ChatResult]] = field(default_factory=dict)
    rows: list[tuple[int, str, str, str]] = field(default_factory=list)
    flushed: float = field(default_factory=time.monotonic)
    unanswered: int = 0
    stopped: RedlineError | None = None

    def note(self, model: ChatModel, result: ChatResult) -> None:
        """Give a cell up when nothing usable comes back any more: 5,000 rows would each wait through all their retries."""
        self.unanswered = self.unanswered + 1 if result.status in (Status.TIMEOUT, Status.UNPARSABLE) else 0
        if self.unanswered >= max(_GIVE_UP, 2 * model.concurrent) and self.stopped is None:
            self.stopped = UsageError(
                f"the last {self.unanswered} requests to {model.name} came to nothing ({result.detail}). Is the server running? "
                "The next run goes on."
            )

    def keep(self, item: OpenTask, draft: Draft) -> None:
        """Buffer a finished draft; a buffer is written when it is large or old enough."""
        value = json.dumps(draft_row(draft), ensure_ascii=True, separators=(",", ":"))
        self.rows.append((item.place, item.made, draft.status.value, value))
        if len(self.rows) >= _FLUSH_ROWS or time.monotonic() - self.flushed > _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is buffered."""
        if self.rows:
            self.store.put_drafts(self.cell, self.rows)
            self.tell(len(self.rows))
            self.rows = []
        self.flushed = time.monotonic()


async def draft_tasks(work: CellWork, tasks: Iterable[OpenTask]) -> None:
    """Draft all `tasks`, as many at once as the model wants.

    Raises `BudgetError` at the limit and `RedlineError` for what a person has to mend (a wrong key): no new task is begun
    then, and those under way, which may be paid for, are waited for and stored.  Everything else that goes wrong is a
    draft with a status.
    """
    queue = iter(tasks)
    model = work.drafter.model
    workers = [asyncio.ensure_future(_worker(work, queue)) for _ in range(model.concurrent if model else 1)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        work.flush()
    if work.stopped is not None:
        raise work.stopped


async def _worker(work: CellWork, queue: Iterator[OpenTask]) -> None:
    for item in queue:
        try:
            work.keep(item, await _draft(work, item.task))
        except RedlineError as error:
            work.stopped = work.stopped or error
        if work.stopped is not None:
            return


async def _draft(work: CellWork, task: Task) -> Draft:
    drafter = work.drafter
    try:
        prepared = drafter.decide(task) or drafter.strategy.prepare(task, work.context)
        result = None
        if isinstance(prepared, Prompted):
            assert drafter.model is not None
            result = await _ask(work, drafter.model, drafter.request(task, prepared))
        return drafter.finish(task, prepared, result)
    except (RedlineError, asyncio.CancelledError):
        raise
    except Exception as error:
        return drafter.failed(task, error)


async def _ask(work: CellWork, model: ChatModel, request: ChatRequest) -> ChatResult:
    """The answer to a request: stored, under way for another task, or asked now."""
    if getattr(model, "replays", False):  # a recording answers by task, costs nothing, and is a store itself
        return await model.complete(request)
    key = digest([model.digest, request.digest], length=40)
    stored = work.store.completion(key)
    if stored is not None:
        return stored
    if key in work.in_flight:
        return await asyncio.shield(work.in_flight[key])
    flight: asyncio.Future[ChatResult] = asyncio.get_running_loop().create_future()
    work.in_flight[key] = flight
    try:
        result = await _asked(work, model, request, key)
        flight.set_result(result)
        return result
    except BaseException as error:
        if not flight.done():
            if isinstance(error, asyncio.CancelledError):
                flight.cancel()
            else:
                flight.set_exception(error)
                flight.exception()  # taken note of: nobody else may be waiting
        raise
    finally:
        del work.in_flight[key]


async def _asked(work: CellWork, model: ChatModel, request: ChatRequest, key: str) -> ChatResult:
    """Ask, store and count.  A server that counts nothing is booked at the upper bound."""
    most = work.allowance.reserve(model, request)
    try:
        result = await model.complete(request)
        usage = _booked(model, request, result)
        work.store.put_completion(
            key, model.name, replace(result, usage=usage), model.prices.of(usage.tokens_in, usage.tokens_out)
        )
    finally:
        work.allowance.release(most)
    work.note(model, result)
    return result


def _booked(model: ChatModel, request: ChatRequest, result: ChatResult) -> Usage:
    """What to count for a call: as the server counted, at the upper bound where it counted nothing for an answer.

    An attempt that failed on the way may have been worked on and billed: each counts its prompt.
    """
    usage, again = result.usage, max(0, result.attempts - 1)
    counted = usage.tokens_in + usage.tokens_out > 0
    if counted and not again:
        return usage  # the usual case: the prompt need not be counted
    prompt = model.tokens(request.messages)
    if counted:
        return Usage(usage.tokens_in + again * prompt, usage.tokens_out)
    answered = result.status in (Status.OK, Status.REFUSED)
    return Usage((1 + again) * prompt, request.sampling.max_tokens if answered else 0)
