"""Training material for "is this content carried?", by source.

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
from redline.encoder.agreement import WordWeights, agreement
from redline.training.encoder.examples import Passage, Question, ThemeExample, share
from redline.units import unit_texts

__all__ = ["PUBLIC_SETS", "annotated_pairs", "json_rows", "labelled_statements", "public_passages", "theme_examples"]

PUBLIC_SETS = ("kqa", "expertqa", "medec", "summedits")
_NO_WEIGHTS = WordWeights({})
# Long texts with one question each: a part of them teaches the same at a fraction of the time.
_MEDEC_PART = 0.12
_SUMMEDITS_PART = 0.35


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
            questions = tuple(Question(u, not edited) for u, edited in zip(own, labels, strict=True))
            passages.append(Passage("pairs", pair["case"], tuple(other), questions))
    return passages


def labelled_statements() -> list[Passage]:
    """The bundled statements by text, with negatives made by leaving the carrying sentence out."""
    texts = {row["text_id"]: row for row in bundled_rows("statement_texts")}
    asked: dict[str, list[Question]] = {}
    for row in bundled_rows("statements"):
        asked.setdefault(row["text_id"], []).append(Question(row["statement"], bool(row["carried"])))
    passages = []
    for text_id, questions in asked.items():
        units = unit_texts(texts[text_id]["text"])
        passage = Passage("statements", texts[text_id]["case"], units, tuple(questions))
        passages.append(passage)
        passages.extend(_without_support(passage, most=1, weight=0.5))
    return passages


def theme_examples() -> list[ThemeExample]:
    """Sentences of train-split replies with the writer's own themes."""
    corpus = load_corpus("bundled").only(split="train")
    return [
        ThemeExample(reply.case, text, frozenset(themes))
        for reply in corpus.replies
        for text, themes in zip(reply.units or (), reply.themes or (), strict=True)
    ]


def public_passages(folder: Path, sets: tuple[str, ...] = PUBLIC_SETS) -> list[Passage]:
    """Passages of the public sets that lie in `folder`; a set that is not there is left out."""
    readers = {"kqa": _kqa, "expertqa": _expertqa, "medec": _medec, "summedits": _summedits}
    return [p for name in sets if (folder / name).is_dir() for p in readers[name](folder / name)]


def json_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a public set: one JSON object a line, plain or `.gz`."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


def _support(unit: str, units: tuple[str, ...]) -> list[int]:
    """Units by how much of `unit` they say, most first (weighted word agreement, both directions)."""
    score = [float(agreement(unit, (u,), _NO_WEIGHTS)[4]) for u in units]
    return sorted(range(len(units)), key=lambda i: -score[i])


def _without_support(passage: Passage, *, most: int, weight: float) -> Iterator[Passage]:
    """For carried statements: the passage without the two units that say most of it no longer carries it.

    Other carried statements whose best unit is still there stay positive.  These negatives share topic and
    words with the passage, which random ones do not.
    """
    carried = [q for q in passage.questions if q.carried]
    for question in sorted(carried, key=lambda q: share(q.unit, "support"))[:most]:
        gone = set(_support(question.unit, passage.units)[:2])
        left = tuple(u for i, u in enumerate(passage.units) if i not in gone)
        if not left:
            continue
        kept = [q for q in carried if q is not question and not gone & set(_support(q.unit, passage.units)[:2])]
        asked = (Question(question.unit, False, weight), *kept)
        yield Passage(passage.source, passage.key, left, asked)


def _kqa(folder: Path) -> Iterator[Passage]:
    """Physicians' answers and their must-have and nice-to-have statements, without the evaluation's questions."""
    evaluated = list(json_rows(folder / "nli.jsonl"))
    ids = {row["question_id"] for row in evaluated}
    texts = {row["question"].strip().casefold() for row in evaluated}
    rows = [
        row
        for row in json_rows(folder / "answers.jsonl")
        if row["question_id"] not in ids and row["question"].strip().casefold() not in texts
    ]
    statements = [[*row["must_have"], *row["nice_to_have"]] for row in rows]
    for number, row in enumerate(rows):
        units = unit_texts(row["answer"])
        foreign = _nearest_foreign(number, units, statements)
        questions = tuple(Question(s, True) for s in statements[number])
        strange = tuple(Question(s, False, 0.7) for s in foreign)
        passage = Passage("kqa", f"kqa{row['question_id']}", units, questions + strange)
        yield passage
        yield from _without_support(passage, most=5, weight=0.7)


def _nearest_foreign(number: int, units: tuple[str, ...], statements: list[list[str]]) -> list[str]:
    """Statements of other questions that share most words with this answer."""
    scored = [
        (float(agreement(s, units, _NO_WEIGHTS)[0]), s)
        for other, group in enumerate(statements)
        if other != number
        for s in group
    ]
    near = sorted(scored, reverse=True)[:12]
    return [s for score, s in near if score < 0.75][:6]


def _expertqa(folder: Path) -> Iterator[Passage]:
    """Claims of model answers against the answer as the asking expert revised it."""
    for number, row in enumerate(json_rows(folder / "answers.jsonl")):
        units = unit_texts(_plain(row["revised_answer_string"] or ""))
        if not 2 <= len(units) <= 16:
            continue
        deleted = [c for c in row["claims"] if not (c["revised_claim"] or "").strip()]
        changed = [c for c in row["claims"] if c["revised_claim"] and c["revised_claim"] != c["claim_string"]]
        questions = tuple(Question(_plain(c["claim_string"]), False, 0.5) for c in deleted) + tuple(
            Question(_plain(c["claim_string"]), True, 0.3) for c in changed
        )
        if questions:
            yield Passage("expertqa", f"expertqa{number}", units, questions)


def _plain(text: str) -> str:
    """Without the bracketed source numbers."""
    for number in range(1, 20):
        text = text.replace(f" [{number}]", "").replace(f"[{number}]", "")
    return text.strip()


def _medec(folder: Path) -> Iterator[Passage]:
    """Clinical texts with one wrong sentence: the right sentence is not carried by the wrong text, nor the reverse."""
    for row in json_rows(folder / "medec_ms.jsonl"):
        if row["Error Flag"] != "1":
            continue
        wrong, right = row["Error Sentence"].strip(), row["Corrected Sentence"].strip()
        text = " ".join(row["Text"].split())
        if not right or wrong not in text:
            continue
        key = f"medec{row['Text ID']}"
        if share(key, "medec part") > _MEDEC_PART:
            continue
        for said, asked in ((wrong, right), (right, wrong)):
            units = unit_texts(text.replace(wrong, said))
            near = next((u for u in units if said in u or u in said), None)
            if near is not None:
                others = sorted((u for u in units if u != near), key=lambda u: share(u, "medec"))[:1]
                asked_ = (Question(asked, False, 0.3), *(Question(_rough(u), True, 0.3) for u in others))
                yield Passage("medec", key, units, asked_)


def _rough(text: str) -> str:
    """The same content written carelessly: lower case, no final stop."""
    return text.lower().rstrip(".")


def _summedits(folder: Path) -> Iterator[Passage]:
    """Edited summaries of a document: the edited sentence is carried where people called the edit consistent."""
    for path in sorted(folder.glob("*.jsonl.gz")):
        for row in json_rows(path):
            units = unit_texts(row["doc"])
            seed = set(unit_texts(row.get("original_summary") or row.get("seed_summary") or ""))
            new = [u for u in unit_texts(row["summary"]) if u not in seed]
            if not 2 <= len(units) <= 30 or len(new) != 1 or share(row["id"], "summedits part") > _SUMMEDITS_PART:
                continue
            key = f"summedits{row['id'].rsplit('_', 1)[0]}"
            yield Passage("summedits", key, units, (Question(new[0], bool(int(row["label"])), 0.4),))
