"""Judge all comparisons of a table, both levels, each distinct question once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
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
from redline.judging.single_flight import SingleFlight
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
    content_flights: SingleFlight[Verdict] = field(default_factory=SingleFlight, repr=False)
    theme_flights: SingleFlight[ThemeVerdict] = field(default_factory=SingleFlight, repr=False)

    def content_runner(self) -> Runner[ContentQuestion, Verdict]:
        """Runner of the content judge."""
        tell = _tell(self.progress, "content")
        return Runner(self.content, self.store, 0, self.budget, self.retry_failed, tell, self.content_flights)

    def theme_runner(self) -> Runner[ThemeQuestion, ThemeVerdict]:
        """Runner of the theme classifier."""
        tell = _tell(self.progress, "themes")
        return Runner(self.themes, self.store, 0, self.budget, self.retry_failed, tell, self.theme_flights)


SLICE = 5_000
"""Comparisons judged at a time: what a question needs while it is asked is many times what its verdict needs."""


def judge_comparisons(found: Sequence[Comparison], judges: Judges) -> tuple[list[Judged], RunReport]:
    """The comparisons with their verdicts, in order, and how the content verdicts came about."""
    result: list[Judged] = []
    total = RunReport(0, 0, 0, 0)
    # Rows about one case next to each other in a slice, so that its reference's vectors are still at hand.
    order = sorted(range(len(found)), key=lambda i: found[i].case) if len(found) > SLICE else range(len(found))
    places = list(order)
    for start in range(0, len(places), SLICE):
        judged, report = _judge_slice([found[i] for i in places[start : start + SLICE]], judges)
        result += judged
        total = RunReport(*(a + b for a, b in zip(astuple(total), astuple(report), strict=True)))
    back = dict(zip(places, result, strict=True))
    return [back[i] for i in range(len(found))], total


def _judge_slice(found: Sequence[Comparison], judges: Judges) -> tuple[list[Judged], RunReport]:
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
