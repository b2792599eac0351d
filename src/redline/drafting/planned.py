"""`planned`: write the themes that this clinician would write; what is uncertain becomes a nudge, not a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from redline.drafting.context import DraftContext
from redline.drafting.contract import WRITE, NoDraft, Task
from redline.drafting.parts import Addition
from redline.drafting.prompt import Section
from redline.drafting.theme_guided import theme_lines
from redline.errors import UsageError
from redline.records import digest
from redline.templates import fill, read_template

__all__ = ["Planned"]


@dataclass(frozen=True)
class Planned:
    """Asks for the planned themes only; no draft where the plan would write none."""

    name: str = "planned"
    personal: bool = True
    needs: tuple[str, ...] = ("planner",)

    @property
    def digest(self) -> str:
        return digest(read_template("drafting", "planned"))

    def add(self, task: Task, context: DraftContext) -> Addition | NoDraft:
        """The themes to write for this message and clinician."""
        if context.planner is None:
            raise UsageError("the strategy 'planned' needs a theme planner, which needs past replies")
        plan = context.planner.plan(task.case, task.clinician).decisions
        wanted = tuple(k for k in context.taxonomy.keys if plan.get(k) == WRITE)
        if not wanted:
            return NoDraft("no theme is sure enough to be written; the uncertain ones are suggested", plan)
        text = fill(read_template("drafting", "planned"), {"themes": theme_lines(context.taxonomy, wanted)})
        return Addition((Section("Write these themes", text.strip()),), plan=plan)
