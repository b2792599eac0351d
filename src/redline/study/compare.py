"""Two cells against each other, paired on the replies that both were compared with."""

from __future__ import annotations

from dataclasses import replace

from redline.errors import UsageError, did_you_mean
from redline.scoring import Judges, Plan, Rows, Scored, TableContrast, score_corpus
from redline.study.outcome import drafted_corpus, score_plan, study_labels
from redline.study.shards import Bench

__all__ = ["compare_cells"]


def compare_cells(
    bench: Bench, judges: Judges, a: str, b: str, corpus: str | None = None
) -> tuple[Scored, list[TableContrast]]:
    """The scores of the two systems alone and the contrasts a - b; `corpus` names one of several.

    Verdicts come from the study's store, so this takes seconds after a run.
    """
    if a == b:
        raise UsageError("a row differs from itself by nothing; name two rows")
    specs = {c.name: c for c in bench.place.spec.corpora}
    name = corpus or next(iter(specs))
    if name not in specs:
        raise UsageError(f"the study has no corpus {name!r}; corpora: {', '.join(specs)}")
    found = drafted_corpus(bench, specs[name])
    systems = [c.system for c in bench.place.cells if c.corpus.name == name]
    for system in (a, b):
        if system not in systems:
            raise UsageError(f"the study has no row {system!r}; {did_you_mean(system, systems, 'rows')}")
        if not any(d.system == system and d.status.scored for d in found.drafts):
            raise UsageError(f"{system} has no draft yet; run the study first")
    part = replace(found, drafts=tuple(d for d in found.drafts if d.system in (a, b)), replies=found.independent)
    plan: Plan = replace(score_plan(bench.place.spec, part), rows=Rows(floors=False, ceiling=False), baseline=b)
    scored = score_corpus(part, judges, plan, bench.place.taxonomy, study_labels(bench, specs[name]))
    return scored, [t for t in scored.table.contrasts if (t.contrast.a, t.contrast.b) == (a, b)]
