"""What a study would do and cost, told before anything runs."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from redline.chat import ChatModel
from redline.drafting import Prompted
from redline.study.executors import executor
from redline.study.grid import CellSpec
from redline.study.shards import Bench

__all__ = ["CellPlan", "StudyPlan", "plan_study"]

_PREPARED = 300
"""Prompts that are really made for an estimate; a larger cell is extrapolated from a seeded sample of this size."""


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One cell: `tasks` in all, `open` of them, `calls` a model would get for these at most, tokens and money at most.

    `seconds` is None where nobody knows how long a call takes (`seconds_a_call` in the study file).
    """

    cell: str
    tasks: int
    open: int
    calls: int
    tokens_in: int
    tokens_out: int
    money: float
    seconds: float | None
    sampled: bool


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """All cells, and how many comparisons of a draft with a reply the judge will get."""

    cells: tuple[CellPlan, ...]
    comparisons: int

    @property
    def total(self) -> CellPlan:
        """Sums over the cells."""
        seconds = [c.seconds for c in self.cells]

        def summed(name: str) -> int:
            return sum(int(getattr(c, name)) for c in self.cells)

        return CellPlan(
            "all", summed("tasks"), summed("open"), summed("calls"), summed("tokens_in"), summed("tokens_out"),
            sum(c.money for c in self.cells), None if None in seconds else sum(s for s in seconds if s is not None),
            any(c.sampled for c in self.cells),
        )  # fmt: skip


def plan_study(bench: Bench) -> StudyPlan:
    """Prompts are made and counted; no model is asked and no draft is written."""
    executor(bench.place.spec.run.executor, bench.place.spec.run.workers)
    return StudyPlan(tuple(_cell(bench, cell) for cell in bench.place.cells), _comparisons(bench))


def _cell(bench: Bench, cell: CellSpec) -> CellPlan:
    bench.check(cell)
    open_, model = bench.open_tasks(cell), bench.model(cell)
    if model is None or not open_:
        return CellPlan(cell.id, bench.count(cell), len(open_), 0, 0, 0, 0.0, 0.0, False)
    work = bench.work(cell)
    some = open_ if len(open_) <= _PREPARED else random.Random(bench.place.spec.seed).sample(open_, _PREPARED)
    calls = tokens_in = 0
    for item in some:
        prepared = work.drafter.decide(item.task) or work.drafter.strategy.prepare(item.task, work.context)
        if isinstance(prepared, Prompted):
            calls += 1
            tokens_in += model.tokens(prepared.messages)
    times = len(open_) / len(some)
    calls, tokens_in = round(calls * times), round(tokens_in * times)
    tokens_out = calls * bench.place.spec.drafting.max_tokens
    return CellPlan(
        cell.id, bench.count(cell), len(open_), calls, tokens_in, tokens_out, model.prices.of(tokens_in, tokens_out),
        _seconds(cell, model, calls), len(some) < len(open_),
    )  # fmt: skip


def _seconds(cell: CellSpec, model: ChatModel, calls: int) -> float | None:
    if cell.model is not None and cell.model.seconds_a_call is not None:
        return calls * cell.model.seconds_a_call / max(1, model.concurrent)
    return 0.0 if cell.model is not None and cell.model.use.startswith("recorded:") else None


def _comparisons(bench: Bench) -> int:
    """Of drafts with replies, floors and ceiling included."""
    total = 0
    for spec in bench.place.spec.corpora:
        replies = Counter(r.case for r in bench.place.corpus(spec).independent)
        pairs = sum(replies.values())
        systems = [c for c in bench.place.cells if c.corpus.name == spec.name]
        floors = bench.place.spec.score.floors
        total += pairs * (len(systems) * (2 if floors else 1) + (2 if floors else 0)) + sum(
            n * (n - 1) for n in replies.values()
        )
    return total
