"""Chat examples in the prompts that the drafting strategies ask, so that each strategy changes what is written."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from redline.chat import ChatMessage
from redline.drafting import (
    LEAVE_OUT,
    WRITE,
    DraftContext,
    Fit,
    Prompted,
    Task,
    ThemePlan,
    distil,
    strategy,
)
from redline.records import Case, Draft, Reply, digest
from redline.retrieval import MessageIndex, PastMessage
from redline.taxonomy import default_taxonomy
from redline.training.tiny.sources import Sources
from redline.training.tiny.swaps import medicines, swapped

__all__ = ["FORMS", "Conversation", "Example", "Material"]

FORMS: Mapping[str, float] = {
    "zero_shot": 0.24, "theme_guided": 0.08, "rag": 0.08, "planned": 0.34, "personal": 0.1, "personal+planned": 0.14,
    "theme_guided+rag": 0.02,
}  # fmt: skip
"""Share of each strategy's prompt among the examples that are a clinician's reply; a draft keeps its own strategy's."""


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and what is to be written."""

    case: str
    form: str
    messages: tuple[ChatMessage, ...]
    reply: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A plain prompt and everything that was written to it, one after the other."""

    messages: tuple[ChatMessage, ...]
    replies: tuple[str, ...]


@dataclass(frozen=True)
class _Told:
    """A planner that knows the reply's own themes: what a perfect plan would ask for."""

    themes: frozenset[str]

    @property
    def digest(self) -> str:
        return digest(sorted(self.themes))

    def plan(self, case: Case, clinician: str | None) -> ThemePlan:
        keys = default_taxonomy().keys
        return ThemePlan(
            {k: float(k in self.themes) for k in keys}, {k: WRITE if k in self.themes else LEAVE_OUT for k in keys}
        )


@dataclass(frozen=True)
class Material:
    """Draws the examples of an epoch.  `tokens` counts a prompt; longer ones than `window` lose examples and chart notes.

    `cap` is the most examples of one kind, for a quick run.
    """

    sources: Sources
    tokens: Callable[[Sequence[ChatMessage]], int]
    window: int
    swaps: float
    cap: int | None = None

    @cached_property
    def context(self) -> DraftContext:
        """Past replies and profiles of the trained cases alone."""
        s = self.sources
        replies = [r for r in s.replies if s.trained(r.case)]
        past = tuple(PastMessage(r.case, r.clinician, s.cases[r.case].message, r.text) for r in replies)
        return DraftContext(
            search=MessageIndex.build(past),
            profiles=distil(replies, lambda units: [() for _ in units]),
            fit=Fit(self.window, 250, self.tokens),
        )

    @cached_property
    def pool(self) -> tuple[str, ...]:
        """Names of medicines in the charts of trained cases."""
        return medicines(c for c in self.sources.cases.values() if self.sources.trained(c.id))

    def conversations(self, seed: int, epoch: int) -> list[Conversation]:
        """All replies and drafts to each trained case, in another order and now and then with other medicines each epoch.

        Ten times as many tokens of replies to a token of prompt as in single examples; the later replies teach to look
        back, for they say again what the message and the earlier ones say.
        """
        found = []
        for key in sorted(c for c in self.sources.cases if self.sources.trained(c))[: self.cap]:
            rng = random.Random(f"{seed} {epoch} {key}")
            targets = [t for t in self._targets() if t.case == key]
            case, texts = self.sources.cases[key], [t.text for t in rng.sample(targets, len(targets))]
            if rng.random() < self.swaps:
                names = rng.getrandbits(32)
                pairs = [swapped(case, text, self.pool, random.Random(names)) for text in texts]
                case, texts = pairs[0][0], [text for _, text in pairs]
            prepared = strategy("zero_shot").prepare(Task(case), self.context)
            if isinstance(prepared, Prompted):
                found.append(Conversation(prepared.messages, tuple(texts)))
        return found

    def trained(self, seed: int, epoch: int) -> list[Example]:
        """One example for each reply and draft of the trained cases; its form changes from epoch to epoch."""
        targets = [t for t in self._targets() if self.sources.trained(t.case)]
        return self._examples(targets, seed, epoch, self.swaps)

    def held(self, seed: int) -> list[Example]:
        """The same for the held-out cases, always alike, with the names that stand in the chart."""
        return self._examples([t for t in self._targets() if t.case in self.sources.held], seed, 0, 0.0)

    def example(self, case: Case, target: Reply | Draft, form: str, k: int = 3) -> Example | None:
        """The prompt that `form` asks for the target, None where it asks nothing."""
        clinician = target.clinician if isinstance(target, Reply) else None
        themes = frozenset(t for unit in (target.themes or () if isinstance(target, Reply) else ()) for t in unit)
        context = replace(self.context, planner=_Told(themes), k=k)
        prepared = strategy(form).prepare(Task(case, clinician), context)
        if not isinstance(prepared, Prompted):
            return None
        return Example(case.id, form, prepared.messages, target.text)

    def _targets(self) -> list[Reply | Draft]:
        return [*self.sources.replies, *self.sources.drafts]

    def _examples(self, targets: Sequence[Reply | Draft], seed: int, epoch: int, swaps: float) -> list[Example]:
        found = []
        for number, target in enumerate(targets[: self.cap]):
            rng = random.Random(f"{seed} {epoch} {number}")
            form, k = _form(target, rng), rng.choice((1, 1, 1, 1, 2, 3))
            case = self.sources.cases[target.case]
            if rng.random() < swaps:
                case, text = swapped(case, target.text, self.pool, rng)
                target = replace(target, text=text)
            example = self.example(case, target, form, k)
            if example is not None:
                found.append(example)
        return found

    def describe(self) -> dict[str, Any]:
        """For the card."""
        s = self.sources
        return {
            "cases": sum(s.trained(c) for c in s.cases),
            "held_cases": sorted(s.held),
            "replies": sum(s.trained(r.case) for r in s.replies),
            "drafts": sum(s.trained(d.case) for d in s.drafts),
            "forms": dict(FORMS),
        }


def _form(target: Reply | Draft, rng: random.Random) -> str:
    if isinstance(target, Reply):
        return rng.choices(list(FORMS), list(FORMS.values()))[0]
    if target.model == "written":
        return rng.choice(("zero_shot", "theme_guided"))
    return target.strategy
