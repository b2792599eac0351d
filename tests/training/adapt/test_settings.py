"""Settings: defaults of a method, a file over them, options over the file, and errors with line and field."""

from pathlib import Path

import pytest

from redline.errors import InputError, UsageError
from redline.training.adapt.material import held_out, sets_of_corpus, some_cases
from redline.training.adapt.settings import METHODS, AdaptSettings, settings_for
from redline.training.adapt.steps import epoch_steps, share_of
from redline.training.preference import PreferenceSet
from tests.training.adapt.conftest import some_sets

DOCS = Path(__file__).resolve().parents[3] / "docs" / "training.md"


def test_file_over_method_over_defaults_and_options_over_all(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    file = tmp_path / "s.toml"
    file.write_text('name = "mine"\n[model]\nbase = "model"\n[train]\nepochs = 7\nrate = 1e-3\n')
    found = settings_for("personal", file, {"train": {"rate": 2e-3, "epochs": None}, "seed": None})
    assert (found.name, found.train.epochs, found.train.rate, found.lora.rank, found.train.prompts) == (
        "mine",
        7,
        2e-3,
        8,
        4,
    )
    assert found.model.base == str((tmp_path / "model").resolve())
    plain = settings_for("sft", None, {"model": {"base": "m"}})
    assert plain == AdaptSettings(name="sft", model=plain.model) and plain.train.rate == 2e-4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[train]\nepoch = 3\n", r"line 2, field 'train.epoch': is unknown; did you mean 'epochs'"),
        ("[train]\nrate = -1\n", r"line 2, field 'train.rate'"),
        ('[loss]\nkind = "kto"\n', r"line 2, field 'loss.kind'"),
        ("name = \n", r"line 1: is not TOML"),
        ('name = "../x"\n', "field 'name'"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "s.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        settings_for("sft", file, {})


def test_a_base_is_needed() -> None:
    with pytest.raises(UsageError, match="--base"):
        settings_for("sft", None, {})


def test_every_setting_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, field in AdaptSettings.model_fields.items():
        fields = getattr(field.annotation, "model_fields", None)
        assert f"`{name}`" in text or f"[{name}]" in text, name
        for inner in fields or ():
            assert f"`{inner}`" in text, (name, inner)
    for method in METHODS:
        assert f"`redline train {method}`" in text


def test_validation_is_by_case_and_seeded() -> None:
    sets = [*some_sets(10, "c1"), *some_sets(10, "c2")]
    trained, held = held_out(sets, 0.2, 3)
    assert len({s.case for s in held}) == 2 and len(held) == 4
    assert not {s.case for s in trained} & {s.case for s in held}
    assert held_out(sets, 0.2, 3) == (trained, held) and held_out(sets, 0.2, 4)[1] != held
    assert {s.id for s in held} <= {s.id for s in held_out(sets, 0.4, 3)[1]}
    assert held_out(sets, 0.0, 3) == (sets, []) and held_out(sets[:1], 0.5, 3) == (sets[:1], [])


def test_a_sample_of_cases_takes_whole_cases() -> None:
    sets = [*some_sets(10, "c1"), *some_sets(10, "c2")]
    found = some_cases(sets, 3, 5)
    assert len(found) == 6 and len({s.case for s in found}) == 3
    assert {s.id for s in found} <= {s.id for s in some_cases(sets, 4, 5)}
    assert some_cases(sets, None, 5) == sets


def test_every_set_is_seen_once_an_epoch() -> None:
    first, second = (epoch_steps(10, 4, 17, epoch) for epoch in (0, 1))
    assert sorted(i for step in first for i in step) == list(range(10)) and first != second
    assert epoch_steps(10, 4, 17, 0) == first and epoch_steps(0, 4, 17, 0) == []


def test_processes_share_rows_and_call_equally_often() -> None:
    from redline.training.trees import Row

    rows = [Row(ids=[1] * n) for n in (9, 1, 4, 4, 2)]
    shares = [share_of(rows, rank, 3) for rank in range(3)]
    assert sorted(i for share in shares for i in share if i is not None) == [0, 1, 2, 3, 4]
    assert len({len(share) for share in shares}) == 1
    assert share_of(rows, 0, 1) == [0, 2, 3, 4, 1]


def test_sets_of_the_bundled_corpus_are_single_replies() -> None:
    from redline.corpus import load_corpus

    corpus = load_corpus("bundled").only(split="train")
    found = sets_of_corpus(corpus)
    assert len(found) == len(corpus.independent) == 480
    assert all(isinstance(s, PreferenceSet) and s.own == 0 and not s.pairs for s in found)
    assert len(sets_of_corpus(corpus, clinicians=("c2",))) == sum(r.clinician == "c2" for r in corpus.independent)
    with pytest.raises(UsageError, match="looks at past replies"):
        sets_of_corpus(corpus, "rag")
