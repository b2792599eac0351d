"""A language model as a theme classifier: numbered units in, schema-checked JSON labels out, for any taxonomy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from pydantic import BaseModel, ConfigDict

from redline.chat import BackgroundLoop, ChatMessage, ChatModel
from redline.judging.contract import Cost
from redline.judging.llm_calls import Call, Spent, ask_all, estimate_calls, known_as, numbered, read_object
from redline.judging.questions import Scope, ThemeQuestion
from redline.records import Status, ThemeVerdict, digest
from redline.taxonomy import Taxonomy, Theme, default_taxonomy
from redline.templates import fill, read_template

__all__ = ["THEMES_PARAPHRASE", "LlmThemeJudge", "theme_answer", "theme_messages"]

THEMES_PARAPHRASE = "themes_paraphrase"
"""The same rules in other words, as for the content judge."""


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    unit: int
    themes: list[str]
    p: dict[str, float | int] | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    labels: list[_Item]


@dataclass(frozen=True)
class LlmThemeJudge:
    """Asks `model` once for all asked units of one text, with the names and definitions of `taxonomy`.

    An empty list of themes is the residual theme, and the residual beside another theme is dropped: by its definition it
    fits only where no other does.  A unit with an unknown key, with labels that contradict each other or its
    probabilities, or without an answer is `unparsable`; an answer that does not fit the schema is asked for again
    `again` times.  A theme without a stated probability gets 1 where it is given and 0 where it is not.
    """

    model: ChatModel
    taxonomy: Taxonomy = field(default_factory=default_taxonomy)
    again: int = 1
    name: str = "llm"
    scope: Scope = Scope.PAIR
    prompt: str = "themes"
    _spent: Spent = field(default_factory=Spent, repr=False, compare=False)
    _loop: BackgroundLoop = field(default_factory=BackgroundLoop, repr=False, compare=False)

    @property
    def signature(self) -> str:
        """Model, prompt and everything of the taxonomy that the prompt tells."""
        told = [[[t.key, t.name, t.has, t.has_not] for t in self.taxonomy.themes], self.taxonomy.residual]
        prompt = digest(read_template("judging", self.prompt), length=6)
        return f"llm:{known_as(self.model)}@{prompt}.{digest(told, length=6)}"

    @property
    def themes(self) -> tuple[str, ...]:
        """Keys that this classifier knows: those of its taxonomy."""
        return self.taxonomy.keys

    @property
    def batch(self) -> int:
        return self.model.concurrent * 12

    def judge(self, questions: Sequence[ThemeQuestion]) -> list[ThemeVerdict]:
        """One verdict a question; may be called from any thread, also from one with a running event loop."""
        return self._loop.run(ask_all(self.model, self._calls(questions), self.again, self._spent))

    def estimate(self, questions: Sequence[ThemeQuestion]) -> Cost:
        """Upper estimate; repeats of transport errors cost nothing and are not counted."""
        return estimate_calls(self.model, self._calls(questions), self.again)

    def spent(self) -> Cost:
        """What all calls of this classifier have cost."""
        return self._spent.total

    def _calls(self, questions: Sequence[ThemeQuestion]) -> list[Call[ThemeVerdict]]:
        """One call for all questions about one text."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for i, q in enumerate(questions):
            groups.setdefault(q.own, []).append(i)
        longest = max(len(key) for key in self.taxonomy.keys)
        calls = []
        for members in groups.values():
            asked = [questions[i] for i in members]
            read = partial(_read, questions=asked, taxonomy=self.taxonomy)
            room = 64 + (24 + 2 * longest) * len(asked)
            calls.append(Call(members, theme_messages(asked, self.taxonomy, self.prompt), room, read, _failed))
        return calls


def theme_messages(
    questions: Sequence[ThemeQuestion], taxonomy: Taxonomy, prompt: str = "themes"
) -> tuple[ChatMessage, ...]:
    """What a model is sent for `questions`, which ask about units of one text; training builds its prompts with this."""
    values = {
        "themes": "\n".join(_defined(theme) for theme in taxonomy.themes),
        "residual": taxonomy.residual,
        "units": numbered(questions[0].own),
        "asked": ", ".join(str(q.index + 1) for q in questions),
    }
    return (ChatMessage("user", fill(read_template("judging", prompt), values)),)


def theme_answer(themes: Sequence[Sequence[str]], taxonomy: Taxonomy) -> str:
    """The answer, in the asked form, that gives the units of a text these themes; keys in the taxonomy's order.

    >>> theme_answer([["empathy"], ["other"]], default_taxonomy())
    '{"labels": [{"unit": 1, "themes": ["empathy"]}, {"unit": 2, "themes": ["other"]}]}'
    """
    labels = [{"unit": i, "themes": list(taxonomy.order(keys))} for i, keys in enumerate(themes, start=1)]
    return json.dumps({"labels": labels})


def _defined(theme: Theme) -> str:
    line = f'- "{theme.key}" ({theme.name}): {theme.has}'
    return f"{line}. Not when {theme.has_not}." if theme.has_not else f"{line}."


def _failed(status: Status, detail: str) -> ThemeVerdict:
    return ThemeVerdict(status, detail=detail)


def _read(answer: str, questions: Sequence[ThemeQuestion], taxonomy: Taxonomy) -> tuple[list[ThemeVerdict] | None, str]:
    """Verdicts in the order of the questions, or None and what is wrong."""
    parsed, problem = read_object(answer, _Answer)
    if parsed is None:
        return None, problem
    by_number: dict[int, list[_Item]] = {}
    for item in parsed.labels:
        by_number.setdefault(item.unit, []).append(item)
    if not any(q.index + 1 in by_number for q in questions):
        return None, "no asked unit is in the answer"
    return [_verdict(by_number.get(q.index + 1, []), taxonomy) for q in questions], ""


def _verdict(items: Sequence[_Item], taxonomy: Taxonomy) -> ThemeVerdict:
    """The verdict on one unit, for which the answer has `items`; no detail repeats what the model wrote."""
    if not items:
        return _failed(Status.UNPARSABLE, "the answer leaves this unit out")
    item, said = items[0], frozenset(items[0].themes)
    stated: Mapping[str, float] = item.p or {}
    if any(frozenset(other.themes) != said for other in items[1:]):
        return _failed(Status.UNPARSABLE, "the answer gives this unit different themes")
    if any(key not in taxonomy for key in (*said, *stated)):
        return _failed(Status.UNPARSABLE, "the answer names a theme that the taxonomy does not have")
    if any(not 0 <= p <= 1 for p in stated.values()):
        return _failed(Status.UNPARSABLE, "a probability is not between 0 and 1")
    if any((p >= 0.5) != (key in said) for key, p in stated.items()):
        return _failed(Status.UNPARSABLE, "probability and decision contradict each other")
    themes = taxonomy.order(taxonomy.as_set(said))
    return ThemeVerdict(Status.OK, {k: float(stated.get(k, k in themes)) for k in taxonomy.keys}, themes)
