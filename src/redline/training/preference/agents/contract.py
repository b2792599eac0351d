"""The agent contract: a batch of assignments in, as many texts (or reasons why there is none) out, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from redline.training.preference.material import Answered, Material

__all__ = [
    "BLUNT", "CORRUPTIONS", "DROP", "ENHANCE", "MISPLACE", "OVERDO", "STRENGTHEN", "Agent", "AgentMaker", "Assignment",
    "Produced",
]  # fmt: skip

ENHANCE = "enhance"  # the reply lacks a theme that this clinician usually writes: write it
STRENGTHEN = "strengthen"  # the theme is there: say it better
DROP = "drop"  # leave the theme out
BLUNT = "blunt"  # say something vague in its place
MISPLACE = "misplace"  # keep the theme, with content that belongs to another message
OVERDO = "overdo"  # add the theme where it was not wanted
CORRUPTIONS = (DROP, BLUNT, MISPLACE, OVERDO)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Change one reply in one theme in one way; `attempt` counts from 0, the earlier ones did not pass the check."""

    answered: Answered
    theme: str
    kind: str
    attempt: int = 0

    @property
    def better(self) -> bool:
        """Whether the result is to be chosen over the reply, not rejected."""
        return self.kind in (ENHANCE, STRENGTHEN)


@dataclass(frozen=True, slots=True)
class Produced:
    """The whole changed reply, or in one word (`no_donor`, `refused`) why there is none."""

    text: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        if bool(self.text) == bool(self.why):
            raise ValueError("an agent gives a text or says why not")


@runtime_checkable
class Agent(Protocol):
    """Writes better and worse versions of replies.  The same assignment always gives the same text.

    `digest` changes with everything that can change a text.  `kinds` are the kinds of assignments that it takes, `attempts`
    how often it is worth asking where a borrowed sentence did not pass the check.
    """

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def kinds(self) -> tuple[str, ...]: ...

    @property
    def attempts(self) -> int: ...

    def write(self, assignments: Sequence[Assignment]) -> list[Produced]:
        """One result an assignment, in order."""
        ...


AgentMaker = Callable[[Material, int], Agent]
"""Makes the agent for a corpus' material and a seed."""
