"""Which cells and tasks a study has."""

import pytest

from redline.corpus import load_corpus
from redline.drafting import strategy
from redline.errors import UsageError
from redline.study.grid import cells_of, sampled, tasks_of
from redline.study.spec import CorpusSpec, StudySpec

CORPUS = {"name": "a", "path": "bundled"}


def spec(**changes: object) -> StudySpec:
    return StudySpec.model_validate({"name": "x", "strategies": ["zero_shot"], "corpora": [CORPUS], **changes})


def test_a_strategy_without_a_model_has_one_cell() -> None:
    found = cells_of(
        spec(
            strategies=["zero_shot", "retrieval_reply"],
            models=[{"use": "m", "name": "m1"}, {"use": "m", "name": "m2", "strategies": ["rag"]}],
        ),
        {"m1": "one", "m2": "two"},
    )
    assert [c.id for c in found] == ["a/one/zero_shot", "a/two/rag", "a/no-model/retrieval_reply"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "none is named"),
        ({"strategies": ["zero_shoot"], "models": [{"use": "m"}]}, "did you mean 'zero_shot'"),
        ({"strategies": ["theme_guided+retrieval_reply"], "models": [{"use": "m"}]}, "to compose with"),
        ({"models": [{"use": "m", "strategies": ["retrieval_reply"]}]}, "asks no model"),
        ({"models": [{"use": "m"}, {"use": "n"}]}, "same name"),
    ],
)
def test_impossible_grids(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        cells_of(spec(**changes), {"m": "m", "n": "m"})


def test_samples_are_seeded_and_nested() -> None:
    corpus = load_corpus("bundled")

    def ids(count: int, seed: int) -> set[str]:
        found = sampled(corpus, CorpusSpec(name="a", path="bundled", split="test", cases=count), seed)
        assert all(c.split == "test" for c in found.cases)
        return {c.id for c in found.cases}

    assert ids(10, 17) == ids(10, 17) and len(ids(10, 17)) == 10
    assert ids(10, 17) < ids(20, 17) and ids(10, 17) != ids(10, 18)
    assert len(ids(500, 17)) == 80, "a small corpus is taken whole"


def test_personal_strategies_have_a_task_for_each_clinician_who_answered() -> None:
    corpus = load_corpus("bundled").only(split="test")
    assert len(list(tasks_of(corpus, strategy("zero_shot")))) == 80
    assert len(list(tasks_of(corpus, strategy("planned")))) == 400
    assert all(t.clinician is None for t in tasks_of(corpus, strategy("rag")))


def test_an_unknown_split_is_said() -> None:
    with pytest.raises(UsageError, match="no case in split 'dev'"):
        sampled(load_corpus("bundled"), CorpusSpec(name="a", path="bundled", split="dev"), 17)
