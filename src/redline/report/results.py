"""`results.json`: the tables as plain data, the same bytes for the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redline
from redline.corpus import describe
from redline.records import EditLoad
from redline.report.corrected import corrected_block
from redline.report.intervals import interval_row
from redline.scoring import Cell, Scored, ScoreTable

__all__ = ["results"]


def results(scored: Scored, study: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything but the texts: cells, contrasts, matrix, findings, signature, and how a study made its drafts.

    Numbers are full precision; nothing depends on the clock, the machine or what was in the store.
    """
    table, corpus = scored.table, scored.corpus
    people = describe(corpus, table.measures.layout.taxonomy)
    cost = table.measures.cost
    return {
        "redline": redline.__version__,
        "signature": str(scored.signature),
        "validity": {
            "content": scored.validity.content.value, "themes": scored.validity.themes.value, "card": scored.validity.card,
            "reasons": list(scored.validity.reasons), "caution": scored.validity.caution,
        },
        "corpus": {
            "name": corpus.name, "digest": corpus.digest, "provenance": corpus.provenance, "cases": people.cases,
            "replies": people.replies, "drafts": people.drafts, "clinicians": dict(people.clinicians),
        },
        "cost": {"write": cost.write, "delete": cost.delete, "read": cost.read, "break_even": cost.break_even},
        "plan": {"draws": table.plan.draws, "seed": table.plan.seed, "clusters": table.plan.clusters, "level": 0.95},
        "margin": table.margin,
        "baseline": table.baseline,
        "themes": [
            {"key": t.key, "name": t.name, "published": t.published} for t in table.measures.layout.taxonomy.themes
        ],
        "residual": table.measures.layout.taxonomy.residual,
        "cells": _cells(table),
        "contrasts": _contrasts(table),
        "crossed": {name: interval_row(i) for name, i in table.crossed.items()},
        "matrix": [
            {"draft_by": a, "reference_by": b, **_load(load)} for (a, b), load in sorted(scored.matrix.items())
        ],
        "observed": None if scored.observed is None else {"cells": _cells(scored.observed)},
        "corrected": None if scored.corrected is None else corrected_block(scored.corrected, table.margin),
        "findings": [{"kind": f.kind, "row": f.row, "text": f.text} for f in scored.findings],
        "study": study,
    }  # fmt: skip


def _cells(table: ScoreTable) -> list[dict[str, Any]]:
    return [_cell(c) for c in table.cells]


def _cell(cell: Cell) -> dict[str, Any]:
    values = {name: interval_row(i) for name, i in cell.values.items()}
    return {"name": cell.name, "kind": cell.kind.value, "counts": cell.counts, "values": values}


def _contrasts(table: ScoreTable) -> list[dict[str, Any]]:
    return [
        {
            "measure": t.measure, "a": t.contrast.a, "b": t.contrast.b, "difference": interval_row(t.contrast.difference),
            "p": t.contrast.p, "p_holm": t.contrast.p_holm, "non_inferiority": t.non_inferior.value, "replies": t.replies,
        }
        for t in table.contrasts
    ]  # fmt: skip


def _load(load: EditLoad) -> dict[str, Any]:
    return {
        "draft_units": load.draft_units, "deletions": load.deletions, "reference_units": load.reference_units,
        "additions": load.additions, "f1": load.f1,
    }  # fmt: skip
