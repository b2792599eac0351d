"""`redline themes compare`: a corpus and people's labels to a `ThemeComparison`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

import redline
from redline.annotation import ThemedText
from redline.corpus import Corpus
from redline.errors import UsageError
from redline.judging import Runner, ThemeQuestion
from redline.records import ThemeVerdict
from redline.scoring import check_themes
from redline.scoring.rows import reply_units
from redline.stats import Contrast, clustered_figures
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.validation.agree.labellers import LabelledUnits, labelled_units
from redline.validation.agree.reply_themes import ThemeLabels, choose_labels, labelled_replies
from redline.validation.figure import Figure, figure
from redline.validation.theme_comparison.confusion import confusions
from redline.validation.theme_comparison.rare_shares import share_figure
from redline.validation.theme_comparison.rates import Rates, rates, with_holm
from redline.validation.theme_comparison.result import (
    ConfusedPair,
    Difference,
    LabellerGap,
    PublishedRow,
    ResidualShare,
    SystemThemes,
    ThemeComparison,
)  # fmt: skip
from redline.validation.theme_comparison.settings import RevisionRules
from redline.validation.theme_comparison.texts import LabelledText, TextLabels, classified, of_annotators, of_writers
from redline.validation.theme_comparison.verdict import confused_pair, overall, standing_to_paper, taxonomy_rules
from redline.validation.theme_comparison.words import comparison_limits, say_comparison

__all__ = ["ComparePlan", "compare_themes"]

_NO_THEMES = (
    "no reply of {} has sentences whose themes are known: the classifier failed on all of them. See that it answers, or take the "
    "writers' own labels (--labels writers) where the corpus has them."
)

Classify = Runner[ThemeQuestion, ThemeVerdict]


@dataclass(frozen=True)
class ComparePlan:
    """How themes are compared: resamples, seed, whose labels of replies, the rules of the verdict, the split looked at."""

    draws: int = 10_000
    seed: int = 17
    labels: ThemeLabels = ThemeLabels.AUTO
    split: str | None = None
    rules: RevisionRules = field(default_factory=RevisionRules)

    def __post_init__(self) -> None:
        if self.seed < 0 or self.draws < 100:
            raise UsageError(f"seed is not negative, draws are 100 or more; got {self.seed}, {self.draws}")


def compare_themes(
    corpus: Corpus, classifier: Classify, plan: ComparePlan | None = None, taxonomy: Taxonomy | None = None, *,
    texts: Sequence[ThemedText] = (),
) -> ThemeComparison:  # fmt: skip
    """Theme distribution of the clinicians of `corpus` beside the published one and beside each system's drafts.

    `texts` are texts that annotators labelled: they tell which themes people confuse, and give a second opinion on drafts.
    `UsageError` without an independent reply.
    """
    plan, taxonomy = plan or ComparePlan(), taxonomy or default_taxonomy()
    if not corpus.independent:
        raise UsageError(
            f"{corpus.name} has no reply that a clinician wrote without a draft in view, so there is no distribution to compare"
        )
    whose, own, why = choose_labels(corpus, plan.labels, taxonomy)
    check_themes(classifier.judge, taxonomy)
    machine = classified(corpus, classifier)
    main = of_writers(own) if whose is ThemeLabels.WRITERS else machine
    if not main.replies:
        raise UsageError(_NO_THEMES.format(corpus.name))
    people = of_annotators(texts, corpus, taxonomy) if texts else None
    clinicians, by_clinician = _clinicians(main, taxonomy, plan)
    labelled, pairs = _confused(corpus, texts, taxonomy, plan)
    residual = _residual_share(main, taxonomy, plan)
    results = taxonomy_rules(clinicians, residual, pairs, len(labelled.raters), taxonomy, plan.rules)
    systems = tuple(
        _system(name, machine, people, taxonomy, plan) for name in sorted({t.system or "" for t in machine.drafts})
    )
    found = ThemeComparison(
        redline=redline.__version__,
        corpus=corpus.name,
        digest=corpus.digest,
        provenance=corpus.provenance,
        split=plan.split,
        classifier=classifier.judge.signature,
        labels=whose.value,
        labels_note=why,
        draws=plan.draws,
        seed=plan.seed,
        rules=asdict(plan.rules),
        theme_names={t.key: t.name for t in taxonomy.themes},
        residual=taxonomy.residual,
        replies=len(main.replies),
        messages=len({t.case for t in main.replies}),
        clinicians=clinicians,
        by_clinician=by_clinician,
        systems=systems,
        labeller_gap=_labeller_gap(main, machine, taxonomy, plan) if main is not machine else None,
        residual_share=residual,
        raters=labelled.raters,
        labelled_sentences=len(labelled.labels),
        confusions=pairs,
        verdict=overall(results),
        results=results,
        words=(),
        limits=(),
    )
    limits = tuple(comparison_limits(found, machine.unknown, machine.empty))
    return found.model_copy(update={"words": tuple(say_comparison(found)), "limits": limits})


def _confused(
    corpus: Corpus, texts: Sequence[ThemedText], taxonomy: Taxonomy, plan: ComparePlan
) -> tuple[LabelledUnits, tuple[ConfusedPair, ...]]:  # fmt: skip
    """Sentences that two people labelled, and each pair of themes on them."""
    own = labelled_replies(corpus.independent, taxonomy) if texts else {}
    units = {(r.case, r.clinician): reply_units(r) for r in corpus.independent}
    labelled = labelled_units(texts, own, units, taxonomy)
    found = confusions(labelled, taxonomy.keys, plan.rules, draws=plan.draws, seed=plan.seed)
    return labelled, tuple(confused_pair(c, plan.rules) for c in found)


def _clinicians(
    main: TextLabels, taxonomy: Taxonomy, plan: ComparePlan
) -> tuple[dict[str, PublishedRow], dict[str, dict[str, Figure]]]:
    """All clinicians against the paper, and each clinician's shares."""
    groups: dict[str, Sequence[LabelledText]] = {"": main.replies}
    groups |= {p: [t for t in main.replies if t.clinician == p] for p in main.clinicians}
    found = rates(groups, taxonomy.keys, draws=plan.draws, seed=plan.seed)
    distances: dict[str, Contrast] = {}
    for theme in taxonomy.themes:
        value = found.figure("", theme.key).estimate
        if theme.published is not None and value is not None:
            distances[theme.key] = found.against("", theme.key, min(max(value, theme.published[0]), theme.published[1]))
    held = with_holm(distances)
    rows = {}
    for theme in taxonomy.themes:
        rate, distance = found.figure("", theme.key), held.get(theme.key)
        rows[theme.key] = PublishedRow(
            rate=rate,
            published=theme.published,
            distance=None if distance is None else _difference(distance, rate.n),
            standing=standing_to_paper(rate, distance, theme.published, plan.rules),
        )
    return rows, {p: {k: found.figure(p, k) for k in taxonomy.keys} for p in main.clinicians}


def _difference(found: Contrast, n: int) -> Difference:
    return Difference(difference=figure(found.difference, n), p=found.p, p_holm=found.p_holm)


def _differences(found: Rates, a: str, b: str, n: int) -> dict[str, Difference]:
    held = with_holm({key: found.difference(a, b, key) for key in found.keys})
    return {key: _difference(c, n) for key, c in held.items()}


def _system(
    name: str, machine: TextLabels, people: TextLabels | None, taxonomy: Taxonomy, plan: ComparePlan
) -> SystemThemes:  # fmt: skip
    drafts = machine.of(name)
    found, shared = _beside(name, machine, taxonomy, plan)
    by_people = None
    if people is not None and people.of(name):
        second, together = _beside(name, people, taxonomy, plan)
        by_people = _differences(second, "drafts", "replies", together) if together else None
    return SystemThemes(
        system=name,
        drafts=len(drafts),
        messages=len({t.case for t in drafts}),
        shared_messages=shared,
        rates={key: found.figure("", key) for key in taxonomy.keys},
        differences=_differences(found, "drafts", "replies", shared),
        by_annotators=by_people,
    )


def _beside(name: str, labels: TextLabels, taxonomy: Taxonomy, plan: ComparePlan) -> tuple[Rates, int]:
    """Rates of a system's drafts (""), and of `drafts` and `replies` on the messages that have both; how many these are."""
    drafts = labels.of(name)
    shared = {t.case for t in drafts} & {t.case for t in labels.replies}
    groups = {
        "": drafts,
        "drafts": [t for t in drafts if t.case in shared],
        "replies": [t for t in labels.replies if t.case in shared],
    }
    return rates(groups, taxonomy.keys, draws=plan.draws, seed=plan.seed), len(shared)


def _labeller_gap(main: TextLabels, machine: TextLabels, taxonomy: Taxonomy, plan: ComparePlan) -> LabellerGap | None:
    """The same replies by the classifier and by their writers."""
    theirs = {(t.case, t.clinician): t for t in main.replies}
    both = [t for t in machine.replies if (t.case, t.clinician) in theirs]
    if not both:
        return None
    groups = {"classifier": both, "writers": [theirs[t.case, t.clinician] for t in both]}
    found = rates(groups, taxonomy.keys, draws=plan.draws, seed=plan.seed)
    return LabellerGap(
        rates={key: found.figure("classifier", key) for key in taxonomy.keys},
        differences=_differences(found, "classifier", "writers", len(both)),
    )


def _residual_share(main: TextLabels, taxonomy: Taxonomy, plan: ComparePlan) -> ResidualShare:
    residual = frozenset({taxonomy.residual})

    def share(kept: Callable[[int, int], bool]) -> Figure:
        rows, cases = [], []
        for text in main.replies:
            inside = [unit for i, unit in enumerate(text.units) if kept(i, len(text.units))]
            if inside:
                rows.append([float(sum(not unit - residual for unit in inside)), float(len(inside))])
                cases.append(text.case)
        table: NDArray[np.float64] = np.array(rows).reshape(-1, 2)
        found = clustered_figures(table, cases, _ratio, ("share",), draws=plan.draws, seed=plan.seed)["share"]
        carrying = {case for case, row in zip(cases, rows, strict=True) if row[0]}
        lacking = {case for case, row in zip(cases, rows, strict=True) if row[0] < row[1]}
        return share_figure(found, int(table[:, 1].sum()), len(set(cases)), len(carrying), len(lacking))

    return ResidualShare(every=share(lambda i, n: True), inside=share(lambda i, n: 0 < i < n - 1))


def _ratio(sums: NDArray[np.floating]) -> NDArray[np.floating]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums[..., 1:] > 0, sums[..., :1] / sums[..., 1:], np.nan)
