"""Annotations as verdicts: each annotator is a judge, and what they decided stands in the verdict store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from redline.annotation.decisions import Made
from redline.judging import Direction, HumanJudge, Runner, VerdictStore, pair_questions
from redline.judging.questions import ContentQuestion
from redline.records import Verdict
from redline.units import normalise_unit

__all__ = ["annotator_judge", "store_annotations"]


def annotator_judge(name: str, made: Iterable[Made]) -> HumanJudge:
    """The judge `human:NAME`: this annotator's decisions; its signature changes with them."""
    votes: dict[tuple[Direction, tuple[str, ...], tuple[str, ...], int], list[float]] = defaultdict(list)
    for one in made:
        draft, reference = (tuple(normalise_unit(u) for u in units) for _, units in one.pair.sides())
        for i, mark in enumerate(one.annotation.deleted):
            if mark is not None:
                votes[Direction.DELETE, draft, reference, i].append(float(mark))
        for i, mark in enumerate(one.annotation.added):
            if mark is not None:
                votes[Direction.ADD, reference, draft, i].append(float(mark))
    return HumanJudge.of(votes, f"human:{name}")


def store_annotations(made: Iterable[Made], store: VerdictStore) -> dict[str, int]:
    """Write every decision into `store` through a `Runner`; how many verdicts each judge (by signature) has there.

    Undecided units are `missing`, which is never stored.
    """
    by_name: dict[str, list[Made]] = defaultdict(list)
    for one in made:
        by_name[one.annotation.annotator].append(one)
    counts = {}
    for name, theirs in by_name.items():
        judge = annotator_judge(name, theirs)
        runner: Runner[ContentQuestion, Verdict] = Runner(judge, store)
        verdicts = runner.run([q for one in theirs for q in pair_questions(one.pair.pair)])
        counts[judge.signature] = sum(v.p_edit is not None for v in verdicts)
    return counts
