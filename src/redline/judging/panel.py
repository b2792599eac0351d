"""Several judges sit together; their disagreement is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redline.errors import UsageError
from redline.judging.contract import ContentJudge, Cost, Priced
from redline.judging.questions import ContentQuestion, Scope
from redline.records import Status, Verdict

__all__ = ["PanelJudge", "total_cost", "total_estimate"]


@dataclass(frozen=True)
class PanelJudge:
    """Mean probability and majority of the members that answered; `votes` holds each member's probability.

    A member that times out fails the unit until the next run; one that fails for good is left out of it and named in
    `detail`; where fewer than `quorum` members
    answer, the panel fails with the first member's status.  A tie counts as an edit.
    """

    members: tuple[ContentJudge, ...]
    quorum: int = 1
    name: str = "panel"

    def __post_init__(self) -> None:
        if len(self.members) < 2:
            raise UsageError("a panel needs at least two judges, for instance --judge panel:encoder,exact")
        if not 1 <= self.quorum <= len(self.members):
            raise UsageError(f"a quorum of {self.quorum} does not fit a panel of {len(self.members)}")

    @property
    def signature(self) -> str:
        return f"panel({'+'.join(m.signature for m in self.members)})q{self.quorum}"

    @property
    def scope(self) -> Scope:
        return Scope.PAIR if any(m.scope is Scope.PAIR for m in self.members) else Scope.UNIT

    @property
    def parts(self) -> tuple[ContentJudge, ...]:
        """The judges it is made of."""
        return self.members

    @property
    def batch(self) -> int:
        return min(m.batch for m in self.members)

    def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        """One verdict a question, from all members."""
        answers = [member.judge(questions) for member in self.members]
        return [self._join(votes) for votes in zip(*answers, strict=True)]

    def estimate(self, questions: Sequence[ContentQuestion]) -> Cost:
        """What the paid members would cost together."""
        return total_estimate(self.parts, questions)

    def spent(self) -> Cost:
        """What the paid members have cost."""
        return total_cost(self.parts)

    def _join(self, votes: Sequence[Verdict]) -> Verdict:
        ok = [v for v in votes if v.p_edit is not None]
        failed = [f"{m.name}: {v.status.value}" for m, v in zip(self.members, votes, strict=True) if v.p_edit is None]
        if any(v.status is Status.TIMEOUT for v in votes):  # passing: the next run asks the whole panel again
            return Verdict(Status.TIMEOUT, detail="; ".join(failed))
        if len(ok) < self.quorum:
            return Verdict(next(v.status for v in votes if v.p_edit is None), detail="; ".join(failed))
        p = tuple(v.p_edit for v in ok if v.p_edit is not None)
        hard = sum(bool(v.hard) for v in ok) * 2 >= len(ok)
        evidence = next((v.evidence for v in ok if v.evidence is not None), None)
        return Verdict(Status.OK, sum(p) / len(p), hard, evidence, "; ".join(failed), p)


def total_estimate(judges: Sequence[object], questions: Sequence[ContentQuestion]) -> Cost:
    """What the paid ones among `judges` would cost, each asked everything."""
    return sum((j.estimate(questions) for j in judges if isinstance(j, Priced)), Cost())


def total_cost(judges: Sequence[object]) -> Cost:
    """What the paid ones among `judges` have cost."""
    return sum((j.spent() for j in judges if isinstance(j, Priced)), Cost())
