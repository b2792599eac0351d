"""Does the judge say the same when it is asked again, in another order, with the texts' roles swapped, in other words?

A judge whose decisions hang on such things measures them too.  The sample is drawn by a seed; every question goes through
the store, so that a repeated validation asks nothing again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from redline.annotation import AnnotatedPair, ThemedText
from redline.judging import (
    ContentQuestion,
    Direction,
    ThemeQuestion,
    pair_questions,
    paraphrased,
)  # fmt: skip
from redline.records import Status, ThemeVerdict, Verdict
from redline.scoring import Judges
from redline.stats import ResamplingPlan, bootstrap, group_clusters, intervals
from redline.validation.cards.parts import StabilityTest
from redline.validation.figure import Figure, figure
from redline.validation.judge.edit_bias import edit_scores_of_loads, loads
from redline.validation.judge.unit_table import by_cluster

__all__ = ["Again", "Resampling", "ask_again", "content_stability", "stability_sample", "theme_stability"]

Name = Literal["repeat", "order", "swap", "paraphrase"]
Again = dict[Name, Sequence[Verdict]]
"""Verdicts by the way of asking, in the order of the units of the pairs."""


@dataclass(frozen=True)
class Resampling:
    """How intervals are drawn."""

    draws: int
    seed: int


def stability_sample(pairs: Sequence[AnnotatedPair], count: int, seed: int) -> list[int]:
    """Which pairs are asked again: at most `count`, drawn by the seed."""
    return sorted(random.Random(f"stability:{seed}").sample(range(len(pairs)), min(count, len(pairs))))


def ask_again(judges: Judges, pairs: Sequence[AnnotatedPair], seed: int) -> Again:
    """The verdicts of all units of `pairs` when asked in each other way; nothing where there are no pairs."""
    if not pairs:
        return {}
    runner = replace(judges.content_runner(), progress=None)
    asked = [q for p in pairs for q in pair_questions(p.pair)]
    tests: Again = {
        "repeat": replace(runner, repetition=1).run(asked),
        "order": runner.run(_shuffled(pairs, seed)),
        "swap": runner.run([_swapped(q) for q in asked]),
    }
    other = paraphrased(judges.content)
    if other is not None:
        tests["paraphrase"] = replace(runner, judge=other).run(asked)
    return tests


def content_stability(
    pairs: Sequence[AnnotatedPair], first: Sequence[Verdict], again: Again, how: Resampling
) -> tuple[StabilityTest, ...]:  # fmt: skip
    """The tests on `pairs`, whose units were judged as `first` and then as `again`."""
    cases = [p.case for p in pairs for _ in (*p.draft, *p.reference)]
    added = np.array(
        [side for p in pairs for side in (False,) * len(p.draft) + (True,) * len(p.reference)], dtype=np.bool_
    )
    return tuple(_content_test(name, added, first, found, cases, how) for name, found in again.items())


def _shuffled(pairs: Sequence[AnnotatedPair], seed: int) -> list[ContentQuestion]:
    """The questions of `pairs`, in their order, about texts whose units stand in another order."""
    questions = []
    for pair in pairs:
        rng = random.Random(f"order:{seed}:{pair.id}")
        orders = [_another_order(len(side), rng) for side in (pair.draft, pair.reference)]
        draft, reference = (
            tuple(side[i] for i in order) for side, order in zip((pair.draft, pair.reference), orders, strict=True)
        )
        for direction, own, other, order in (
            (Direction.DELETE, draft, reference, orders[0]), (Direction.ADD, reference, draft, orders[1])
        ):  # fmt: skip
            place = {unit: at for at, unit in enumerate(order)}
            questions += [ContentQuestion(direction, own, other, place[i]) for i in range(len(order))]
    return questions


def _another_order(size: int, rng: random.Random) -> list[int]:
    order = list(range(size))
    while size > 1 and order == sorted(order):
        rng.shuffle(order)
    return order


def _swapped(question: ContentQuestion) -> ContentQuestion:
    """The same unit with the roles of the texts swapped: would it be edited if its text were on the other side?"""
    other = Direction.ADD if question.direction is Direction.DELETE else Direction.DELETE
    return replace(question, direction=other)


def _content_test(
    name: Name, added: np.ndarray, first: Sequence[Verdict], again: Sequence[Verdict], cases: Sequence[str], how: Resampling
) -> StabilityTest:  # fmt: skip
    both = np.array([a.hard is not None and b.hard is not None for a, b in zip(first, again, strict=True)])
    flips = np.array([float(a.hard is not b.hard) for a, b in zip(first, again, strict=True)])
    p, p_again = (np.array([0.0 if v.p_edit is None else v.p_edit for v in some]) for some in (first, again))
    rows = np.stack([both * flips, both * np.abs(p - p_again), both.astype(float)], axis=1)
    moved = np.concatenate([loads(added, p_again), loads(added, p)], axis=1) * both[:, None]
    return _test(name, np.concatenate([rows, moved], axis=1), cases, how)


def _test(name: Name, rows: np.ndarray, cases: Sequence[str], how: Resampling) -> StabilityTest:
    """From rows of (flipped, change of p, counted, load again, load before)."""
    index, count = group_clusters(cases, seed=how.seed)
    drawn = bootstrap(by_cluster(rows, index, count)[:, None], _stability, ResamplingPlan(count, how.draws, how.seed))
    units = int(rows[:, 2].sum())
    note = "" if units else "no unit was judged both times"
    flips, change, shift = (figure(i, units, note) for i in intervals(drawn)[0])
    return StabilityTest(
        name=name, units=len(rows), failed=len(rows) - units, flips=_plain(flips), p_change=_plain(change),
        f1_shift=_plain(shift), note=note,
    )  # fmt: skip


def _plain(found: Figure) -> Figure:
    """Without an interval because nothing ever changed: that is said, and not that there is too little."""
    if found.estimate == 0 and found.low is None and found.n:
        return found.model_copy(update={"note": "no change in the sample"})
    return found


def _stability(sums: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.asarray(sums[..., :2], dtype=np.float64) / sums[..., 2:3]
    again, before = (edit_scores_of_loads(sums[..., at : at + 4])[..., 2] for at in (3, 7))
    return np.concatenate([means, (again - before)[..., None]], axis=-1)


def theme_stability(
    judges: Judges, texts: Sequence[ThemedText], count: int, how: Resampling
) -> tuple[StabilityTest, ...]:  # fmt: skip
    """Repeat, order of units and paraphrased prompt, for a theme classifier: a unit flips where its set of themes changes."""
    order = random.Random(f"stability:{how.seed}").sample(range(len(texts)), min(count, len(texts)))
    some = [texts[i] for i in sorted(order)]
    if not some:
        return ()
    runner = replace(judges.theme_runner(), progress=None)
    asked = [ThemeQuestion(t.units, i) for t in some for i in range(len(t.units))]
    first = runner.run(asked)
    cases = [t.case for t in some for _ in t.units]
    turned = []
    for text in some:
        places = _another_order(len(text.units), random.Random(f"order:{how.seed}:{text.id}"))
        units = tuple(text.units[i] for i in places)
        turned += [ThemeQuestion(units, places.index(i)) for i in range(len(places))]
    again = {"repeat": replace(runner, repetition=1).run(asked), "order": runner.run(turned)}
    other = paraphrased(judges.themes)
    if other is not None:
        again["paraphrase"] = replace(runner, judge=other).run(asked)
    return tuple(_theme_test(name, first, found, cases, how) for name, found in again.items())  # type: ignore[arg-type]


def _theme_test(
    name: Name, first: Sequence[ThemeVerdict], again: Sequence[ThemeVerdict], cases: Sequence[str], how: Resampling
) -> StabilityTest:  # fmt: skip
    rows = np.zeros((len(first), 11))
    for row, a, b in zip(rows, first, again, strict=True):
        if a.status is not Status.OK or b.status is not Status.OK:
            continue
        mine, theirs = frozenset(a.themes), frozenset(b.themes)
        keys = set(a.p) | set(b.p)
        change = sum(abs(a.p.get(k, 0.0) - b.p.get(k, 0.0)) for k in keys) / len(keys) if keys else 0.0
        row[:3] = mine != theirs, change, 1
    made = _test(name, rows, cases, how)
    nothing = Figure(estimate=None, low=None, high=None, n=0, clusters=0, note="no edit score of single texts")
    return made.model_copy(update={"f1_shift": nothing})
