"""What a judge or a theme classifier says about held-out annotations: agreement with people, and how often it fails.

Works on any judge.  Figures are over the units that it judged; how many it did not judge, and why, stands beside them, and
a failure is never counted as a decision.  Intervals are over cases (95 %, `redline.stats`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair, ThemedText
from redline.judging import ContentJudge, Judge, Runner, ThemeJudge, ThemeQuestion, VerdictStore, pair_questions
from redline.records import Status, ThemeVerdict, Verdict
from redline.scoring import content_load
from redline.stats import Interval, Score, clustered_figures
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.training.encoder.measures import f1_at
from redline.training.judges.figures import JudgeQuality, ThemeQuality

__all__ = ["judge_quality", "theme_quality"]

Progress = Callable[[int, int], None]
V = TypeVar("V", Verdict, ThemeVerdict)


def judge_quality(
    judge: ContentJudge, pairs: Sequence[AnnotatedPair], *, store: VerdictStore | None = None,
    progress: Progress | None = None,
) -> JudgeQuality:  # fmt: skip
    """How `judge` decides about held-out pairs, against the annotators' majority; `progress` is told in pairs."""
    asked = [pair_questions(p.pair) for p in pairs]
    answers = _answers(judge, asked, store, progress)
    marks = [[*p.deleted, *p.added] for p in pairs]
    rows, cases = [], []
    for pair, mine, people in zip(pairs, answers, marks, strict=True):
        for verdict, edited in zip(mine, people, strict=True):
            if verdict.hard is not None:
                rows.append(_confusion(bool(verdict.hard), edited))
                cases.append(pair.case)
    kappa, precision, recall, f1 = _figures(rows, cases, _agreement, ("kappa", "precision", "recall", "f1"))
    total = np.sum(rows, axis=0) if rows else np.zeros(4)
    n = total.sum()
    whole = [i for i, mine in enumerate(answers) if mine and all(v.hard is not None for v in mine)]
    return JudgeQuality(
        sum(map(len, asked)), _statuses(v for mine in answers for v in mine), kappa, f1, precision, recall,
        float(total[[0, 2]].sum() / n) if n else None, float(total[[0, 1]].sum() / n) if n else None, len(whole),
        _edit_f1([pairs[i] for i in whole], [answers[i] for i in whole]),
    )  # fmt: skip


def theme_quality(
    classifier: ThemeJudge, texts: Sequence[ThemedText], *, taxonomy: Taxonomy | None = None,
    store: VerdictStore | None = None, progress: Progress | None = None,
) -> ThemeQuality:  # fmt: skip
    """How `classifier` labels held-out texts, against the annotators' majority; `progress` is told in texts."""
    known = taxonomy or default_taxonomy()
    asked = [[ThemeQuestion(t.units, i) for i in range(len(t.units))] for t in texts]
    answers = _answers(classifier, asked, store, progress)
    pairs: list[tuple[frozenset[str], frozenset[str]]] = []
    cases = []
    for text, mine in zip(texts, answers, strict=True):
        for verdict, people in zip(mine, text.themes(known), strict=True):
            if verdict.status is Status.OK:
                pairs.append((frozenset(verdict.themes), frozenset(people)))
                cases.append(text.case)
    rows = [np.array([len(said & people), len(said) + len(people), said == people, 1.0]) for said, people in pairs]
    micro, exact = _figures(rows, cases, _overlap, ("micro", "exact"))
    themes = {key: _theme(key, pairs) for key in known.keys}
    supported = [v["f1"] for v in themes.values() if v["support"]]
    return ThemeQuality(
        sum(map(len, asked)), _statuses(v for mine in answers for v in mine), micro, exact,
        float(np.mean(supported)) if supported else None, themes,
    )  # fmt: skip


def _answers(
    judge: Judge[Any, V], asked: Sequence[Sequence[Any]], store: VerdictStore | None, progress: Progress | None
) -> list[list[V]]:
    """Verdicts of each item's questions.  Items are never cut by a batch: the judge then asks what it was trained on."""
    runner: Runner[Any, V] = Runner(judge, VerdictStore() if store is None else store)
    answers: list[list[V]] = []
    some: list[Sequence[Any]] = []
    for i, questions in enumerate(asked, start=1):
        some.append(questions)
        if i == len(asked) or sum(map(len, some)) + len(asked[i]) > judge.batch:
            found = iter(runner.run([q for item in some for q in item]))
            answers += [[next(found) for _ in item] for item in some]
            some = []
            if progress:
                progress(i, len(asked))
    return answers


def _confusion(said: bool, true: bool) -> NDArray[np.float64]:
    """Hit, false alarm, miss, rightly kept."""
    return np.array([said and true, said and not true, true and not said, not said and not true], dtype=np.float64)


def _agreement(sums: NDArray[np.floating]) -> NDArray[np.floating]:
    """Cohen's kappa, precision, recall, F1 from summed confusions (last axis)."""
    hit, alarm, miss, kept = (sums[..., i].astype(np.float64) for i in range(4))
    n = hit + alarm + miss + kept
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = ((hit + alarm) * (hit + miss) + (miss + kept) * (alarm + kept)) / n**2
        kappa = np.where(chance == 1, 1.0, ((hit + kept) / n - chance) / (1 - chance))
        f1 = 2 * hit / (2 * hit + alarm + miss)
        return np.stack([kappa, hit / (hit + alarm), hit / (hit + miss), f1], axis=-1)


def _overlap(sums: NDArray[np.floating]) -> NDArray[np.floating]:
    """Micro F1 of themes, and the share of units with exactly the same."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack([2 * sums[..., 0] / sums[..., 1], sums[..., 2] / sums[..., 3]], axis=-1)


def _figures(
    rows: Sequence[NDArray[np.float64]], cases: Sequence[str], score: Score, names: Sequence[str]
) -> list[Interval]:
    return list(clustered_figures(np.array(rows), cases, score, names).values())


def _edit_f1(pairs: Sequence[AnnotatedPair], answers: Sequence[Sequence[Verdict]]) -> tuple[float | None, float | None]:
    """Hard micro edit-F1 by the judge and by people."""
    if not pairs:
        return None, None
    mine = [(a[: len(p.draft)], a[len(p.draft) :]) for p, a in zip(pairs, answers, strict=True)]
    people = [([_decided(m) for m in p.deleted], [_decided(m) for m in p.added]) for p in pairs]
    by_judge, by_people = (
        content_load([v for d, _ in sides for v in d], [v for _, r in sides for v in r], hard=True).f1
        for sides in (mine, people)
    )
    return by_judge, by_people


def _decided(edited: bool) -> Verdict:
    return Verdict(Status.OK, float(edited), edited)


def _theme(key: str, pairs: Sequence[tuple[frozenset[str], frozenset[str]]]) -> dict[str, float]:
    said = np.array([key in mine for mine, _ in pairs], dtype=np.float64)
    true = np.array([key in people for _, people in pairs], dtype=np.bool_)
    precision, recall, f1 = f1_at(said, true, 0.5)
    return {"precision": float(precision), "recall": float(recall), "f1": float(f1), "support": int(true.sum())}


def _statuses(verdicts: Iterable[Verdict | ThemeVerdict]) -> dict[str, int]:
    counts = Counter(v.status for v in verdicts)
    return {status.value: counts[status] for status in Status if counts[status]}
