"""`messages.jsonl`: for each message its replies and drafts, and each unit's verdict against each reply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from redline.records import ThemeVerdict, Verdict
from redline.scoring import Judged, Kind, Scored

__all__ = ["messages"]


def messages(scored: Scored) -> Iterator[dict[str, Any]]:
    """One object a message, in corpus order; only systems' drafts and observed edits are shown."""
    shown = {Kind.SYSTEM, Kind.OBSERVED}
    by_case: dict[str, list[Judged]] = {}
    for item in scored.judged:
        if item.comparison.kind in shown:
            by_case.setdefault(item.comparison.case, []).append(item)
    yield from (
        {
            "case": case.id, "message": case.message, "chart": case.chart.as_text(), "category": case.category,
            "acuity": case.acuity, "comparisons": [_comparison(i) for i in by_case[case.id]],
        }
        for case in scored.corpus.cases
        if case.id in by_case
    )  # fmt: skip


def _comparison(item: Judged) -> dict[str, Any]:
    c = item.comparison
    return {
        "system": c.cell, "kind": c.kind.value, "clinician": c.clinician,
        "draft": [_unit(u, v, t) for u, v, t in zip(c.draft, item.draft, item.draft_themes, strict=True)],
        "reference": [_unit(u, v, t) for u, v, t in zip(c.reference, item.reference, item.reference_themes, strict=True)],
    }  # fmt: skip


def _unit(text: str, verdict: Verdict, theme: ThemeVerdict) -> dict[str, Any]:
    value: dict[str, Any] = {"text": text, "themes": list(theme.themes), "status": verdict.status.value}
    if verdict.p_edit is not None:
        value |= {"p": round(verdict.p_edit, 4), "edited": bool(verdict.hard), "evidence": verdict.evidence}
    if verdict.votes:
        value["votes"] = [round(v, 4) for v in verdict.votes]
    return value
