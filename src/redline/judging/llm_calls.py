"""What the judges that ask a language model share: one call for one text's units, JSON back, statuses, cost.

An answer that does not fit is asked for again, then the whole call is `unparsable`; what a model did with a request is
a status and never an exception.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from redline.chat import ChatMessage, ChatModel, ChatRequest, ChatResult, OpenAiModel, Sampling
from redline.judging.contract import Cost
from redline.records import Status

__all__ = ["Call", "Spent", "ask_all", "estimate_calls", "known_as", "numbered", "read_object"]

V = TypeVar("V")
Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True)
class Call(Generic[V]):
    """One request: `members` are the places of its questions, `room` the tokens that an answer may take.

    `read` turns an answer into one verdict a member, or None and what is wrong; `fail` is the verdict of a failed call.
    """

    members: Sequence[int]
    messages: tuple[ChatMessage, ...]
    room: int
    read: Callable[[str], tuple[Sequence[V] | None, str]]
    fail: Callable[[Status, str], V]

    @property
    def tokens_in(self) -> int:
        """Upper estimate: two characters a token."""
        return sum(len(m.text) for m in self.messages) // 2 + 16


@dataclass
class Spent:
    """Running cost, shared by the threads of one judge."""

    total: Cost = Cost()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, cost: Cost) -> None:
        """Book one call."""
        with self.lock:
            self.total = self.total + cost


async def ask_all(model: ChatModel, calls: Sequence[Call[V]], again: int, spent: Spent) -> list[V]:
    """The verdicts of all calls, in the order of their members; `model.concurrent` calls at a time."""
    gate = asyncio.Semaphore(model.concurrent)
    try:
        async with asyncio.TaskGroup() as group:  # what a person has to mend ends all calls at once
            tasks = [group.create_task(_ask(model, call, again, spent, gate)) for call in calls]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    found = {
        i: v for call, task in zip(calls, tasks, strict=True) for i, v in zip(call.members, task.result(), strict=True)
    }
    return [found[i] for i in sorted(found)]


async def _ask(model: ChatModel, call: Call[V], again: int, spent: Spent, gate: asyncio.Semaphore) -> Sequence[V]:
    async with gate:
        problem = ""
        for attempt in range(again + 1):
            sampling = Sampling(max_tokens=call.room, seed=attempt)
            answer = await model.complete(ChatRequest(call.messages, sampling))
            spent.add(_cost(model, call, answer))
            if answer.status is not Status.OK:
                return [call.fail(answer.status, answer.detail)] * len(call.members)
            verdicts, problem = call.read(answer.text)
            if verdicts is not None:
                return verdicts
        return [call.fail(Status.UNPARSABLE, problem)] * len(call.members)


def _cost(model: ChatModel, call: Call[V], answer: ChatResult) -> Cost:
    """As the model counted; where it counts nothing for an answer, the upper bound of one call."""
    tokens_in, tokens_out = answer.usage.tokens_in, answer.usage.tokens_out
    if answer.status is Status.OK and not tokens_in + tokens_out:
        tokens_in, tokens_out = call.tokens_in, call.room
    return Cost(1, tokens_in, tokens_out, model.prices.of(tokens_in, tokens_out))


def estimate_calls(model: ChatModel, calls: Sequence[Call[V]], again: int) -> Cost:
    """Upper estimate with every allowed repeat used; repeats of transport errors cost nothing and are not counted."""
    total, times = Cost(), again + 1
    for call in calls:
        tokens_in, tokens_out = times * call.tokens_in, times * call.room
        total = total + Cost(times, tokens_in, tokens_out, model.prices.of(tokens_in, tokens_out))
    return total


def known_as(model: ChatModel) -> str:
    """The model's part of a signature: an endpoint's model is known by its name alone; whatever else has content gets
    its digest in, so that another adapter under the same name is another judge.
    """
    return model.model if isinstance(model, OpenAiModel) else f"{model.name}+{model.digest[:6]}"


def numbered(units: Sequence[str]) -> str:
    """Units as JSON, numbered from 1; ASCII, so that nothing in them can look like anything but data.

    >>> print(numbered(['Say "no".']))
    [{"unit": 1, "text": "Say \\"no\\"."}]
    """
    return json.dumps([{"unit": i, "text": u} for i, u in enumerate(units, start=1)], ensure_ascii=True)


def read_object(answer: str, form: type[Form]) -> tuple[Form | None, str]:
    """The JSON object in an answer, whatever stands around it, or None and what is wrong."""
    text = answer.strip()
    start, end = text.find("{"), text.rfind("}")
    try:
        return form.model_validate_json(text[start : end + 1] if start >= 0 else ""), ""
    except ValidationError as error:
        return None, f"not the asked JSON ({error.error_count()} problem(s))"
