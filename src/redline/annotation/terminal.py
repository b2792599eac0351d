"""Labelling in a terminal: questions out, keys in, every decision on disk before the next question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from redline.annotation.keys import Keys
from redline.annotation.log import LogWriter
from redline.annotation.screen import Screen
from redline.annotation.session import Event, Question, Session
from redline.annotation.tasks import Task

__all__ = ["Labelling"]

Clock = Callable[[], str]


@dataclass
class Labelling:
    """One sitting.  `now` gives the time that stands in the log ("" for none)."""

    task: Task
    session: Session
    log: LogWriter
    keys: Keys
    screen: Screen
    now: Clock = str

    def run(self) -> None:
        """Ask until all is decided, the annotator stops, or there are no more keys."""
        decided, total = self.session.counts
        if decided == total:
            self.screen.say(f"Everything is decided: {total:,} of {total:,}.")
            return
        if decided:
            self.screen.say(f"Going on: {decided:,} of {total:,} sentences are decided.")
        shown = ""
        while (question := self.session.next) is not None:
            if question.id != shown:
                self.screen.rule(self._place(question))
                self.task.show_item(self.session.items[question.id], self.session, self.screen)
                shown = question.id
            if not self._ask(question):
                break
        decided, total = self.session.counts
        left = "Done." if decided == total else "Stopped; the same command goes on here."
        self.screen.say(f"{left} {decided:,} of {total:,} sentences are decided.")

    def _ask(self, question: Question) -> bool:
        """One question until it is answered, put off or taken back; False to stop."""
        item = self.session.items[question.id]
        self._title(question)
        self.task.show_question(item, question, self.screen)
        chosen: tuple[str, ...] = ()
        while (key := self._key()) not in (None, "q"):
            if key == "u":
                return self._undo()
            if key == "s":
                self.session.skip()
                return True
            if key == "n":
                self.screen.say("note (a line):")
                self._keep(self.session.note(self.keys.line(), self.now()))
                self.screen.say("noted")
            elif key == "t":
                self.task.show_item(item, self.session, self.screen)
                self.task.show_question(item, question, self.screen)
            elif key == "?":
                self.task.show_rules(self.screen)
            else:
                press = self.task.press(question, key or "", chosen)
                chosen = press.chosen
                if press.say:
                    self.screen.say(press.say)
                if press.value is not None:
                    self._keep(self.session.decide(press.value, self.now()))
                    return True
        return False

    def _key(self) -> str | None:
        """The next key; a capital is the small letter: Caps Lock is on easily, and nothing would show it."""
        key = self.keys.key()
        return None if key is None else key.lower()

    def _undo(self) -> bool:
        before = self.session.next
        event = self.session.undo(self.now())
        if event is not None:
            self._keep(event)
        elif self.session.next == before:
            self.screen.say("There is nothing to take back.")
        return True

    def _keep(self, event: Event) -> None:
        self.log.append(event)
        self.session.apply(event)

    def _title(self, question: Question) -> None:
        item = self.session.items[question.id]
        units = len(dict(item.sides())[question.side])
        self.screen.rule(f"{self._place(question)}, {question.side} sentence {question.unit + 1} of {units}")

    def _place(self, question: Question) -> str:
        return f"{self.task.what} {self.session.place(question)} of {len(self.session.items)}"
