"""A cheap judge decides what it is sure of; the uncertain band goes to a better one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redline.errors import UsageError
from redline.judging.contract import ContentJudge, Cost
from redline.judging.panel import total_cost, total_estimate
from redline.judging.questions import ContentQuestion, Scope
from redline.records import Status, Verdict

__all__ = ["CascadeJudge"]


@dataclass(frozen=True)
class CascadeJudge:
    """`first` decides where its p_edit is outside (`low`, `high`); inside, or where it failed, `second` does.

    A timeout of the second judge stays a timeout, so that the next run asks again; where it fails for good the first
    judge's answer is kept and `detail` says so.

    `votes` of a unit that was passed on are (first, second), so the report can show how often they differ.
    """

    first: ContentJudge
    second: ContentJudge
    low: float = 0.25
    high: float = 0.75
    name: str = "cascade"

    def __post_init__(self) -> None:
        if not 0.0 <= self.low < self.high <= 1.0:
            raise UsageError(f"the uncertain band must be within 0 and 1, got {self.low:g} to {self.high:g}")

    @property
    def signature(self) -> str:
        return f"cascade({self.first.signature}>{self.second.signature}){self.low:g}-{self.high:g}"

    @property
    def scope(self) -> Scope:
        return Scope.PAIR if Scope.PAIR in (self.first.scope, self.second.scope) else Scope.UNIT

    @property
    def parts(self) -> tuple[ContentJudge, ...]:
        """The judges it is made of."""
        return self.first, self.second

    @property
    def batch(self) -> int:
        return min(self.first.batch, self.second.batch)

    def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        """One verdict a question."""
        verdicts = list(self.first.judge(questions))
        unsure = [i for i, v in enumerate(verdicts) if v.p_edit is None or self.low < v.p_edit < self.high]
        answers = self.second.judge([questions[i] for i in unsure]) if unsure else []
        for i, answer in zip(unsure, answers, strict=True):
            before = verdicts[i]
            if answer.status is Status.TIMEOUT:  # passing: neither decide nor store, ask again next time
                verdicts[i] = answer
            elif answer.p_edit is None and before.p_edit is not None:
                verdicts[i] = Verdict(
                    before.status, before.p_edit, before.hard, before.evidence,
                    f"{self.second.name}: {answer.status.value}, kept the first judge's answer",
                )  # fmt: skip
            elif answer.p_edit is not None and before.p_edit is not None:
                votes = (before.p_edit, answer.p_edit)
                verdicts[i] = Verdict(answer.status, answer.p_edit, answer.hard, answer.evidence, answer.detail, votes)
            else:
                verdicts[i] = answer
        return verdicts

    def estimate(self, questions: Sequence[ContentQuestion]) -> Cost:
        """Upper estimate: as if every question were passed on."""
        return total_estimate(self.parts, questions)

    def spent(self) -> Cost:
        """What the paid ones of the two have cost."""
        return total_cost(self.parts)
