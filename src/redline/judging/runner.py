"""Running a judge: written once, for every judge.

Deduplicates questions, looks them up, shares identical work in flight, hands out batches, stores what comes
back, shows progress, and stops before a paid judge passes its budget.  Killing the process loses at most
the batch that is being judged; everything stored is never asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from redline.errors import BudgetError, JudgeError
from redline.judging.contract import Cost, Judge, Priced
from redline.judging.questions import ContentQuestion, ThemeQuestion
from redline.judging.single_flight import SingleFlight
from redline.judging.store import VerdictStore, key_of
from redline.records import Status, ThemeVerdict, Verdict

__all__ = ["Budget", "Runner", "RunReport"]

Q = TypeVar("Q", ContentQuestion, ThemeQuestion)
V = TypeVar("V", Verdict, ThemeVerdict)

KEPT = frozenset({Status.OK, Status.REFUSED, Status.UNPARSABLE, Status.TOO_LONG})
"""Statuses worth storing; a timeout or a missing annotation may be cured by the next run."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a paid run; None means no limit."""

    max_money: float | None = None
    max_calls: int | None = None

    def refuse(self, spent: Cost, coming: Cost) -> str | None:
        """Why the coming batch must not be sent, or None."""
        total = spent + coming
        if self.max_money is not None and total.money > self.max_money:
            return f"the next batch could bring the cost to {total.money:.2f}, the limit is {self.max_money:.2f}"
        if self.max_calls is not None and total.calls > self.max_calls:
            return f"the next batch would make {total.calls:,} calls, the limit is {self.max_calls:,}"
        return None


@dataclass(frozen=True, slots=True)
class RunReport:
    """How the answers came about: asked, distinct, found in the store, judged now."""

    questions: int
    distinct: int
    stored: int
    judged: int


@dataclass
class Runner(Generic[Q, V]):
    """Runs one judge over any number of questions against one store.

    `progress(done, total)` is called in distinct questions.  `repetition` > 0 asks the same question again
    (for judges that vary).  `retry_failed` asks stored failures again.
    """

    judge: Judge[Q, V]
    store: VerdictStore = field(default_factory=VerdictStore)
    repetition: int = 0
    budget: Budget = Budget()
    retry_failed: bool = False
    progress: Callable[[int, int], None] | None = None
    flights: SingleFlight[V] = field(default_factory=SingleFlight)

    def run(self, questions: Sequence[Q]) -> list[V]:
        """One verdict a question, in order."""
        return self.run_with_report(questions)[0]

    def run_with_report(self, questions: Sequence[Q]) -> tuple[list[V], RunReport]:
        """The verdicts, and how they came about."""
        signature, scope = self.judge.signature, self.judge.scope
        parts = [q.key(signature, scope, self.repetition) for q in questions]
        keys = [key_of(p) for p in parts]
        first: dict[str, int] = {}
        for i, key in enumerate(keys):
            first.setdefault(key, i)
        known: dict[str, Any] = self.store.get_many(list(first))
        if self.retry_failed:
            known = {k: v for k, v in known.items() if v.status is Status.OK}
        stored = len(known)
        missing = [key for key in first if key not in known]
        self._tell(len(known), len(first))
        self._judge_missing(missing, first, questions, parts, known)
        report = RunReport(len(questions), len(first), stored, len(first) - stored)
        return [known[key] for key in keys], report

    def estimate(self, questions: Sequence[Q]) -> tuple[int, Cost]:
        """How many distinct questions are not stored yet, and what they would cost at most."""
        signature, scope = self.judge.signature, self.judge.scope
        by_key = {key_of(q.key(signature, scope, self.repetition)): q for q in questions}
        known = self.store.get_many(list(by_key))
        open_ = [q for key, q in by_key.items() if key not in known]
        return len(open_), self.judge.estimate(open_) if isinstance(self.judge, Priced) else Cost()

    def _judge_missing(
        self,
        missing: list[str],
        first: dict[str, int],
        questions: Sequence[Q],
        parts: Sequence[dict[str, str | int]],
        known: dict[str, Any],
    ) -> None:
        total = len(first)
        mine, theirs = self.flights.claim(missing)
        if not self.retry_failed:  # another run may have stored an answer between our look-up and our claim
            late: dict[str, Any] = dict(self.store.get_many(mine))
            self.flights.land(late)
            known.update(late)
            mine = [key for key in mine if key not in late]
        try:
            # Units against the same text next to each other: judges share that text's work within a batch.
            mine.sort(key=lambda key: (parts[first[key]]["other"], parts[first[key]].get("own", ""), first[key]))
            for start in range(0, len(mine), self.judge.batch):
                batch = mine[start : start + self.judge.batch]
                asked = [questions[first[key]] for key in batch]
                self._check_budget(asked, total - len(known))
                verdicts = self._ask(asked)
                self.store.put_many(
                    [(parts[first[k]], v) for k, v in zip(batch, verdicts, strict=True) if v.status in KEPT]
                )
                self.flights.land(dict(zip(batch, verdicts, strict=True)))
                known.update(zip(batch, verdicts, strict=True))
                self._tell(len(known), total)
        finally:
            self.flights.abandon(key for key in mine if key not in known)
        for key, flight in theirs.items():
            landed = self.flights.wait(flight)
            if landed is None:  # the other run stopped before this one: ask it ourselves
                self._judge_missing([key], first, questions, parts, known)
            else:
                known[key] = landed
            self._tell(len(known), total)

    def _ask(self, questions: Sequence[Q]) -> Sequence[V]:
        verdicts = self.judge.judge(questions)
        if len(verdicts) != len(questions):
            raise JudgeError(
                f"the judge {self.judge.name!r} was asked {len(questions)} questions and gave {len(verdicts)} verdicts"
            )
        return verdicts

    def _check_budget(self, questions: Sequence[Q], remaining: int) -> None:
        if not isinstance(self.judge, Priced):
            return
        why = self.budget.refuse(self.judge.spent(), self.judge.estimate(questions))
        if why:
            kept = "what is judged is stored, so a run with a higher limit goes on from here"
            if self.store.path == ":memory:":
                kept = "nothing is kept, because the store of this run is in memory"
            raise BudgetError(f"stopped before the limit: {why}. {remaining:,} questions are left; {kept}.")

    def _tell(self, done: int, total: int) -> None:
        if self.progress:
            self.progress(done, total)
