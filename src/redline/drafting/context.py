"""What a strategy may look at besides the message: past replies, similar messages, the theme planner, the model's window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from redline.chat import ChatMessage, estimate_tokens
from redline.drafting.profile import ClinicianProfile
from redline.records import Case
from redline.retrieval import Hit, Query
from redline.taxonomy import Taxonomy, default_taxonomy

__all__ = ["DraftContext", "Fit", "MessageSearch", "Planner", "ThemePlan"]


class MessageSearch(Protocol):
    """Similar past messages; `digest` changes with what is searched and how."""

    @property
    def digest(self) -> str: ...

    def search(self, query: Query, k: int) -> list[Hit]:
        """At most `k` hits, best first."""
        ...


@dataclass(frozen=True, slots=True)
class ThemePlan:
    """For each theme the probability that this clinician's reply carries it, and write, suggest or leave out."""

    p: Mapping[str, float]
    decisions: Mapping[str, str]


class Planner(Protocol):
    """Which themes would this clinician write?"""

    @property
    def digest(self) -> str: ...

    def plan(self, case: Case, clinician: str | None) -> ThemePlan:
        """For one message; `clinician` None or unknown means clinicians in general."""
        ...


@dataclass(frozen=True)
class Fit:
    """How long a prompt may be: `tokens(messages)` plus `reply` tokens must fit into `window`; None is no limit."""

    window: int | None = None
    reply: int = 400
    tokens: Callable[[Sequence[ChatMessage]], int] = estimate_tokens

    def fits(self, messages: Sequence[ChatMessage]) -> bool:
        """Whether there is room for the reply behind these messages."""
        return self.window is None or self.tokens(messages) + self.reply <= self.window


@dataclass(frozen=True)
class DraftContext:
    """Everything around a task, made of replies to other messages than the ones asked about.

    `language` is that of the drafts; `deidentify` is what other patients' texts pass before they enter a prompt.
    """

    taxonomy: Taxonomy = field(default_factory=default_taxonomy)
    search: MessageSearch | None = None
    profiles: Mapping[str, ClinicianProfile] = field(default_factory=dict)
    planner: Planner | None = None
    k: int = 5
    deidentify: Callable[[str], str] = lambda text: text
    fit: Fit = Fit()
    language: str = "en"
