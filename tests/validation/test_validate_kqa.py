"""K-QA in the forms of pairs and edits."""

import json
from pathlib import Path

import pytest

from redline.errors import InputError
from redline.validation.judge.kqa import kqa_pairs

ROW = {
    "question": "Is it safe?", "answer": "Yes. Take it with food.", "claim": "It is safe.", "llm": "m",
    "labels": ["Entailment", "Neutral", "Contradiction"],
}  # fmt: skip


def test_a_statement_that_is_not_entailed_would_be_added(tmp_path: Path) -> None:
    place = tmp_path / "nli.jsonl"
    place.write_text(json.dumps(ROW) + "\n" + json.dumps(ROW | {"question": "Why?"}) + "\n")
    first, second = kqa_pairs(place)
    assert first.draft == ("Yes.", "Take it with food.") and first.reference == ("It is safe.",)
    assert [a.added for a in first.annotations] == [(False,), (True,), (True,)]
    assert all(a.deleted == (None, None) for a in first.annotations)
    assert [a.annotator for a in first.annotations] == ["physician 1", "physician 2", "physician 3"]
    assert (first.case, second.case) == ("Is it safe?", "Why?")


def test_another_file_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "nli.jsonl"
    place.write_text(json.dumps({"question": "Is it safe?"}) + "\n")
    with pytest.raises(InputError, match="line 1: is no row of K-QA"):
        kqa_pairs(place)
