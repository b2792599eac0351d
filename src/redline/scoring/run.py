"""Judge all comparisons of a table, both levels, each distinct question once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from redline.judging import (
    Budget,
    ContentJudge,
    ContentQuestion,
    Runner,
    RunReport,
    ThemeJudge,
    ThemeQuestion,
    VerdictStore,
    pair_questions,
)  # fmt: skip
from redline.records import ThemeVerdict, Verdict
from redline.scoring.comparison import Comparison
from redline.scoring.loads import Judged

__all__ = ["Judges", "judge_comparisons"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Judges:
    """A content judge, a theme classifier and the store they share."""

    content: ContentJudge
    themes: ThemeJudge
    store: VerdictStore = field(default_factory=VerdictStore)
    budget: Budget = Budget()
    progress: Progress | None = None
    retry_failed: bool = False

    def content_runner(self) -> Runner[ContentQuestion, Verdict]:
        """Runner of the content judge."""
        return Runner(self.content, self.store, 0, self.budget, self.retry_failed, _tell(self.progress, "content"))

    def theme_runner(self) -> Runner[ThemeQuestion, ThemeVerdict]:
        """Runner of the theme classifier."""
        return Runner(self.themes, self.store, 0, self.budget, self.retry_failed, _tell(self.progress, "themes"))


def judge_comparisons(found: Sequence[Comparison], judges: Judges) -> tuple[list[Judged], RunReport]:
    """The comparisons with their verdicts, in order, and how the content verdicts came about."""
    texts = dict.fromkeys(t for c in found for t in (c.draft, c.reference))
    asked = [ThemeQuestion(t, i) for t in texts for i in range(len(t))]
    themes: dict[tuple[str, ...], list[ThemeVerdict]] = {t: [] for t in texts}
    for question, theme in zip(asked, judges.theme_runner().run(asked), strict=True):
        themes[question.own].append(theme)
    questions = [q for c in found for q in pair_questions(c.pair)]
    verdicts, report = judges.content_runner().run_with_report(questions)
    result, at = [], 0
    for c in found:
        middle, end = at + len(c.draft), at + len(c.draft) + len(c.reference)
        result.append(
            Judged(
                c,
                tuple(verdicts[at:middle]),
                tuple(verdicts[middle:end]),
                tuple(themes[c.draft]),
                tuple(themes[c.reference]),
            )
        )
        at = end
    return result, report


def _tell(progress: Progress | None, what: str) -> Callable[[int, int], Any] | None:
    return None if progress is None else lambda done, total: progress(what, done, total)
