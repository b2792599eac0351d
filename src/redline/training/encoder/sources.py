"""Training material that people or the corpus' annotators labelled; `written` holds what was written for training.

Never read here: `mts_dialog`, `kqa/nli.jsonl` except to know which questions to leave out, and the test split
of the bundled corpus.  `tests/training` checks that.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redline.corpus import bundled_rows, load_corpus
from redline.training.encoder.examples import Passage, Question, ThemeExample
from redline.units import unit_texts

__all__ = ["annotated_pairs", "expert_revisions", "json_rows", "kqa_rows", "theme_examples"]


def annotated_pairs() -> list[Passage]:
    """The bundled train pairs, each in both directions: reference against draft and draft against reference."""
    edits = {row["pair"]: row for row in bundled_rows("edits_train")}
    passages = []
    for pair in bundled_rows("pairs_train"):
        edit = edits[pair["id"]]
        for own, other, labels in (
            (pair["draft"], pair["reference"], edit["deleted"]),
            (pair["reference"], pair["draft"], edit["added"]),
        ):
            questions = tuple(Question(u, 1.0 - edited) for u, edited in zip(own, labels, strict=True))
            passages.append(Passage("pairs", pair["case"], tuple(other), questions))
    return passages


def theme_examples() -> list[ThemeExample]:
    """Sentences of train-split replies with the writer's own themes."""
    corpus = load_corpus("bundled").only(split="train")
    return [
        ThemeExample(reply.case, text, frozenset(themes))
        for reply in corpus.replies
        for text, themes in zip(reply.units or (), reply.themes or (), strict=True)
    ]


def json_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a public set: one JSON object a line, plain or `.gz`."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


def kqa_rows(folder: Path) -> list[dict[str, Any]]:
    """Physicians' answers to the questions that the evaluation does not ask."""
    evaluated = list(json_rows(folder / "nli.jsonl"))
    ids = {row["question_id"] for row in evaluated}
    texts = {_plain_case(row["question"]) for row in evaluated}
    rows = json_rows(folder / "answers.jsonl")
    return [r for r in rows if r["question_id"] not in ids and _plain_case(r["question"]) not in texts]


def _plain_case(question: str) -> str:
    return question.strip().casefold()


def expert_revisions(folder: Path) -> Iterator[Passage]:
    """ExpertQA: claims of model answers against the answer as the asking expert revised it."""
    for number, row in enumerate(json_rows(folder / "answers.jsonl")):
        units = unit_texts(_plain(row["revised_answer_string"] or ""))
        if not 2 <= len(units) <= 16:
            continue
        deleted = [c for c in row["claims"] if not (c["revised_claim"] or "").strip()]
        changed = [c for c in row["claims"] if c["revised_claim"] and c["revised_claim"] != c["claim_string"]]
        questions = tuple(Question(_plain(c["claim_string"]), 0.0, 0.5) for c in deleted) + tuple(
            Question(_plain(c["claim_string"]), 1.0, 0.3) for c in changed
        )
        if questions:
            yield Passage("expertqa", f"expertqa{number}", units, questions)


def _plain(text: str) -> str:
    """Without the bracketed source numbers."""
    for number in range(1, 20):
        text = text.replace(f" [{number}]", "").replace(f"[{number}]", "")
    return text.strip()
