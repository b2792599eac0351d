"""Agents that are prompts over any chat model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from redline.chat import BackgroundLoop, ChatModel, ChatRequest, ChatResult, Sampling, Tag
from redline.drafting.answers import read_answer
from redline.drafting.flags import CUT_OFF, form_flags
from redline.errors import BudgetError, RedlineError
from redline.judging import Budget, Cost
from redline.records import DraftStatus, digest
from redline.training.preference.agents.answers import AnswerStore
from redline.training.preference.agents.contract import CORRUPTIONS, ENHANCE, STRENGTHEN, Assignment, Produced
from redline.training.preference.agents.prompting import prompt_digest, prompt_of
from redline.training.preference.material import Material
from redline.units import normalise_unit

__all__ = ["ChatAgent", "ChatAgents", "read_reply"]

_TIMES, _MORE = 2, 60  # an edit of one theme is at most twice as long as the reply and 60 words
_SAMPLED = 200


@dataclass(frozen=True)
class ChatAgents:
    """How an agent over `model` is made once the material is there: an `AgentMaker`."""

    model: ChatModel
    store: AnswerStore = field(default_factory=AnswerStore, repr=False)
    sampling: Sampling = Sampling(max_tokens=600)
    budget: Budget = Budget()

    def __call__(self, material: Material, seed: int) -> ChatAgent:
        """The agent; `seed` reaches models that take one."""
        s = self.sampling
        return ChatAgent(
            self.model, material, self.store, Sampling(s.temperature, s.top_p, s.max_tokens, seed), self.budget
        )


@dataclass(frozen=True)
class ChatAgent:
    """Asks `model`, as many requests at once as it wants; what was answered is in `store` and never asked again.

    Raises `BudgetError` before a request would pass the budget, and `RedlineError` for what a person has to mend; what
    was answered until then is stored.
    """

    model: ChatModel
    material: Material = field(repr=False)
    store: AnswerStore = field(repr=False)
    sampling: Sampling = Sampling(max_tokens=600)
    budget: Budget = Budget()
    kinds: tuple[str, ...] = (ENHANCE, STRENGTHEN, *CORRUPTIONS)
    attempts: int = 1
    loop: BackgroundLoop = field(default_factory=BackgroundLoop, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"llm:{self.model.name}"

    @property
    def digest(self) -> str:
        s = self.sampling
        return digest([self.model.digest, prompt_digest(), s.temperature, s.top_p, s.max_tokens, s.seed])

    def request(self, assignment: Assignment) -> ChatRequest:
        """What is sent."""
        tag = Tag(assignment.answered.case.id, f"{assignment.kind}:{assignment.theme}", assignment.answered.clinician)
        return ChatRequest(prompt_of(assignment, self.material), self.sampling, tag)

    def write(self, assignments: Sequence[Assignment]) -> list[Produced]:
        """One result an assignment."""
        results = self.loop.run(self._answers(assignments))
        return [read_reply(result, a) for result, a in zip(results, assignments, strict=True)]

    def estimate(self, assignments: Iterable[Assignment]) -> Cost:
        """What is not stored yet: calls and tokens out at most; beyond 200 requests, tokens in are those of the first 200 on
        average.
        """
        calls = tokens = counted = 0
        fresh = self._replays or not self.store.spent().calls  # then nothing need be looked up
        for a in assignments:
            if fresh and counted == _SAMPLED:
                calls += 1
                continue
            request = self.request(a)
            if fresh or not self.store.has(self._key(request)):
                calls += 1
                if counted < _SAMPLED:
                    counted += 1
                    tokens += self.model.tokens(request.messages)
        tokens_in = round(tokens / counted * calls) if counted else 0
        tokens_out = calls * self.sampling.max_tokens
        return Cost(calls, tokens_in, tokens_out, self.model.prices.of(tokens_in, tokens_out))

    @property
    def _replays(self) -> bool:
        return bool(getattr(self.model, "replays", False))

    def _key(self, request: ChatRequest) -> str:
        return digest([self.model.digest, request.digest], length=40)

    async def _answers(self, assignments: Sequence[Assignment]) -> list[ChatResult]:
        found: dict[int, ChatResult] = {}
        failed: list[BaseException] = []
        queue = iter(enumerate(assignments))
        workers = [
            asyncio.ensure_future(self._work(queue, found, failed)) for _ in range(max(1, self.model.concurrent))
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if failed:
            raise failed[0]
        return [found[i] for i in range(len(assignments))]

    async def _work(
        self, queue: Iterator[tuple[int, Assignment]], found: dict[int, ChatResult], failed: list[BaseException]
    ) -> None:
        """Take from the queue until it is empty or somebody failed: nothing new is then begun, what is under way is kept."""
        for number, assignment in queue:
            if failed:
                return
            try:
                found[number] = await self._ask(self.request(assignment))
            except RedlineError as error:
                failed.append(error)

    async def _ask(self, request: ChatRequest) -> ChatResult:
        if self._replays:
            return await self.model.complete(request)
        key = self._key(request)
        stored = self.store.get(key)
        if stored is not None:
            return stored
        tokens = self.model.tokens(request.messages) if self.budget.max_money is not None else 0
        coming = Cost(1, tokens, self.sampling.max_tokens, self.model.prices.of(tokens, self.sampling.max_tokens))
        why = self.budget.refuse(self.store.spent(), coming)
        if why:
            raise BudgetError(
                f"{why}. What was answered is stored in {self.store.path}; a higher limit goes on from there."
            )
        result = await self.model.complete(request)
        self.store.put(key, result, self.model.prices.of(result.usage.tokens_in, result.usage.tokens_out))
        return result


def read_reply(result: ChatResult, assignment: Assignment) -> Produced:
    """The changed reply in a model's answer, or in one word why it is none.

    The reasons are the outcomes of drafting (`refused`, `empty`, `wrong_language`, ...), and `cut_off`, `same_text`,
    `much_longer`, and the flag of a form that the reply did not have (`placeholder`, `markup`, `link`, `role_marker`).
    """
    reply = assignment.answered.reply.text
    answer = read_answer(result, f"{assignment.answered.case.message}\n{reply}")
    if answer.status is not DraftStatus.OK:
        return Produced(why=answer.status.value)
    if CUT_OFF in answer.flags:
        return Produced(why="cut_off")
    text = _unwrapped(answer.text)
    if not text:
        return Produced(why="empty")
    if normalise_unit(text) == normalise_unit(reply):
        return Produced(why="same_text")
    if len(text.split()) > _TIMES * len(reply.split()) + _MORE:
        return Produced(why="much_longer")
    new = [f for f in form_flags(text) if f not in form_flags(reply)]
    return Produced(why=new[0]) if new else Produced(text)


def _unwrapped(text: str) -> str:
    """Without quotation marks around the whole."""
    for start, end in (('"', '"'), ("\u201c", "\u201d")):
        if len(text) > 2 and text[0] == start and text[-1] == end and start not in text[1:-1] and end not in text[1:-1]:
            return text[1:-1].strip()
    return text
