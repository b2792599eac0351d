"""A language model as a content judge: numbered units in, schema-checked JSON verdicts out."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from redline.chat import BackgroundLoop, ChatMessage, ChatModel, ChatRequest, ChatResult, OpenAiModel, Sampling
from redline.judging.contract import Cost
from redline.judging.questions import ContentQuestion, Direction, Scope
from redline.records import Status, Verdict, digest
from redline.templates import fill, read_template

__all__ = ["LlmJudge"]

_ASKED = {
    Direction.DELETE: "For each of these DRAFT units, say whether the clinician would delete it: ",
    Direction.ADD: "For each of these REFERENCE units, say whether the clinician would have to add it: ",
}


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    unit: int
    edited: bool
    p: float | int | None = Field(default=None, ge=0, le=1)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    verdicts: list[_Item]


@dataclass
class _Spent:
    """Running cost, shared by the threads of one judge."""

    total: Cost = Cost()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, cost: Cost) -> None:
        with self.lock:
            self.total = self.total + cost


@dataclass(frozen=True)
class LlmJudge:
    """Asks `model` once for all asked units of one side of a pair; `model.concurrent` calls at a time.

    The reference stands before the draft and the question comes last, so a server's prefix cache serves all
    systems compared with one reference.  An answer that does not fit the schema is asked for again
    `again` times, then every unit of that call is `unparsable`; a unit that the answer leaves out likewise.
    """

    model: ChatModel
    again: int = 1
    name: str = "llm"
    scope: Scope = Scope.PAIR
    _spent: _Spent = field(default_factory=_Spent, repr=False, compare=False)
    _loop: BackgroundLoop = field(default_factory=BackgroundLoop, repr=False, compare=False)

    @property
    def signature(self) -> str:
        # An endpoint's model is known by its name alone; whatever else has content gets its digest in.
        model = self.model
        known = model.model if isinstance(model, OpenAiModel) else f"{model.name}+{model.digest[:6]}"
        return f"llm:{known}@{digest(read_template('judging', 'content'), length=6)}"

    @property
    def batch(self) -> int:
        return self.model.concurrent * 12

    def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        """One verdict a question; may be called from any thread, also from one with a running event loop."""
        return self._loop.run(self._judge(questions))

    async def _judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        groups = _calls(questions)
        gate = asyncio.Semaphore(self.model.concurrent)
        results: list[Verdict | None] = [None] * len(questions)
        try:
            async with asyncio.TaskGroup() as group:  # what a person has to mend ends all calls at once
                calls = [group.create_task(self._call(gate, [questions[i] for i in members])) for members in groups]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        for members, call in zip(groups, calls, strict=True):
            for i, verdict in zip(members, call.result(), strict=True):
                results[i] = verdict
        return [v for v in results if v is not None]

    def estimate(self, questions: Sequence[ContentQuestion]) -> Cost:
        """Upper estimate; repeats of transport errors cost nothing and are not counted."""
        groups = ([questions[i] for i in members] for members in _calls(questions))
        return sum((self._most(_prompt(asked), len(asked)) for asked in groups), Cost())

    def _most(self, prompt: str, units: int) -> Cost:
        """Upper bound of one group: two characters a token, every allowed repeat used."""
        times = self.again + 1
        tokens_in, tokens_out = times * (len(prompt) // 2 + 16), times * _room(units)
        return Cost(times, tokens_in, tokens_out, self.model.prices.of(tokens_in, tokens_out))

    def spent(self) -> Cost:
        """What all calls of this judge have cost."""
        return self._spent.total

    def _cost(self, answer: ChatResult, prompt: str, units: int) -> Cost:
        """As the model counted; where it counts nothing for an answer, the upper bound of one call."""
        tokens_in, tokens_out = answer.usage.tokens_in, answer.usage.tokens_out
        if answer.status is Status.OK and not tokens_in + tokens_out:
            tokens_in, tokens_out = len(prompt) // 2 + 16, _room(units)
        return Cost(1, tokens_in, tokens_out, self.model.prices.of(tokens_in, tokens_out))

    async def _call(self, gate: asyncio.Semaphore, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        async with gate:
            prompt = _prompt(questions)
            problem = ""
            for attempt in range(self.again + 1):
                sampling = Sampling(max_tokens=_room(len(questions)), seed=attempt)
                answer = await self.model.complete(ChatRequest((ChatMessage("user", prompt),), sampling))
                self._spent.add(self._cost(answer, prompt, len(questions)))
                if answer.status is not Status.OK:
                    return [Verdict(answer.status, detail=answer.detail)] * len(questions)
                verdicts, problem = _read(answer.text, questions)
                if verdicts is not None:
                    return verdicts
            return [Verdict(Status.UNPARSABLE, detail=problem)] * len(questions)


def _calls(questions: Sequence[ContentQuestion]) -> list[list[int]]:
    """Indices of the questions that one call asks together: one side of one pair."""
    groups: dict[tuple[Direction, tuple[str, ...], tuple[str, ...]], list[int]] = {}
    for i, q in enumerate(questions):
        groups.setdefault((q.direction, q.own, q.other), []).append(i)
    return list(groups.values())


def _room(units: int) -> int:
    return 64 + 40 * units


def _prompt(questions: Sequence[ContentQuestion]) -> str:
    first = questions[0]
    draft, reference = (first.own, first.other) if first.direction is Direction.DELETE else (first.other, first.own)
    asked = ", ".join(str(q.index + 1) for q in questions)
    return fill(
        read_template("judging", "content"),
        {
            "reference": _numbered(reference),
            "draft": _numbered(draft),
            "question": _ASKED[first.direction] + asked + ".",
        },
    )


def _numbered(units: Sequence[str]) -> str:
    return json.dumps([{"unit": i, "text": u} for i, u in enumerate(units, start=1)], ensure_ascii=True)


def _read(answer: str, questions: Sequence[ContentQuestion]) -> tuple[list[Verdict] | None, str]:
    """Verdicts in the order of the questions, or None and what is wrong."""
    text = answer.strip()
    start, end = text.find("{"), text.rfind("}")
    try:
        parsed = _Answer.model_validate_json(text[start : end + 1] if start >= 0 else "")
    except ValidationError as error:
        return None, f"not the asked JSON ({error.error_count()} problem(s))"
    by_number = {item.unit: item for item in parsed.verdicts}
    if not any(q.index + 1 in by_number for q in questions):
        return None, "no asked unit is in the answer"
    verdicts = []
    for question in questions:
        item = by_number.get(question.index + 1)
        if item is None:
            verdicts.append(Verdict(Status.UNPARSABLE, detail="the answer leaves this unit out"))
        elif item.p is not None and (item.p >= 0.5) != item.edited:
            verdicts.append(Verdict(Status.UNPARSABLE, detail="probability and decision contradict each other"))
        else:
            p = float(item.p) if item.p is not None else float(item.edited)
            verdicts.append(Verdict(Status.OK, p, item.edited))
    return verdicts, ""
