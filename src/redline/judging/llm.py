"""A language model as a content judge: numbered units in, schema-checked JSON verdicts out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from pydantic import BaseModel, ConfigDict, Field

from redline.chat import BackgroundLoop, ChatMessage, ChatModel
from redline.judging.contract import Cost
from redline.judging.llm_calls import Call, Spent, ask_all, estimate_calls, known_as, numbered, read_object
from redline.judging.questions import ContentQuestion, Direction, Scope
from redline.records import Status, Verdict, digest
from redline.templates import fill, read_template

__all__ = ["PARAPHRASE", "LlmJudge", "content_answer", "content_messages"]

PARAPHRASE = "content_paraphrase"
"""The same rules in other words: what `redline validate` asks of a language model to see whether the wording decides."""

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


@dataclass(frozen=True)
class LlmJudge:
    """Asks `model` once for all asked units of one side of a pair; `model.concurrent` calls at a time.

    The reference stands before the draft and the question comes last, so a server's prefix cache serves all
    systems compared with one reference.  An answer that does not fit the schema is asked for again
    `again` times, then every unit of that call is `unparsable`; a unit that the answer leaves out likewise.  `prompt`
    names the prompt file: another wording is another judge, with a signature of its own.
    """

    model: ChatModel
    again: int = 1
    name: str = "llm"
    scope: Scope = Scope.PAIR
    prompt: str = "content"
    _spent: Spent = field(default_factory=Spent, repr=False, compare=False)
    _loop: BackgroundLoop = field(default_factory=BackgroundLoop, repr=False, compare=False)

    @property
    def signature(self) -> str:
        return f"llm:{known_as(self.model)}@{digest(read_template('judging', self.prompt), length=6)}"

    @property
    def batch(self) -> int:
        return self.model.concurrent * 12

    def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        """One verdict a question; may be called from any thread, also from one with a running event loop."""
        return self._loop.run(ask_all(self.model, _calls(questions, self.prompt), self.again, self._spent))

    def estimate(self, questions: Sequence[ContentQuestion]) -> Cost:
        """Upper estimate; repeats of transport errors cost nothing and are not counted."""
        return estimate_calls(self.model, _calls(questions, self.prompt), self.again)

    def spent(self) -> Cost:
        """What all calls of this judge have cost."""
        return self._spent.total


def content_messages(questions: Sequence[ContentQuestion], prompt: str = "content") -> tuple[ChatMessage, ...]:
    """What a model is sent for `questions`, which ask about units of one side of one pair.

    Whoever trains a judge builds its prompts with this, so that it learns the very prompt that it will be asked.
    """
    first = questions[0]
    draft, reference = (first.own, first.other) if first.direction is Direction.DELETE else (first.other, first.own)
    asked = ", ".join(str(q.index + 1) for q in questions)
    text = fill(
        read_template("judging", prompt),
        {
            "reference": numbered(reference),
            "draft": numbered(draft),
            "question": _ASKED[first.direction] + asked + ".",
        },
    )
    return (ChatMessage("user", text),)


def content_answer(edited: Sequence[bool]) -> str:
    """The answer, in the asked form, that decides so about the units of a side, in order.

    >>> content_answer([True, False])
    '{"verdicts": [{"unit": 1, "edited": true}, {"unit": 2, "edited": false}]}'
    """
    return json.dumps({"verdicts": [{"unit": i, "edited": bool(e)} for i, e in enumerate(edited, start=1)]})


def _calls(questions: Sequence[ContentQuestion], prompt: str) -> list[Call[Verdict]]:
    """One call for all questions about one side of one pair."""
    groups: dict[tuple[Direction, tuple[str, ...], tuple[str, ...]], list[int]] = {}
    for i, q in enumerate(questions):
        groups.setdefault((q.direction, q.own, q.other), []).append(i)
    calls = []
    for members in groups.values():
        asked = [questions[i] for i in members]
        read = partial(_read, questions=asked)
        calls.append(Call(members, content_messages(asked, prompt), _room(len(asked)), read, _failed))
    return calls


def _room(units: int) -> int:
    return 64 + 40 * units


def _failed(status: Status, detail: str) -> Verdict:
    return Verdict(status, detail=detail)


def _read(answer: str, questions: Sequence[ContentQuestion]) -> tuple[list[Verdict] | None, str]:
    """Verdicts in the order of the questions, or None and what is wrong."""
    parsed, problem = read_object(answer, _Answer)
    if parsed is None:
        return None, problem
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
