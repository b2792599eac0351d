"""What strategies are composed of: each part adds sections to the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from redline.drafting.context import DraftContext
from redline.drafting.contract import NoDraft, Task
from redline.drafting.prompt import Section

__all__ = ["Addition", "Part"]


@dataclass(frozen=True, slots=True)
class Addition:
    """Sections, the cases whose texts stand in them, and the theme plan behind them."""

    sections: tuple[Section, ...] = ()
    retrieved: tuple[str, ...] = ()
    plan: Mapping[str, str] = field(default_factory=dict, hash=False)


class Part(Protocol):
    """One ingredient of a prompt.  `needs` names what of the context it cannot do without."""

    @property
    def name(self) -> str: ...

    @property
    def personal(self) -> bool: ...

    @property
    def needs(self) -> tuple[str, ...]: ...

    @property
    def digest(self) -> str: ...

    def add(self, task: Task, context: DraftContext) -> Addition | NoDraft:
        """What this part adds for a task."""
        ...
