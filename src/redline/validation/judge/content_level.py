"""The content level of a card: decisions about units, of the judge and of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair
from redline.records import Status, Verdict
from redline.stats import ResamplingPlan, bootstrap, clustered_figures, intervals
from redline.stats.agreement import PAIR_FIGURES, confusion_rows, pair_figures
from redline.stats.calibration import Reliability, reliability
from redline.validation.cards.parts import Bin, ContentFigures, Kappa, Pairwise, Prevalence, StabilityTest
from redline.validation.cards.settings import Settings
from redline.validation.figure import Figure, figure
from redline.validation.judge.edit_bias import edit_scores_of, slices_of
from redline.validation.judge.message_errors import error_figures, message_errors
from redline.validation.judge.place import judge_rank, stand_in
from redline.validation.judge.stability import Resampling
from redline.validation.judge.together import JUDGE, Comparisons, every_pair, kappa_means, pairwise
from redline.validation.judge.unit_table import UnitTable, by_cluster, unit_table

__all__ = ["content_figures", "count_of", "failed_share", "share_of"]

Floats = NDArray[np.float64]


def content_figures(
    pairs: Sequence[AnnotatedPair], verdicts: Sequence[Sequence[Verdict]],
    themes: Mapping[tuple[str, ...], Sequence[frozenset[str]]], keys: Sequence[str], stability: Sequence[StabilityTest],
    how: Resampling, settings: Settings,
) -> ContentFigures:  # fmt: skip
    """All figures of the content level.

    `verdicts` holds a list a pair (draft units first), `themes` the themes of each text's units, `keys` the themes to slice by.
    """
    table = unit_table(pairs, verdicts)
    index, _ = table.clusters(how.seed)
    plan = table.plan(how.draws, how.seed)
    shown, kappa = _agreement(table, index, plan)
    edit, slices = edit_scores_of(
        table, pairs, slices_of(table, pairs, _themes_of(table, pairs, themes), keys), how.seed, plan
    )
    known = table.compared
    curve = reliability(
        table.p[known], table.share[known], [c for c, k in zip(table.cases, known, strict=True) if k],
        draws=how.draws, seed=how.seed,
    )  # fmt: skip
    failures, failed = failed_share(_statuses(pairs, verdicts), how)
    by_pair = {p.id: mine for p, mine in zip(pairs, verdicts, strict=True)}
    wrong = error_figures(message_errors(pairs, by_pair), draws=how.draws, seed=how.seed)
    return ContentFigures(
        messages=len({table.cases[i] for i in np.flatnonzero(known)}),
        kappa=kappa, ac1=shown["ac1"], agreement=shown["agreement"], f1=shown["f1"], precision=shown["precision"],
        recall=shown["recall"], prevalence=_prevalence(table, index, plan), **_calibration(curve),
        edit=edit, slices=slices, rank=judge_rank(table.judge, table.people, table.cases, table.annotators, "kappa", how),
        alternative_annotator=stand_in(table.judge, table.people, table.cases, table.annotators, how, settings),
        stability=tuple(stability), failures=failures, failed=failed, error=wrong["error"], bias=wrong["bias"],
    )  # fmt: skip


def _agreement(
    table: UnitTable, index: NDArray[np.intp], plan: ResamplingPlan
) -> tuple[dict[str, Pairwise], Kappa]:  # fmt: skip
    columns = {JUDGE: table.judge, **dict(enumerate(table.people.T))}
    rows = {(a, b): confusion_rows(columns[a], columns[b]) for a, b in every_pair(len(table.annotators))}
    found = Comparisons.of(table.annotators, pair_figures, count_of, rows)
    shown = pairwise(found, index, PAIR_FIGURES, plan)
    same = {}
    for a, b in combinations(range(len(table.annotators)), 2):
        both = ((columns[a] >= 0) & (columns[b] >= 0))[:, None]
        same[a, b] = (rows[JUDGE, a] * both, rows[JUDGE, b] * both)
    kappa = kappa_means(found, same, index, PAIR_FIGURES.index("kappa"), plan, shown["kappa"])
    return shown, kappa


def count_of(sums: Floats) -> Floats:
    """Units in summed confusions."""
    return np.asarray(sums.sum(axis=-1))


def _prevalence(table: UnitTable, index: NDArray[np.intp], plan: ResamplingPlan) -> Prevalence:
    """Shares of edited units; every annotator's of the units that they decided and the judge judged."""
    known = (table.people >= 0).any(axis=1)
    columns = [np.where(known, table.judge, -1), *table.people.T]
    rows = np.stack([np.stack([c == 1, c >= 0], axis=1) for c in columns], axis=1).astype(np.float64)
    made = intervals(bootstrap(by_cluster(rows, index, plan.clusters), share_of, plan))
    judge, *people = (figure(row[0], int((c >= 0).sum())) for row, c in zip(made, columns, strict=True))
    return Prevalence(judge=judge, annotators=dict(zip(table.annotators, people, strict=True)))


def share_of(sums: NDArray[np.floating]) -> Floats:
    """First over second statistic."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., :1] / sums[..., 1:2], dtype=np.float64)


def _themes_of(
    table: UnitTable, pairs: Sequence[AnnotatedPair], themes: Mapping[tuple[str, ...], Sequence[frozenset[str]]]
) -> list[frozenset[str]]:
    """Themes of the unit of each row."""
    found = []
    for number, at in zip(table.pair, table.at, strict=True):
        pair = pairs[number]
        text, place = (pair.draft, at) if at < len(pair.draft) else (pair.reference, at - len(pair.draft))
        found.append(themes[text][place] if text in themes else frozenset[str]())
    return found


def _statuses(pairs: Sequence[AnnotatedPair], verdicts: Sequence[Sequence[Verdict]]) -> list[tuple[str, Status]]:
    """(case, status) of every unit."""
    return [(p.case, v.status) for p, mine in zip(pairs, verdicts, strict=True) for v in mine]


def failed_share(statuses: Sequence[tuple[str, Status]], how: Resampling) -> tuple[dict[str, int], Figure]:
    """Units by status, failures only, and the share that failed."""
    counts = Counter(s for _, s in statuses)
    rows = np.array([[s is not Status.OK, 1.0] for _, s in statuses], dtype=np.float64).reshape(-1, 2)
    made = clustered_figures(rows, [c for c, _ in statuses], share_of, ("failed",), draws=how.draws, seed=how.seed)
    found = figure(made["failed"], len(statuses))
    if found.estimate == 0:
        found = found.model_copy(update={"note": "no unit failed"})
    return {s.value: counts[s] for s in Status if counts[s] and s is not Status.OK}, found


def _calibration(curve: Reliability) -> dict[str, Any]:
    """The reliability curve as the card holds it: bins with units only."""
    bins = tuple(
        Bin(low=b.low, high=b.high, count=b.count, p=b.mean_p, share=figure(b.share, b.count))
        for b in curve.bins
        if b.count
    )
    ece, gap, brier = (figure(i, curve.units, curve.reason) for i in (curve.ece, curve.gap, curve.brier))
    return {
        "ece": ece, "ece_plain": curve.ece_plain, "ece_of_chance": curve.ece_of_chance, "gap": gap, "brier": brier,
        "reliability": bins,
    }  # fmt: skip
