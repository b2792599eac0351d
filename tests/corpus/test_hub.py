"""A Hugging Face dataset, saved on this machine and read by its name with a mapping."""

from pathlib import Path

import pytest

from redline.corpus import CorpusSource, load_corpus
from redline.errors import InputError

datasets = pytest.importorskip("datasets", reason="needs the extra 'hub'")


def table() -> "datasets.Dataset":
    return datasets.Dataset.from_dict({
        "question": ["My knee hurts.", "My knee hurts.", "Refill please"],
        "answer": ["Rest it.", "Walk on it.", "Sent."],
        "who": ["a", "b", "a"],
    })  # fmt: skip


MAPPING = {"message": "question", "reply": "answer", "clinician": "who"}


def test_a_dataset_and_a_split_of_one(tmp_path: Path) -> None:
    table().save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": table(), "test": table().select([2])}).save_to_disk(tmp_path / "many")
    assert len(load_corpus(CorpusSource(f"hf:{tmp_path / 'one'}", MAPPING)).replies) == 3
    assert len(load_corpus(CorpusSource(f"hf:{tmp_path / 'many'}@test", MAPPING)).replies) == 1


def test_a_wrong_split_is_said(tmp_path: Path) -> None:
    datasets.DatasetDict({"train": table()}).save_to_disk(tmp_path / "many")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_corpus(CorpusSource(f"hf:{tmp_path / 'many'}@nothing", MAPPING))


def test_problems_name_the_row(tmp_path: Path) -> None:
    datasets.Dataset.from_dict({"question": ["x", ""], "answer": ["a", "b"]}).save_to_disk(tmp_path / "bad")
    with pytest.raises(InputError, match=r"line 2, field 'message'"):
        load_corpus(CorpusSource(f"hf:{tmp_path / 'bad'}", {"message": "question", "reply": "answer"}))
