"""From stored drafts to the files of a study: `drafts.jsonl`, the scored corpora, `results.json`, `report.html`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import redline
from redline.annotation import Labels, read_labels
from redline.corpus import Corpus, DraftForm
from redline.files import open_atomic, write_json, write_text
from redline.records import Draft
from redline.report import read_results, render_overview, render_report, write_results
from redline.scoring import BOILERPLATE, CEILING, EMPTY, EditCost, Judges, Plan, Rows, Scored, score_corpus
from redline.study.shards import Bench
from redline.study.spec import CorpusSpec, StudySpec

__all__ = ["drafted_corpus", "score_plan", "score_study", "study_block", "study_labels", "write_drafts", "write_report"]


def write_drafts(bench: Bench, path: Path) -> int:
    """Every draft of the study, cell after cell in the order of their tasks; returns their number."""
    count = 0
    with open_atomic(path) as file:
        for cell in bench.place.cells:
            for text in bench.store.drafts(cell.id):
                row = {"corpus": cell.corpus.name, **json.loads(text)}
                file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
                count += 1
    return count


def drafted_corpus(bench: Bench, spec: CorpusSpec) -> Corpus:
    """A corpus of the study with the drafts made for it."""
    drafts = [draft for cell in bench.place.cells if cell.corpus.name == spec.name for draft in _drafts(bench, cell.id)]
    return replace(bench.place.corpus(spec), name=spec.name, drafts=tuple(drafts))


def _drafts(bench: Bench, cell: str) -> Iterator[Draft]:
    return (DraftForm.model_validate_json(text).record() for text in bench.store.drafts(cell))


def score_plan(spec: StudySpec, corpus: Corpus) -> Plan:
    """How the study scores; a baseline that this corpus has no drafts of is left to the default."""
    score = spec.score
    drafted = {d.system for d in corpus.drafts if d.status.scored}
    baseline = score.baseline if score.baseline in (*drafted, EMPTY, BOILERPLATE, CEILING) else None
    cost = EditCost(1.0, score.delete_cost, score.read_cost)
    return Plan(Rows(score.floors, True, spec.seed), cost, score.draws, spec.seed, score.margin, baseline)


def study_labels(bench: Bench, corpus: CorpusSpec) -> Labels | None:
    """People's labels of this corpus, where the study names some."""
    spec = bench.place.spec
    named = spec.labels
    if named is None or corpus.name != (named.corpus or spec.corpora[0].name):
        return None
    return read_labels(
        named.pairs, named.annotations, named.theme_texts, named.theme_labels, taxonomy=bench.place.taxonomy
    )


def score_study(bench: Bench, judges: Judges, folder: Path) -> dict[str, Scored]:
    """Judge and score every corpus and write the results.

    One corpus: its results stand in `folder` itself, as `redline score` writes them.  Several: each has a folder of its
    own under `corpora`, and `results.json` holds all of them by name.  A corpus that nobody answered is drafted and not scored.
    """
    spec = bench.place.spec
    single = len(spec.corpora) == 1
    found: dict[str, Scored] = {}
    every: dict[str, Any] = {}
    for corpus_spec in spec.corpora:
        corpus = drafted_corpus(bench, corpus_spec)
        block = study_block(bench, corpus_spec, corpus.drafts)
        target = folder if single else folder / "corpora" / corpus_spec.name
        if not corpus.independent:  # nothing to compare with: drafted, and said so
            every[corpus_spec.name] = {"redline": redline.__version__, "cells": [], "study": block}
            continue
        labels = study_labels(bench, corpus_spec)
        scored = score_corpus(corpus, judges, score_plan(spec, corpus), bench.place.taxonomy, labels)
        write_results(scored, target, block)
        found[corpus_spec.name] = scored
        if not single:
            every[corpus_spec.name] = read_results(target)[0]
    if not single:
        write_json(folder / "results.json", {"redline": redline.__version__, "study": spec.name, "corpora": every})
    elif not found:
        write_json(folder / "results.json", every[spec.corpora[0].name])
    if found:
        write_report(spec, folder)
    return found


def write_report(spec: StudySpec, folder: Path) -> Path:
    """`report.html` of a scored study; of several corpora a page each and an overview of all."""
    if len(spec.corpora) == 1:
        write_text(folder / "report.html", render_report(*read_results(folder)))
        return folder / "report.html"
    every = {}
    for corpus in spec.corpora:
        place = folder / "corpora" / corpus.name
        if (place / "results.json").exists():
            every[corpus.name], messages = read_results(place)
            write_text(place / "report.html", render_report(every[corpus.name], messages))
    write_text(folder / "report.html", render_overview(spec.name, every))
    return folder / "report.html"


def study_block(bench: Bench, spec: CorpusSpec, drafted: Sequence[Draft]) -> dict[str, Any]:
    """What the results say of how the drafts `drafted` were made; nothing of when, how fast or in how many runs."""
    by_system: dict[str, list[Draft]] = {}
    for draft in drafted:
        by_system.setdefault(draft.system, []).append(draft)
    cells = []
    for cell in bench.place.cells:
        if cell.corpus.name != spec.name:
            continue
        model = bench.model(cell)
        drafts = by_system.get(cell.system, [])
        statuses, flags = Counter(d.status.value for d in drafts), Counter(f for d in drafts for f in d.flags)
        reasons = Counter(d.detail for d in drafts if d.detail and d.status.value != "ok")
        cells.append(
            {
                "system": cell.system, "model": cell.model_name, "model_digest": model.digest if model else None,
                "strategy": cell.strategy, "strategy_digest": bench.strategy(cell).digest, "tasks": bench.count(cell),
                "statuses": dict(sorted(statuses.items())), "flags": dict(sorted(flags.items())),
                "reasons": dict(sorted(reasons.items(), key=lambda r: (-r[1], r[0]))[:10]), "failure": bench.store.failure(cell.id),
            }
        )  # fmt: skip
    drafting = bench.place.spec.drafting
    return {
        "name": bench.place.spec.name,
        "seed": bench.place.spec.seed,
        "drafting": drafting.model_dump(),
        "cells": cells,
    }
