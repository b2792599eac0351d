"""Strategies made of parts: `zero_shot` has none, `theme_guided+rag` has two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from redline.drafting.context import DraftContext
from redline.drafting.contract import NoDraft, Prepared, Prompted, Task, Unfit
from redline.drafting.parts import Part
from redline.drafting.prompt import Section, TooLong, assemble
from redline.records import digest
from redline.templates import read_template

__all__ = ["Composed"]


@dataclass(frozen=True)
class Composed:
    """One prompt with the sections of all parts, in their order."""

    parts: tuple[Part, ...] = ()

    @property
    def name(self) -> str:
        return "+".join(p.name for p in self.parts) or "zero_shot"

    @property
    def personal(self) -> bool:
        return any(p.personal for p in self.parts)

    @property
    def asks(self) -> bool:
        return True

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(n for p in self.parts for n in p.needs))

    @property
    def digest(self) -> str:
        return digest([read_template("drafting", "system"), *([p.name, p.digest] for p in self.parts)])

    def prepare(self, task: Task, context: DraftContext) -> Prepared:
        """The prompt; no draft where a part says so."""
        sections: list[Section] = []
        retrieved: dict[str, None] = {}
        plan: Mapping[str, str] = {}
        for part in self.parts:
            added = part.add(task, context)
            if isinstance(added, NoDraft):
                return added
            sections += added.sections
            retrieved |= dict.fromkeys(added.retrieved)
            plan = {**plan, **added.plan}
        try:
            messages, cut = assemble(task.case.chart, task.case.message, sections, context.fit, context.language)
        except TooLong:
            return Unfit("the message does not fit into the model's window, even without chart notes and examples")
        return Prompted(messages, tuple(retrieved), plan, cut)
