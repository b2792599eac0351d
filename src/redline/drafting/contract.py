"""The strategy contract: a task in; a prompt, a finished text, or no draft out.

A strategy never calls a model.  It says what it would ask (`Prompted`), and the caller asks: so a study can count
tokens and money before anything is sent, look up what is stored, and run many tasks at once (docs/design/005).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from redline.chat import ChatMessage
from redline.records import Case

if TYPE_CHECKING:
    from redline.drafting.context import DraftContext

__all__ = ["LEAVE_OUT", "SUGGEST", "WRITE", "NoDraft", "Prepared", "Prompted", "Strategy", "Task", "Unfit", "Written"]

WRITE = "write"
SUGGEST = "suggest"  # a nudge beside the draft, not part of it
LEAVE_OUT = "leave_out"


@dataclass(frozen=True, slots=True)
class Task:
    """A message to answer, for one clinician or for anybody."""

    case: Case
    clinician: str | None = None


@dataclass(frozen=True, slots=True)
class Prompted:
    """Ask a model with these messages; `cut` says in words what was left out to make them fit."""

    messages: tuple[ChatMessage, ...]
    retrieved: tuple[str, ...] = ()
    plan: Mapping[str, str] = field(default_factory=dict, hash=False)
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """The draft is there without asking a model."""

    text: str
    retrieved: tuple[str, ...] = ()
    plan: Mapping[str, str] = field(default_factory=dict, hash=False)
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoDraft:
    """There is no draft on purpose; `reason` in words, `plan` as far as there is one."""

    reason: str
    plan: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Unfit:
    """The prompt does not fit into the model's window, cut as it may be: a failure, not a decision."""

    reason: str


Prepared = Prompted | Written | NoDraft | Unfit


@runtime_checkable
class Strategy(Protocol):
    """How a draft comes about.  `needs` are the parts of the context that it cannot do without.

    `personal` strategies make one draft a clinician, the others one draft a message.  `asks` is false where no language
    model is needed.  `digest` changes with the prompt files and everything else that can change what is asked.
    """

    @property
    def name(self) -> str: ...

    @property
    def personal(self) -> bool: ...

    @property
    def asks(self) -> bool: ...

    @property
    def needs(self) -> tuple[str, ...]: ...

    @property
    def digest(self) -> str: ...

    def prepare(self, task: Task, context: DraftContext) -> Prepared:
        """What to do for this task.  Deterministic: the same task and context give the same answer."""
        ...
