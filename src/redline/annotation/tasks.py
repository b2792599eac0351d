"""The two kinds of labelling: what is shown, and what a key means.  No state, no screen of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from redline.annotation.guide import RULES, content_rules, theme_rules
from redline.annotation.screen import Screen
from redline.annotation.session import Item, Question, Session, Value
from redline.errors import UsageError
from redline.taxonomy import Taxonomy

__all__ = ["EditTask", "Press", "Task", "ThemeTask"]

MARKS = {"draft": ("keep", "delete"), "reference": ("carried", "add")}
LETTERS = "123456789abcdefghijklmoprvwxyz"
"""Keys of themes: digits first, and no letter that every task uses."""


@dataclass(frozen=True, slots=True)
class Press:
    """What a key led to: a decision, or what is chosen so far, or words to the annotator; nothing for enter and the like."""

    value: Value | None = None
    chosen: tuple[str, ...] = ()
    say: str = ""


class Task(Protocol):
    """A kind of labelling."""

    @property
    def kind(self) -> str: ...

    @property
    def what(self) -> str: ...

    def show_item(self, item: Item, session: Session, screen: Screen) -> None:
        """All texts of an item."""
        ...

    def show_question(self, item: Item, question: Question, screen: Screen) -> None:
        """One unit and what it is judged against, the rule, the keys."""
        ...

    def show_rules(self, screen: Screen) -> None:
        """The whole rule of the guide."""
        ...

    def press(self, question: Question, key: str, chosen: tuple[str, ...]) -> Press:
        """What `key` means for this question, after `chosen`."""
        ...


@dataclass(frozen=True)
class EditTask:
    """Keep or delete a draft unit; carried or add a reference unit.  `messages` by case: (patient message, chart)."""

    messages: Mapping[str, tuple[str, str]]
    kind: str = "edits"
    what: str = "pair"

    def show_item(self, item: Item, session: Session, screen: Screen) -> None:
        """Message and chart where they are known, then both texts with the decisions so far."""
        message, chart = self.messages.get(getattr(item, "case", ""), ("", ""))
        if message:
            screen.block("Patient message", message)
        if chart:
            screen.block("Chart", chart)
        for side, units in reversed(item.sides()):
            values = [session.decided.get(Question(item.id, side, i)) for i in range(len(units))]
            marks = [MARKS[side][v] if isinstance(v, int) else "" for v in values]
            screen.texts(side.capitalize(), units, marks if any(marks) else ())

    def show_question(self, item: Item, question: Question, screen: Screen) -> None:
        """The other text, then the unit."""
        sides = dict(item.sides())
        other = "reference" if question.side == "draft" else "draft"
        screen.texts(other.capitalize(), sides[other])
        screen.texts(f"{question.side.capitalize()} sentence", sides[question.side], only=question.unit)
        screen.say(RULES[question.side], "italic")
        first = [f"{word[0]} {word}" for word in MARKS[question.side]]
        screen.choices([*first, "u undo", "s skip", "n note", "t texts", "? rule", "q stop"], "dim")

    def show_rules(self, screen: Screen) -> None:
        """The guide on content edits."""
        for part in content_rules():
            screen.say(part)

    def press(self, question: Question, key: str, chosen: tuple[str, ...]) -> Press:
        """One key a unit.

        >>> EditTask({}).press(Question("p", "draft", 0), "d", ()).value
        1
        """
        words = MARKS[question.side]
        for value, word in enumerate(words):
            if key == word[0]:
                return Press(value)
        others = [w for side, names in MARKS.items() if side != question.side for w in names]
        if key in [w[0] for w in others]:
            return Press(say=f"This is a {question.side} sentence: press {words[0][0]} or {words[1][0]}.")
        return Press(say=_unknown(key, f"{words[0][0]} or {words[1][0]}", "the rule"))


@dataclass(frozen=True)
class ThemeTask:
    """One or more themes a sentence."""

    taxonomy: Taxonomy
    kind: str = "themes"
    what: str = "text"

    def __post_init__(self) -> None:
        if len(self.taxonomy.themes) > len(LETTERS):
            raise UsageError(f"there are keys for {len(LETTERS)} themes, the taxonomy has {len(self.taxonomy.themes)}")

    def show_item(self, item: Item, session: Session, screen: Screen) -> None:
        """The whole text, with the themes so far."""
        for side, units in item.sides():
            values = [session.decided.get(Question(item.id, side, i)) for i in range(len(units))]
            marks = [" ".join(self._letter(k) for k in v) if isinstance(v, tuple) else "" for v in values]
            screen.texts(side.capitalize(), units, marks if any(marks) else ())

    def show_question(self, item: Item, question: Question, screen: Screen) -> None:
        """The sentence and the keys of the themes."""
        screen.texts("Sentence", dict(item.sides())[question.side], only=question.unit)
        screen.say(RULES["text"], "italic")
        screen.choices([f"{LETTERS[i]} {t.name}" for i, t in enumerate(self.taxonomy.themes)])
        keys = ["enter confirm", "u undo", "s skip", "n note", "t text", "? definitions", "q stop"]
        screen.choices(keys, "dim")

    def show_rules(self, screen: Screen) -> None:
        """Every theme: when a sentence has it, and when not."""
        for i, (name, has, has_not) in enumerate(theme_rules(self.taxonomy)):
            screen.say(f"{LETTERS[i]} {name}: {has}." + (f" Not when {has_not}." if has_not else ""))

    def press(self, question: Question, key: str, chosen: tuple[str, ...]) -> Press:
        """A theme's key toggles it; enter confirms.

        >>> from redline.taxonomy import default_taxonomy
        >>> task, asked = ThemeTask(default_taxonomy()), Question("t", "text", 0)
        >>> task.press(asked, "\\n", task.press(asked, "5", ()).chosen).value
        ('treatment_planning',)
        """
        if key == "\n":
            return self._confirmed(chosen)
        at = LETTERS.find(key)
        if not 0 <= at < len(self.taxonomy.themes):
            return Press(chosen=chosen, say=_unknown(key, "a theme's key or enter", "the definitions"))
        theme = self.taxonomy.keys[at]
        now = tuple(k for k in chosen if k != theme) if theme in chosen else self.taxonomy.order((*chosen, theme))
        names = ", ".join(f"{self._letter(k)} {self.taxonomy[k].name}" for k in now) or "none"
        return Press(chosen=now, say=f"themes: {names}  (enter confirms)")

    def _confirmed(self, chosen: tuple[str, ...]) -> Press:
        residual = self.taxonomy.residual
        if not chosen:
            return Press(say=f"Choose a theme first; {self._letter(residual)} is for what fits nowhere else.")
        named = tuple(k for k in chosen if k != residual)
        if named and named != chosen:
            return replace(Press(named), say=f"{self.taxonomy[residual].name} is left out beside another theme.")
        return Press(chosen)

    def _letter(self, key: str) -> str:
        return LETTERS[self.taxonomy.keys.index(key)]


def _unknown(key: str, keys: str, rules: str) -> str:
    """Words about a key without a meaning; none about enter, a space and what cannot be seen."""
    return f"{key} is no key here: press {keys}, or ? for {rules}." if key.isprintable() and key.strip() else ""
