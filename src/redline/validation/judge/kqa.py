"""K-QA in the forms of this project: statements that physicians looked for in answers of language models.

Manes et al. 2024 (arXiv 2401.14493), MIT licence.  Three physicians said for each (answer, statement) whether the answer
entails the statement, contradicts it, or neither.  A statement that an answer does not entail would have to be added.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from redline.annotation import AnnotatedPair, read_annotated_pairs
from redline.corpus.rows import read_rows
from redline.errors import InputError, Problem
from redline.files import write_jsonl
from redline.units import unit_texts

__all__ = ["KQA", "KQA_PROVENANCE", "kqa_pairs", "write_kqa"]

KQA = "K-QA (physicians)"
KQA_PROVENANCE = (
    "Real physicians, but another task: single statements about fluent answers of language models to patients' questions, and "
    "whether the answer entails them. The file holds three labels a statement in columns; each column is taken for one physician, "
    "which it does not say."
)


def write_kqa(source: str | Path, folder: str | Path) -> tuple[Path, Path]:
    """Write pairs.jsonl and edits.jsonl from `nli.jsonl`: draft = the answer's units, reference = the statement, case = the
    question; `added` where the label is not "Entailment", `deleted` null (nobody looked at the answer's sentences).
    """
    problems: list[Problem] = []
    pairs: list[dict[str, Any]] = []
    edits: list[dict[str, Any]] = []
    for row in read_rows(source, problems):
        fields = row.fields
        if not all(isinstance(fields.get(k), str) for k in ("question", "answer", "claim", "llm")) or not isinstance(
            fields.get("labels"), list
        ):
            problems.append(
                Problem(row.file, row.line, None, "is no row of K-QA (question, answer, claim, llm, labels)")
            )
            continue
        draft, number = list(unit_texts(fields["answer"])), len(pairs)
        pairs.append(
            {
                "id": f"k{number}", "case": fields["question"], "draft": draft, "reference": [fields["claim"]],
                "draft_source": f"{fields['llm']}/answer",
            }
        )  # fmt: skip
        open_: list[None] = [None] * len(draft)
        edits += [
            {
                "pair": f"k{number}",
                "annotator": f"physician {i}",
                "deleted": open_,
                "added": [int(label != "Entailment")],
            }
            for i, label in enumerate(fields["labels"], start=1)
        ]
    if problems:
        raise InputError(problems)
    places = (Path(folder) / "pairs.jsonl", Path(folder) / "edits.jsonl")
    for place, rows in zip(places, (pairs, edits), strict=True):
        write_jsonl(place, rows)
    return places


def kqa_pairs(source: str | Path) -> list[AnnotatedPair]:
    """The pairs of `nli.jsonl`, by way of the files that `redline validate` reads."""
    with tempfile.TemporaryDirectory() as folder:
        return read_annotated_pairs(*write_kqa(source, folder), undecided=True)
