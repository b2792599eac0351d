"""The decisions of a judge and of people about the same units, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair
from redline.records import Verdict
from redline.stats import ResamplingPlan, group_clusters

__all__ = ["UnitTable", "by_cluster", "unit_table"]

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UnitTable:
    """One row a unit.  Codes are 1 edited, 0 kept, -1 no decision; `p` is the judge's probability, NaN without a verdict.

    `people` is (units, annotators); a unit without a verdict of the judge is unknown there too, so that the judge and people
    are compared on the same units.  `decided` is `people` with those units in.  `added` tells reference units from draft ones,
    `pair` indexes the pairs, `at` the units of a pair (draft first), `cases` names the patient message of each unit.
    """

    judge: Codes
    p: Floats
    people: Codes
    decided: Codes
    annotators: tuple[str, ...]
    added: NDArray[np.bool_]
    pair: Codes
    at: Codes
    cases: tuple[str, ...]

    @cached_property
    def share(self) -> Floats:
        """Share of the annotators who edit each unit, of those who decided; NaN where nobody did or the judge failed."""
        known = self.people >= 0
        count = known.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(count > 0, (self.people == 1).sum(axis=1) / np.maximum(count, 1), np.nan))

    @cached_property
    def compared(self) -> NDArray[np.bool_]:
        """Units with a verdict and at least one person's decision."""
        return np.asarray(np.isfinite(self.share) & (self.judge >= 0))

    def clusters(self, seed: int) -> tuple[NDArray[np.intp], int]:
        """Cluster of each row, and how many there are."""
        return group_clusters(self.cases, seed=seed)

    def plan(self, draws: int, seed: int) -> ResamplingPlan:
        """One plan for every figure of this table, so that all of them are paired."""
        return ResamplingPlan(max(self.clusters(seed)[1], 1), draws, seed)


def unit_table(pairs: Sequence[AnnotatedPair], verdicts: Sequence[Sequence[Verdict]]) -> UnitTable:
    """Verdicts (a list a pair, draft units first) beside the annotations; a unit that nobody decided is left out."""
    names = tuple(sorted({a.annotator for p in pairs for a in p.annotations}))
    place = {name: i for i, name in enumerate(names)}
    judge, p, rows, place_of, cases = [], [], [], [], []
    for number, (pair, mine) in enumerate(zip(pairs, verdicts, strict=True)):
        codes = np.full((len(mine), len(names)), -1, dtype=np.intp)
        for a in pair.annotations:
            codes[:, place[a.annotator]] = [-1 if m is None else int(m) for m in (*a.deleted, *a.added)]
        for i in np.flatnonzero((codes >= 0).any(axis=1)).tolist():
            verdict = mine[i]
            judge.append(-1 if verdict.hard is None else int(verdict.hard))
            p.append(np.nan if verdict.p_edit is None else verdict.p_edit)
            rows.append(codes[i])
            place_of.append((i >= len(pair.draft), number, i))
            cases.append(pair.case)
    judged = np.array(judge, dtype=np.intp)
    decided = np.array(rows, dtype=np.intp).reshape(len(rows), len(names))
    people = np.where((judged >= 0)[:, None], decided, -1)
    added, owner, at = np.array(place_of, dtype=np.intp).reshape(len(rows), 3).T
    return UnitTable(
        judged, np.array(p, dtype=np.float64), people, decided, names, added.astype(np.bool_), owner, at, tuple(cases)
    )


def by_cluster(rows: Floats, index: NDArray[np.intp], count: int) -> Floats:
    """Rows (n, ...) summed within each cluster: (clusters, ...)."""
    sums = np.zeros((count, *rows.shape[1:]))
    np.add.at(sums, index, rows)
    return sums
