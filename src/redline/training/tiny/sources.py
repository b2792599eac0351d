"""What the model may read: train-split cases and what was written about them, held-out cases left out; never the test split."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redline.corpus import Corpus, bundled_path, bundled_rows, load_corpus
from redline.records import Case, Draft, Reply
from redline.taxonomy import default_taxonomy
from redline.training.encoder.sources import json_rows

__all__ = ["WRITTEN", "Sources", "documents", "read_sources"]

WRITTEN = ("replies", "drafts", "borders", "facts", "questions", "answers")
"""Files of the written material that are read: notes in telegraphic style would not help a reply."""


@dataclass(frozen=True)
class Sources:
    """Train-split `cases` with replies (each with sentences and themes) and drafts; `held` are the ids kept out of training."""

    cases: dict[str, Case]
    replies: tuple[Reply, ...]
    drafts: tuple[Draft, ...]
    held: frozenset[str]

    def trained(self, case: str) -> bool:
        """Whether training may see this case."""
        return case in self.cases and case not in self.held


def read_sources(held: int, seed: int) -> Sources:
    """The train split with the written replies and drafts; `held` cases are drawn by `seed`."""
    train = load_corpus("bundled").only(split="train")
    ids = sorted(c.id for c in train.cases)
    chosen = frozenset(random.Random(seed).sample(ids, held))
    replies, drafts = _written(train)
    return Sources(dict(train.by_id), train.independent + replies, train.drafts + drafts, chosen)


def _written(train: Corpus) -> tuple[tuple[Reply, ...], tuple[Draft, ...]]:
    folder = bundled_path().parent / "written"
    replies = [
        Reply(row["case"], row["clinician"], _joined(units), units, tuple(tuple(s["themes"]) for s in row["sentences"]))
        for row in json_rows(folder / "replies.jsonl")
        for units in [tuple(s["text"] for s in row["sentences"])]
    ]
    drafts = [
        Draft(row["case"], "written", "zero_shot", _joined(tuple(s["text"] for s in row["sentences"])))
        for row in json_rows(folder / "drafts.jsonl")
    ]
    known = train.by_id
    return tuple(r for r in replies if r.case in known), tuple(d for d in drafts if d.case in known)


def documents(sources: Sources) -> list[tuple[str, ...]]:
    """Running text for the warm-up: each document is a tuple of texts about one thing, in any order.

    Cases with their replies are there twice: they are what the model will write.
    """
    folder = bundled_path().parent / "written"
    found = [*_cases(sources), *_cases(sources), *_statements(sources), _themes(), *_facts()]
    found += [
        (_joined(r["reference"]), _joined(r["statements"]), _joined(r["draft"]))
        for r in json_rows(folder / "questions.jsonl")
    ]
    answers: dict[Any, list[str]] = defaultdict(list)
    for row in json_rows(folder / "answers.jsonl"):
        answers[row["question_id"]].append(row["text"])
    borders: dict[str, list[str]] = defaultdict(list)
    for row in json_rows(folder / "borders.jsonl"):
        if sources.trained(row["case"]):
            borders[row["case"]].append(row["text"])
    return found + [tuple(texts) for texts in (*answers.values(), *borders.values())]


def _cases(sources: Sources) -> list[tuple[str, ...]]:
    about: dict[str, list[str]] = defaultdict(list)
    for reply in sources.replies:
        about[reply.case].append(reply.text)
    for draft in sources.drafts:
        about[draft.case].append(draft.text)
    return [
        (f"{case.chart.as_text()}\n\n{case.message}", *about[key])
        for key, case in sources.cases.items()
        if sources.trained(key)
    ]


def _statements(sources: Sources) -> list[tuple[str, ...]]:
    """A text with the statements that it carries."""
    carried: dict[str, list[str]] = defaultdict(list)
    for row in bundled_rows("statements"):
        if row["carried"]:
            carried[row["text_id"]].append(row["statement"])
    rows = (r for r in bundled_rows("statement_texts") if sources.trained(r["case"]))
    return [(row["text"], _joined(carried[row["text_id"]])) for row in rows]


def _facts() -> list[tuple[str, ...]]:
    rows = json_rows(bundled_path().parent / "written" / "facts.jsonl")
    return [(r["question"], _joined(r["statements"]), *(a["text"] for a in r["answers"])) for r in rows]


def _themes() -> tuple[str, ...]:
    return tuple(f"{t.name}: {t.has}" for t in default_taxonomy().themes)


def _joined(units: Sequence[str]) -> str:
    return " ".join(units)
