"""`theme_guided`: the prompt also defines the themes that a good reply is built from."""

from __future__ import annotations

from dataclasses import dataclass

from redline.drafting.context import DraftContext
from redline.drafting.contract import Task
from redline.drafting.parts import Addition
from redline.drafting.prompt import Section
from redline.records import digest
from redline.taxonomy import Taxonomy
from redline.templates import fill, read_template

__all__ = ["ThemeGuided", "theme_lines"]


def theme_lines(taxonomy: Taxonomy, keys: tuple[str, ...]) -> str:
    """One line a theme: its name and what has it."""
    return "\n".join(f"- {taxonomy[k].name}: {taxonomy[k].has}" for k in keys)


@dataclass(frozen=True)
class ThemeGuided:
    """Defines every theme of the taxonomy but the residual one."""

    name: str = "theme_guided"
    personal: bool = False
    needs: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        return digest(read_template("drafting", "theme_guided"))

    def add(self, task: Task, context: DraftContext) -> Addition:
        """The same for every task."""
        themes = theme_lines(
            context.taxonomy, tuple(k for k in context.taxonomy.keys if k != context.taxonomy.residual)
        )
        text = fill(read_template("drafting", "theme_guided"), {"themes": themes}).strip()
        return Addition((Section("Themes", text),))
