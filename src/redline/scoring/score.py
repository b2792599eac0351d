"""A corpus to its table: the one call that `redline score` makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redline.annotation import Labels
from redline.corpus import Corpus
from redline.errors import UsageError
from redline.judging import RunReport, ThemeJudge
from redline.records import EditLoad
from redline.scoring.comparison import Kind
from redline.scoring.corrected import CorrectedTable, check_labels, corrected_table
from redline.scoring.cost import EditCost
from redline.scoring.findings import Finding, find
from redline.scoring.layout import Layout
from redline.scoring.loads import Judged, content_load
from redline.scoring.measures import Measures
from redline.scoring.outcomes import outcome_findings, with_outcomes
from redline.scoring.rows import Rows, comparisons, observed_comparisons
from redline.scoring.run import Judges, judge_comparisons
from redline.scoring.signature import Signature
from redline.scoring.table import ScoreTable, check_baseline, empty_table, make_table
from redline.scoring.validity import Validity
from redline.taxonomy import Taxonomy, default_taxonomy

__all__ = ["Plan", "Scored", "check_themes", "clinician_matrix", "score_corpus"]


@dataclass(frozen=True)
class Plan:
    """How a corpus is scored."""

    rows: Rows = Rows()
    cost: EditCost = EditCost()
    draws: int = 10_000
    seed: int = 17
    margin: float = 0.05
    baseline: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.margin <= 1 or self.seed < 0 or self.draws < 100:
            raise UsageError(
                "margin is above 0 and up to 1, seed is not negative, draws are 100 or more; got "
                f"{self.margin:g}, {self.seed}, {self.draws}"
            )


@dataclass(frozen=True)
class Scored:
    """Everything that a report shows; `observed` is None where the corpus has no observed edits, `corrected` where
    there are no labels.
    """

    corpus: Corpus
    judged: tuple[Judged, ...]
    table: ScoreTable
    observed: ScoreTable | None
    findings: tuple[Finding, ...]
    matrix: Mapping[tuple[str, str], EditLoad]
    signature: Signature
    run: RunReport
    validity: Validity = Validity()
    corrected: CorrectedTable | None = None

    @property
    def silent(self) -> bool:
        """Whether the judge was asked about units and answered for none: its server is down, and every figure is unknown."""
        asked = [v for j in self.judged for v in (*j.draft, *j.reference)]
        return bool(asked) and all(v.p_edit is None for v in asked)


def score_corpus(
    corpus: Corpus, judges: Judges, plan: Plan | None = None, taxonomy: Taxonomy | None = None, labels: Labels | None = None
) -> Scored:  # fmt: skip
    """Judge every comparison of `corpus` and put the tables together; with `labels` of people also the corrected figures."""
    plan = plan or Plan()
    taxonomy = taxonomy or default_taxonomy()
    check_themes(judges.themes, taxonomy)
    measures = Measures(Layout(taxonomy), plan.cost)
    found, seen_found = comparisons(corpus, plan.rows), observed_comparisons(corpus)
    if not found and not seen_found:
        raise UsageError("there is nothing to compare: no draft, and no case with a clinician's reply")
    check_baseline([c.cell for c in found], plan.baseline)
    if labels is not None:
        check_labels(found, labels.pairs, labels.texts, taxonomy)
    judged, run = judge_comparisons(found, judges)
    if found:
        table = make_table(
            judged, measures, draws=plan.draws, seed=plan.seed, margin=plan.margin, baseline=plan.baseline
        )
    else:
        table = empty_table(measures, draws=plan.draws, seed=plan.seed, margin=plan.margin)
    seen, _ = judge_comparisons(seen_found, judges)
    observed = make_table(seen, measures, draws=plan.draws, seed=plan.seed, margin=plan.margin) if seen else None
    validity = judges.validity
    signature = Signature(judges.content.signature, judges.themes.signature, table.plan, card=validity.speaking)
    corrected = _corrected(judged, table, labels)
    findings = (*outcome_findings(corpus.drafts), *find(table, corrected))
    table = with_outcomes(table, corpus.drafts)
    return Scored(
        corpus,
        (*judged, *seen),
        table,
        observed,
        findings,
        clinician_matrix(judged),
        signature,
        run,
        validity,
        corrected,
    )


def _corrected(judged: Sequence[Judged], table: ScoreTable, labels: Labels | None) -> CorrectedTable | None:
    """The table's figures and contrasts corrected by what people say, where they say anything."""
    if labels is None or not judged:
        return None
    rows = dict.fromkeys((t.contrast.a, t.contrast.b) for t in table.contrasts)
    layout, cost = table.measures.layout, table.measures.cost
    return corrected_table(judged, labels.pairs, layout, table.plan, list(rows), labels.texts, cost)


def check_themes(themes: ThemeJudge, taxonomy: Taxonomy) -> None:
    """A theme that the classifier does not know would score 0 everywhere, which is a wrong number and not a missing one."""
    known: Sequence[str] | None = getattr(themes, "themes", None)
    unknown = [] if known is None else [k for k in taxonomy.keys if k not in known]
    if unknown:
        raise UsageError(
            f"the theme classifier {themes.name!r} does not know {', '.join(unknown)} of your taxonomy; it knows "
            f"{', '.join(known or ())}. Use these keys (names and definitions are yours), or train a classifier on your labels."
        )


def clinician_matrix(judged: Sequence[Judged]) -> dict[tuple[str, str], EditLoad]:
    """Summed content load of (whose reply plays the draft, whose reply is the reference)."""
    loads: dict[tuple[str, str], EditLoad] = defaultdict(EditLoad)
    for item in judged:
        c = item.comparison
        if c.kind is Kind.CEILING and c.drafted_by is not None:
            loads[c.drafted_by, c.clinician] += content_load(item.draft, item.reference)
    return dict(loads)
