"""The theme level of a card: sets of themes of units, of the classifier and of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from redline.annotation import ThemedText
from redline.records import Status, ThemeVerdict
from redline.stats import ResamplingPlan, bootstrap, group_clusters, intervals
from redline.stats.agreement import PAIR_FIGURES, SetAgreement, confusion_rows, pair_figures
from redline.taxonomy import Taxonomy
from redline.validation.cards.parts import (
    Bias,
    Kappa,
    Pairwise,
    Prevalence,
    Rank,
    StabilityTest,
    ThemeFigures,
    ThemeOfCard,
)
from redline.validation.cards.settings import Settings
from redline.validation.figure import Figure, figure
from redline.validation.judge.content_level import count_of, failed_share, share_of
from redline.validation.judge.edit_bias import bias_of, differences
from redline.validation.judge.message_errors import error_figures, theme_errors
from redline.validation.judge.place import judge_rank, stand_in
from redline.validation.judge.stability import Resampling
from redline.validation.judge.theme_texts import edit_loads, text_sets
from redline.validation.judge.together import JUDGE, Comparisons, every_pair, kappa_means, pairwise
from redline.validation.judge.unit_table import by_cluster

__all__ = ["theme_figures"]

Floats = NDArray[np.float64]
Labels = list[frozenset[str] | None]
ONE_THEME = ("f1", "kappa", "ac1")


@dataclass(frozen=True)
class ThemeTable:
    """One row a unit: the classifier's themes and each annotator's, None where unknown; `text` indexes the texts."""

    judge: Labels
    people: tuple[Labels, ...]
    annotators: tuple[str, ...]
    cases: tuple[str, ...]
    text: NDArray[np.intp]

    @property
    def raters(self) -> dict[int, Labels]:
        """The classifier (-1) and the annotators."""
        return {JUDGE: self.judge, **dict(enumerate(self.people))}


def theme_table(
    texts: Sequence[ThemedText], answers: Mapping[tuple[str, ...], Sequence[ThemeVerdict]], taxonomy: Taxonomy
) -> ThemeTable:  # fmt: skip
    """Both sides of every unit; a unit that the classifier failed on is unknown for people too, so that all is on the same
    units.  No theme is the residual theme, and the residual beside another theme is dropped, on both sides.
    """
    names = tuple(sorted({name for t in texts for name in _names(t)}))
    judge: Labels = []
    people: dict[str, Labels] = {name: [] for name in names}
    cases, owner = [], []
    for number, text in enumerate(texts):
        own = dict(zip(_names(text), text.labels, strict=True))
        for i, verdict in enumerate(answers[text.units]):
            known = verdict.status is Status.OK
            judge.append(taxonomy.as_set(verdict.themes) if known else None)
            for name in names:
                people[name].append(taxonomy.as_set(own[name][i]) if known and name in own else None)
            cases.append(text.case)
            owner.append(number)
    return ThemeTable(judge, tuple(people.values()), names, tuple(cases), np.array(owner, dtype=np.intp))


def _names(text: ThemedText) -> tuple[str, ...]:
    return text.annotators or tuple(f"annotator {i}" for i in range(1, len(text.labels) + 1))


def theme_figures(
    texts: Sequence[ThemedText], answers: Mapping[tuple[str, ...], Sequence[ThemeVerdict]], taxonomy: Taxonomy,
    stability: Sequence[StabilityTest], how: Resampling, settings: Settings,
) -> ThemeFigures:  # fmt: skip
    """All figures of the theme level; `answers` holds the classifier's verdicts of each text's units."""
    table = theme_table(texts, answers, taxonomy)
    index, count = group_clusters(table.cases, seed=how.seed)
    plan = ResamplingPlan(max(count, 1), how.draws, how.seed)
    masi, jaccard = (_alphas(table, distance, index, plan) for distance in ("masi", "jaccard"))
    micro, macro, themes = _by_theme(table, taxonomy, index, plan)
    edit, bias = _edit(table, index, plan)
    labels = _columns(table)
    sets = SetAgreement.of(labels, "jaccard")
    codes, near = sets.codes(labels), 1.0 - sets.matrix
    wrong = error_figures(theme_errors(texts, answers, taxonomy), draws=how.draws, seed=how.seed)
    failures, failed = failed_share([(t.case, v.status) for t in texts for v in answers[t.units]], how)
    return ThemeFigures(
        messages=len({c for c, given in zip(table.cases, table.judge, strict=True) if given is not None}),
        alpha_masi=masi, alpha_jaccard=Pairwise(judge=jaccard.judge, annotators=jaccard.annotators),
        exact=_exact(table, index, plan), micro_f1=micro, macro_f1=macro, text_f1=_whole_texts(table, taxonomy, index, plan),
        people_alpha={name: _people(table, name, index, plan) for name in ("masi", "jaccard")},
        themes=themes, edit_f1=edit, edit_bias=bias, rank=_rank(table, taxonomy, how),
        alternative_annotator=stand_in(
            codes[:, 0], codes[:, 1:], table.cases, table.annotators, how, settings, lambda a, b: near[a, b]
        ),
        stability=tuple(stability), failures=failures, failed=failed, error=wrong["error"], bias=wrong["bias"],
    )  # fmt: skip


def _columns(table: ThemeTable) -> list[list[frozenset[str] | None]]:
    """(units, raters), the classifier first."""
    return [list(unit) for unit in zip(table.judge, *table.people, strict=True)]


def _alphas(table: ThemeTable, distance: str, index: NDArray[np.intp], plan: ResamplingPlan) -> Kappa:
    """Alpha of two raters at a time, and the means."""
    raters = table.raters
    score = SetAgreement.of(_columns(table), distance)

    def rows(a: int, b: int, where: Labels | None = None) -> Floats:
        mine = [
            x if where is None or w is not None else None for x, w in zip(raters[a], where or raters[a], strict=True)
        ]
        return score.rows([[x, y] for x, y in zip(mine, raters[b], strict=True)])

    found = Comparisons.of(
        table.annotators, score, score.paired_units, {(a, b): rows(a, b) for a, b in every_pair(len(table.annotators))}
    )
    same = {
        (a, b): (rows(JUDGE, a, raters[b]), rows(JUDGE, b, raters[a]))
        for a, b in combinations(range(len(table.annotators)), 2)
    }
    return kappa_means(found, same, index, 0, plan, pairwise(found, index, score.names, plan)["alpha"])


def _people(table: ThemeTable, distance: str, index: NDArray[np.intp], plan: ResamplingPlan) -> Figure:
    """Alpha of all annotators together."""
    labels = [unit[1:] for unit in _columns(table)]
    score = SetAgreement.of(labels, distance)
    rows = score.rows(labels) if score.vocabulary else np.zeros((len(labels), 3))
    found = intervals(bootstrap(by_cluster(rows, index, plan.clusters)[:, None], score, plan))[0][0]
    n = int(rows[:, 0].sum())
    return figure(found, n, "" if n else "no unit was labelled by two annotators")


def _exact(table: ThemeTable, index: NDArray[np.intp], plan: ResamplingPlan) -> Pairwise:
    """Share of units with exactly the same themes."""
    rows = {
        (a, b): np.array([[x == y, 1.0] if x is not None and y is not None else [0.0, 0.0] for x, y in zip(
            table.raters[a], table.raters[b], strict=True)]).reshape(-1, 2)
        for a, b in every_pair(len(table.annotators))
    }  # fmt: skip
    found = Comparisons.of(table.annotators, share_of, lambda sums: np.asarray(sums[..., 1]), rows)
    return pairwise(found, index, ("exact",), plan)["exact"]


def _present(labels: Labels, keys: Sequence[str]) -> NDArray[np.intp]:
    """(n, themes): 1 with the theme, 0 without, -1 unknown."""
    return np.array(
        [[-1] * len(keys) if given is None else [int(key in given) for key in keys] for given in labels], dtype=np.intp
    ).reshape(len(labels), len(keys))


def _by_theme(
    table: ThemeTable, taxonomy: Taxonomy, index: NDArray[np.intp], plan: ResamplingPlan
) -> tuple[Pairwise, Pairwise, dict[str, ThemeOfCard]]:
    """Micro and macro F1 over themes, and each theme against the rest."""
    keys = taxonomy.keys
    codes = {rater: _present(labels, keys) for rater, labels in table.raters.items()}
    rows = {
        (a, b): np.concatenate([confusion_rows(codes[a][:, k], codes[b][:, k]) for k in range(len(keys))], axis=1)
        for a, b in every_pair(len(table.annotators))
    }
    score = _Themes(len(keys))
    found = Comparisons.of(table.annotators, score, lambda sums: np.asarray(sums[..., :4].sum(axis=-1)), rows)
    names = ["micro", "macro", *(f"{key}.{value}" for key in keys for value in ONE_THEME)]
    shown = pairwise(found, index, names, plan)
    shares = np.stack([np.concatenate([c == 1, c >= 0], axis=1) for c in codes.values()], axis=1).astype(np.float64)
    prevalence = intervals(bootstrap(by_cluster(shares, index, plan.clusters), _Shares(len(keys)), plan))
    counts = [int((c[:, 0] >= 0).sum()) for c in codes.values()]
    themes = {}
    for k, key in enumerate(keys):
        judge, *people = (figure(row[k], n) for row, n in zip(prevalence, counts, strict=True))
        said = Prevalence(judge=judge, annotators=dict(zip(table.annotators, people, strict=True)))
        themes[key] = ThemeOfCard(**{v: shown[f"{key}.{v}"] for v in ONE_THEME}, prevalence=said)
    return shown["micro"], shown["macro"], themes


@dataclass(frozen=True)
class _Themes:
    """Of confusions of each theme side by side: micro F1, mean of the themes' F1, then `ONE_THEME` of each theme."""

    themes: int

    def __call__(self, sums: NDArray[np.floating]) -> Floats:
        each = np.asarray(sums, dtype=np.float64).reshape(*sums.shape[:-1], self.themes, 4)
        figures = pair_figures(each)[..., [PAIR_FIGURES.index(v) for v in ONE_THEME]]
        f1 = figures[..., 0]
        known = np.isfinite(f1)
        with np.errstate(divide="ignore", invalid="ignore"):
            macro = np.where(known, f1, 0.0).sum(axis=-1) / np.where(known.any(axis=-1), known.sum(axis=-1), np.nan)
        micro = pair_figures(each.sum(axis=-2))[..., PAIR_FIGURES.index("f1")]
        return np.concatenate([np.stack([micro, macro], axis=-1), figures.reshape(*figures.shape[:-2], -1)], axis=-1)


@dataclass(frozen=True)
class _Shares:
    """First half of the statistics over the second."""

    size: int

    def __call__(self, sums: NDArray[np.floating]) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums[..., : self.size] / sums[..., self.size :], dtype=np.float64)


def _whole_texts(table: ThemeTable, taxonomy: Taxonomy, index: NDArray[np.intp], plan: ResamplingPlan) -> Pairwise:
    """Micro F1 of the sets of themes of whole texts, of texts that both labelled whole."""
    first = np.unique(table.text, return_index=True)[1]
    codes = {rater: _present(text_sets(labels, table.text), taxonomy.keys) for rater, labels in table.raters.items()}
    rows = {
        (a, b): np.sum([confusion_rows(x, y) for x, y in zip(codes[a].T, codes[b].T, strict=True)], axis=0)
        for a, b in every_pair(len(table.annotators))
    }
    found = Comparisons.of(table.annotators, pair_figures, lambda sums: count_of(sums) / len(taxonomy.keys), rows)
    return pairwise(found, index[first], PAIR_FIGURES, plan)["f1"]


def _edit(
    table: ThemeTable, index: NDArray[np.intp], plan: ResamplingPlan
) -> tuple[dict[str, Figure], Bias]:  # fmt: skip
    """Theme edit-F1 of the texts of a message against each other, by the classifier, by people, and the difference."""
    rows, owner, n = edit_loads(table.judge, table.people, table.text, table.cases, index)
    sums = by_cluster(rows, owner, plan.clusters)
    drawn = bootstrap(sums, _overlap, plan)
    note = "" if n else "no message has two labelled texts"
    judge, people = (figure(row[0], n, note) for row in intervals(drawn))
    return {"judge": judge, "people": people}, bias_of(differences(sums, _overlap)[0][0], n, note=note)


def _overlap(sums: NDArray[np.floating]) -> Floats:
    """Theme edit-F1 from summed sizes and overlaps of sets; each text is once the draft and once the reference."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 1:2] / sums[..., 0:1], dtype=np.float64)


def _rank(table: ThemeTable, taxonomy: Taxonomy, how: Resampling) -> Rank:
    """Place by micro F1: every (unit, theme) is a yes or no."""
    columns = [_present(labels, taxonomy.keys).ravel() for labels in table.raters.values()]
    cases = [case for case in table.cases for _ in taxonomy.keys]
    return judge_rank(columns[0], np.stack(columns[1:], axis=1), cases, table.annotators, "f1", how)
