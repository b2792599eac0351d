"""The written material: shapes, what it may not touch, and that labels lie over the units they were made for."""

import json
import re
from pathlib import Path

import pytest

from redline.corpus import bundled_path, bundled_rows, load_corpus
from redline.taxonomy import default_taxonomy
from redline.training.encoder.sources import json_rows, kqa_rows
from redline.training.encoder.written import note_sections, section_digest, written_passages, written_themes

FOLDER = bundled_path().parent / "written"
CASES = {c.id: c.split for c in load_corpus("bundled").cases}


def test_without_public_data_what_needs_none_is_there() -> None:
    assert {p.source for p in written_passages(None)} == {"questions", "facts", "dictated"}


def test_labels_are_shares_and_each_passage_is_asked_something(public_data: Path) -> None:
    passages = written_passages(public_data)
    assert {p.source for p in passages} == {"questions", "facts", "dictated", "answers", "notes"}
    for passage in passages:
        assert passage.units and passage.questions
        assert all(0 <= q.carried <= 1 and q.unit.strip() for q in passage.questions)
    in_shares = ("notes", "dictated")
    assert {q.carried for p in passages if p.source in in_shares for q in p.questions} == {0.0, 0.25, 0.5, 0.75, 1.0}
    assert {q.carried for p in passages if p.source not in in_shares for q in p.questions} == {0.0, 1.0}


def test_themes_are_of_train_cases_and_known_keys() -> None:
    known = set(default_taxonomy().keys)
    themes = written_themes()
    assert {CASES[t.key] for t in themes} == {"train"}
    assert all(t.themes and t.themes <= known for t in themes)
    written = {(r["case"], r["clinician"]) for r in json_rows(FOLDER / "replies.jsonl")}
    assert not written & {(r["case"], r["clinician"]) for r in bundled_rows("replies")}


def test_no_evaluated_question_is_answered(public_data: Path) -> None:
    evaluated = [r["question_id"] for r in json_rows(public_data / "kqa" / "nli.jsonl")]
    answered = {r["question_id"] for r in json_rows(FOLDER / "answers.jsonl")}
    assert not answered & set(evaluated)
    assert answered == {r["question_id"] for r in kqa_rows(public_data / "kqa")}


def test_invented_questions_stay_away_from_evaluated_ones(public_data: Path) -> None:
    evaluated = [_words(r["question"]) for r in json_rows(public_data / "kqa" / "nli.jsonl")]
    asked = [_words(r["question"]) for r in json_rows(FOLDER / "facts.jsonl")]
    rows = [json.loads(x) for x in (public_data / "kqa" / "patient_questions.jsonl").read_text().splitlines()]
    asked += [_words(rows[r["row"]]["Question"]) for r in json_rows(FOLDER / "questions.jsonl")]
    assert max(len(a & e) / len(a | e) for a in asked for e in evaluated) < 0.4


def test_no_public_sentence_lies_in_the_tree(public_data: Path) -> None:
    """Long sentences of the public answers, statements and notes do not occur in the written files."""
    written = "\n".join(p.read_text(encoding="utf-8") for p in sorted(FOLDER.glob("*.jsonl")))
    public = [
        s for r in json_rows(public_data / "kqa" / "answers.jsonl") for s in (*r["must_have"], *r["nice_to_have"])
    ]
    public += [u for units in note_sections(public_data / "aci_bench").values() for u in units]
    long = {s.strip().rstrip(".") for s in public if len(s.split()) >= 12}
    assert len(long) > 1000
    assert not [s for s in long if json.dumps(s, ensure_ascii=False)[1:-1] in written]


def test_a_changed_note_is_refused_and_not_mislabelled(public_data: Path, tmp_path: Path) -> None:
    """Negative control of the digest: other units have another key."""
    sections = note_sections(public_data / "aci_bench")
    (encounter, heading, digest), units = next((k, u) for k, u in sections.items() if len(u) > 2)
    assert section_digest(units) == digest != section_digest((*units[1:], units[0]))
    assert (encounter, heading, section_digest(units[:-1])) not in sections


@pytest.mark.parametrize("name", [p.stem for p in sorted(FOLDER.glob("*.jsonl"))])
def test_each_file_is_described(name: str) -> None:
    assert f"`{name}.jsonl`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def _words(text: str) -> set[str]:
    return set(re.findall("[a-z]+", text.lower()))
