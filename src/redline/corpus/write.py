"""Write a corpus folder: `cases.jsonl`, `replies.jsonl`, `drafts.jsonl`, the form that is read back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from redline.corpus.corpus import Corpus
from redline.files import write_jsonl
from redline.records import Case, Draft, DraftStatus, Reply

__all__ = ["draft_row", "write_corpus"]


def write_corpus(corpus: Corpus, folder: str | Path) -> Path:
    """Write `corpus` into `folder` (made if needed); each file appears whole.  Returns the folder."""
    folder = Path(folder)
    write_jsonl(folder / "replies.jsonl", map(_reply_row, corpus.replies))
    write_jsonl(folder / "drafts.jsonl", map(draft_row, corpus.drafts))
    write_jsonl(folder / "cases.jsonl", map(_case_row, corpus.cases))
    return folder


def _case_row(case: Case) -> dict[str, Any]:
    chart: Any = asdict(case.chart)
    text = chart.pop("text")
    row = {"id": case.id, "split": case.split, "category": case.category, "acuity": case.acuity,
           "received": case.received}  # fmt: skip
    return _present(row) | {"ehr": text if text else chart, "message": case.message}


def _reply_row(reply: Reply) -> dict[str, Any]:
    row: dict[str, Any] = {"case": reply.case, "clinician": reply.clinician}
    if reply.units is not None:
        themes = reply.themes or ((),) * len(reply.units)
        row["sentences"] = [{"text": u, "themes": list(t)} for u, t in zip(reply.units, themes, strict=True)]
    if reply.units is None or reply.text != " ".join(reply.units):
        row["text"] = reply.text
    return row | _present({"started_from": reply.started_from})


def draft_row(draft: Draft) -> dict[str, Any]:
    """The JSON object of one draft, provenance included where it is known."""
    row: dict[str, Any] = {"case": draft.case, "model": draft.model, "strategy": draft.strategy, "text": draft.text}
    provenance = {k: v for k, v in asdict(draft.provenance).items() if v}
    if draft.status is not DraftStatus.OK:
        row["status"] = draft.status.value
    if draft.detail:
        row["detail"] = draft.detail
    if draft.flags:
        row["flags"] = list(draft.flags)
    return row | _present({"clinician": draft.clinician, "sentences": draft.units}) | provenance


def _present(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if v is not None}
