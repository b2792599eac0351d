"""Judge all comparisons of a table, both levels, each distinct question once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

from redline.judging import (
    Budget,
    ContentJudge,
    ContentQuestion,
    Pair,
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
from redline.scoring.validity import Validity

__all__ = ["Judges", "judge_comparisons", "judge_pairs"]

Progress = Callable[[str, int, int], None]
Sides = tuple[tuple[Verdict, ...], tuple[Verdict, ...], tuple[ThemeVerdict, ...], tuple[ThemeVerdict, ...]]
"""Verdicts of draft units and of reference units, themes of draft units and of reference units."""


@dataclass(frozen=True)
class Judges:
    """A content judge, a theme classifier, what people found out about them, and the store they share."""

    content: ContentJudge
    themes: ThemeJudge
    store: VerdictStore = field(default_factory=VerdictStore)
    budget: Budget = Budget()
    progress: Progress | None = None
    retry_failed: bool = False
    validity: Validity = Validity()
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
    sides, report = judge_pairs([c.pair for c in found], judges)
    return [Judged(c, *four) for c, four in zip(found, sides, strict=True)], report


def judge_pairs(pairs: Sequence[Pair], judges: Judges) -> tuple[list[Sides], RunReport]:
    """The four lists of verdicts of each pair, in order, and how the content verdicts came about."""
    texts = dict.fromkeys(t for p in pairs for t in (p.draft, p.reference))
    asked = [ThemeQuestion(t, i) for t in texts for i in range(len(t))]
    themes: dict[tuple[str, ...], list[ThemeVerdict]] = {t: [] for t in texts}
    for question, theme in zip(asked, judges.theme_runner().run(asked), strict=True):
        themes[question.own].append(theme)
    verdicts, report = judges.content_runner().run_with_report([q for p in pairs for q in pair_questions(p)])
    result: list[Sides] = []
    at = 0
    for p in pairs:
        middle, end = at + len(p.draft), at + len(p.draft) + len(p.reference)
        content = tuple(verdicts[at:middle]), tuple(verdicts[middle:end])
        result.append((*content, tuple(themes[p.draft]), tuple(themes[p.reference])))
        at = end
    return result, report


def _tell(progress: Progress | None, what: str) -> Callable[[int, int], Any] | None:
    return None if progress is None else lambda done, total: progress(what, done, total)
