"""What an annotator has decided and what is asked next: events in, state out, no screen, no keys, no file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

from redline.records import digest

__all__ = ["Event", "Item", "Kind", "Question", "Session", "Value", "in_order"]

Value = int | tuple[str, ...]
"""A decision: 1 for an edit and 0 for none, or the themes of a sentence."""


class Item(Protocol):
    """A pair or a text: what questions are about."""

    @property
    def id(self) -> str: ...

    @property
    def digest(self) -> str: ...

    def sides(self) -> tuple[tuple[str, tuple[str, ...]], ...]: ...


I = TypeVar("I", bound=Item)  # noqa: E741


class Kind(StrEnum):
    """What an event does."""

    DECIDE = "decide"
    UNDO = "undo"
    NOTE = "note"


class Question(NamedTuple):
    """One unit of one side of one item."""

    id: str
    side: str
    unit: int


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a log: a decision, one taken back, or a note; `digest` is of the texts that were shown."""

    kind: Kind
    question: Question
    digest: str
    value: Value | str | None = None
    at: str = ""


@dataclass
class Session:
    """The state of one annotator: decisions, what is open, and in which order.

    `next` is the question to ask; a skipped one comes again when all others are asked.  `decide`, `undo` and `note` make the event
    to be kept first; `apply` takes it in.

    >>> from redline.annotation.to_label import TextToLabel
    >>> session = Session.of([TextToLabel("t", "c", ("Rest.", "Call."))])
    >>> session.apply(session.decide(("treatment_planning",)))
    >>> session.next.unit, session.counts
    (1, (1, 2))
    >>> session.apply(session.undo())
    >>> session.next.unit, session.counts
    (0, (0, 2))
    """

    items: dict[str, Item]
    decided: dict[Question, Value] = field(default_factory=dict)
    notes: dict[Question, str] = field(default_factory=dict)
    _open: deque[Question] = field(default_factory=deque)
    _history: list[tuple[str, Question]] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)
    _total: int = 0

    @classmethod
    def of(cls, items: Iterable[Item], events: Iterable[Event] = ()) -> Session:
        """The state after `events`, asking about `items` in their order."""
        session = cls({item.id: item for item in items})
        questions = [q for item in session.items.values() for q in questions_of(item)]
        for event in events:
            session._take(event)
        session._total = len(questions)
        session._places = {id_: n for n, id_ in enumerate(session.items, start=1)}
        session._open = deque(q for q in questions if q not in session.decided)
        return session

    @property
    def next(self) -> Question | None:
        """The question to ask now; None when all are decided."""
        return self._open[0] if self._open else None

    @property
    def counts(self) -> tuple[int, int]:
        """Decided questions and all."""
        return self._total - len(self._open), self._total

    def place(self, question: Question) -> int:
        """Which item of all it is about, from 1."""
        return self._places[question.id]

    def decide(self, value: Value, at: str = "") -> Event:
        """The event that answers `next`."""
        return Event(Kind.DECIDE, self._asked(), self._digest(self._asked()), value, at)

    def note(self, text: str, at: str = "") -> Event:
        """The event that puts a note to `next`."""
        return Event(Kind.NOTE, self._asked(), self._digest(self._asked()), text, at)

    def undo(self, at: str = "") -> Event | None:
        """The event that takes the last decision back, of this sitting or of one before; None where there is none.

        A skip is taken back at once and leaves no event.
        """
        if not self._history:
            return None
        what, question = self._history[-1]
        if what == "skip":
            self._history.pop()
            if question in self._open:
                self._open.remove(question)
                self._open.appendleft(question)
            return None
        return Event(Kind.UNDO, question, self._digest(question), None, at)

    def skip(self) -> None:
        """`next` goes to the end."""
        question = self._asked()
        self._open.rotate(-1)
        self._history.append(("skip", question))

    def apply(self, event: Event) -> None:
        """Take in an event that is kept."""
        self._take(event)
        if event.kind is Kind.UNDO:
            self._open.appendleft(event.question)
        elif event.kind is Kind.DECIDE and event.question in self._open:
            self._open.remove(event.question)

    def _take(self, event: Event) -> None:
        if event.kind is Kind.NOTE:
            self.notes[event.question] = str(event.value)
        elif event.kind is Kind.UNDO:
            self.decided.pop(event.question, None)
            self._history = _without_last(self._history, event.question)
        elif isinstance(event.value, int | tuple):
            self.decided[event.question] = event.value
            self._history.append(("decide", event.question))

    def _asked(self) -> Question:
        if self.next is None:
            raise ValueError("everything is decided")
        return self.next

    def _digest(self, question: Question) -> str:
        return self.items[question.id].digest


def questions_of(item: Item) -> list[Question]:
    """All questions about an item, in order."""
    return [Question(item.id, side, i) for side, units in item.sides() for i in range(len(units))]


def in_order(items: Sequence[I], annotator: str, seed: int = 17) -> list[I]:
    """The items in an order of this annotator's own: seeded, the same whatever the order of the file."""

    return sorted(items, key=lambda item: digest([seed, annotator, item.id], length=64))


def _without_last(history: list[tuple[str, Question]], question: Question) -> list[tuple[str, Question]]:
    """`history` without the last decision about `question`; it is at the end but for skips."""
    for at in range(len(history) - 1, -1, -1):
        if history[at] == ("decide", question):
            del history[at]
            break
    return history
