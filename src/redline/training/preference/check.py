"""Whether an agent did what it was asked: judged sentence by sentence by the theme classifier and the content judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from redline.judging import ContentQuestion, Direction, ThemeQuestion
from redline.records import Status, ThemeVerdict, Verdict
from redline.scoring import Judges
from redline.training.preference.agents.contract import (
    BLUNT,
    DROP,
    MISPLACE,
    OVERDO,
    STRENGTHEN,
    Assignment,
)
from redline.units import normalise_unit, unit_texts

__all__ = ["REASONS", "Check", "Made"]

REASONS = {
    "same_text": "nothing was changed",
    "lacks_theme": "an enhancement or an over-doing without its theme; a misplacement that lost it",
    "keeps_theme": "the theme is still there although it was to be dropped or blunted",
    "keeps_content": "the theme's content is still said by what is left",
    "lost_content": "an enhancement that no longer says everything that the reply said",
    "lost_other_content": "a corruption that lost more than its theme's sentences",
    "added_content": "a dropping that says something new",
    "adds_nothing": "what was added is said by the reply already",
    "unjudged": "a judge had no answer",
}
"""Why a produced reply is dropped by the check."""


@dataclass(frozen=True, slots=True)
class Made:
    """A produced reply and what was asked for; `units` are its sentences."""

    assignment: Assignment
    text: str
    units: tuple[str, ...] = ()

    @classmethod
    def of(cls, assignment: Assignment, text: str) -> Made:
        """With the sentences that the text has; the reply's own sentences are found again as they are."""
        return cls(assignment, text, _units(text, assignment.answered.passage.units))


@dataclass(frozen=True)
class Check:
    """Both judges; everything is asked in two batches, and nothing about a sentence that stands in both texts."""

    judges: Judges = field(repr=False)

    @property
    def signature(self) -> str:
        """Names everything that can move a decision."""
        return f"content:{self.judges.content.signature}|themes:{self.judges.themes.signature}|check:1"

    def label(self, units: Sequence[str]) -> list[tuple[str, ...]]:
        """Themes of sentences that nobody labelled."""
        own = tuple(units)
        return [v.themes for v in self.judges.theme_runner().run([ThemeQuestion(own, i) for i in range(len(own))])]

    def reasons(self, made: Sequence[Made]) -> list[str]:
        """Why each is dropped, one word of `REASONS`; empty for what is kept."""
        sides = [_Sides.of(m) for m in made]
        theme_asked = [ThemeQuestion(m.units, i) for m in made for i in range(len(m.units))]
        themes = iter(self.judges.theme_runner().run(theme_asked))
        content = iter(self.judges.content_runner().run([q for s in sides for q in s.questions]))
        found = []
        for m, side in zip(made, sides, strict=True):
            labels = [next(themes) for _ in m.units]
            verdicts = [next(content) for _ in side.questions]
            found.append(_reason(m, side, labels, verdicts))
        return found


@dataclass(frozen=True, slots=True)
class _Sides:
    """Sentences of the reply that the produced text lacks, and new ones of the produced text, with what is asked of them."""

    gone: tuple[int, ...]
    new: tuple[int, ...]
    questions: tuple[ContentQuestion, ...]

    @classmethod
    def of(cls, made: Made) -> _Sides:
        before, after = made.assignment.answered.passage.units, made.units
        old, now = {_plain(u) for u in before}, {_plain(u) for u in after}
        gone = tuple(i for i, u in enumerate(before) if _plain(u) not in now)
        new = tuple(i for i, u in enumerate(after) if _plain(u) not in old)
        asked = [ContentQuestion(Direction.ADD, before, after, i) for i in gone] if after else []
        asked += [ContentQuestion(Direction.DELETE, after, before, i) for i in new]
        return cls(gone if after else (), new, tuple(asked))


def _reason(made: Made, side: _Sides, labels: Sequence[ThemeVerdict], verdicts: Sequence[Verdict]) -> str:
    kind, theme, passage = made.assignment.kind, made.assignment.theme, made.assignment.answered.passage
    if not side.gone and not side.new:
        return "same_text"
    if any(v.status is not Status.OK for v in labels) or any(v.status is not Status.OK for v in verdicts):
        return "unjudged"
    lost = {i for i, v in zip(side.gone, verdicts[: len(side.gone)], strict=True) if v.hard}
    added = {i for i, v in zip(side.new, verdicts[len(side.gone) :], strict=True) if v.hard}
    its = set(passage.having(theme))
    carries_new = any(theme in labels[i].themes for i in side.new)
    if made.assignment.better:
        return _enhanced(lost, added, carries_new, kind == STRENGTHEN)
    if lost - its:
        return "lost_other_content"
    if kind in (DROP, BLUNT):
        if carries_new or (its - set(side.gone)) or any(theme in v.themes for v in labels):
            return "keeps_theme"
        return "added_content" if kind == DROP and added else "" if lost else "keeps_content"
    if not carries_new:
        return "lacks_theme"
    if not added:
        return "adds_nothing"
    return "keeps_content" if kind == MISPLACE and not lost else "lost_other_content" if kind == OVERDO and lost else ""


def _enhanced(lost: set[int], added: set[int], carries: bool, stronger: bool) -> str:
    if lost:
        return "lost_content"
    if not carries:
        return "lacks_theme"
    return "" if added or stronger else "adds_nothing"


def _plain(text: str) -> str:
    return normalise_unit(text).casefold()


def _units(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Sentences of `text`: those of the reply wherever they stand, the splitter's in between."""
    marks = [(at, at + len(u)) for u in known if u.strip() and (at := text.find(u)) >= 0]
    found: list[str] = []
    at = 0
    for start, end in sorted(marks):
        if start < at:  # a sentence within another one
            continue
        found += unit_texts(text[at:start]) if text[at:start].strip() else ()
        found.append(text[start:end])
        at = end
    return tuple(found) + (unit_texts(text[at:]) if text[at:].strip() else ())
