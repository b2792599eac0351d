"""Words, agreement, chunks: the parts of the encoder that need no model."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.encoder import (
    CLOSENESS,
    FEATURES,
    NAMES,
    ContentHead,
    UnitVectors,
    WordWeights,
    agreement,
    bundled_encoder,
    closeness,
    read_card,
)  # fmt: skip
from redline.encoder.closeness import joined
from redline.encoder.tokens import UnitTokens
from redline.encoder.words import stem
from redline.errors import InputError

WEIGHTS = WordWeights({})
unit = st.text(alphabet=st.sampled_from("ab 12.?!mg\u200b\ud7ff🎉"), min_size=1, max_size=25)


def features(mine: str, *other: str) -> dict[str, float]:
    return dict(zip(FEATURES, map(float, agreement(mine, other, WEIGHTS)), strict=True))


@given(unit, st.lists(unit, max_size=5), st.randoms())
def test_order_of_the_other_text_does_not_matter(mine: str, other: list[str], random) -> None:
    mixed = list(other)
    random.shuffle(mixed)
    np.testing.assert_array_equal(agreement(mine, other, WEIGHTS), agreement(mine, mixed, WEIGHTS))


@given(unit, st.lists(unit, max_size=4))
def test_features_are_finite_and_complete(mine: str, other: list[str]) -> None:
    values = agreement(mine, other, WEIGHTS)
    assert values.shape == (len(FEATURES),) and np.isfinite(values).all()


def test_numbers_doses_drugs_and_negation_are_seen() -> None:
    assert features("Take 20 mg.", "Take 20 mg.")["doses_covered"] == 1.0
    wrong = features("Take 20 mg of lisinopril.", "Take 40 mg of losartan.")
    assert (wrong["numbers_covered"], wrong["doses_covered"], wrong["drugs_covered"], wrong["best_other_number"]) == (
        0,
        0,
        0,
        1,
    )
    assert features("Do not stop it.", "Take it.")["negation_differs"] == 1.0
    assert features("Any fever?", "You have a fever.")["best_asks_differs"] == 1.0
    assert features("Take Tylenol.", "Take acetaminophen.")["covered"] == 1.0


@pytest.mark.parametrize(
    ("a", "b"), [("pills", "tablets"), ("swelling", "swells"), ("one", "1"), ("Lasix", "furosemide")]
)
def test_stems_fold_what_is_the_same(a: str, b: str) -> None:
    assert stem(a) == stem(b)


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 10_000))
def test_closeness_does_not_depend_on_the_order_of_units(length: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = UnitVectors.of(rng.normal(size=(length + 2, 8)).astype(np.float32))
    others = [UnitVectors.of(rng.normal(size=(4, 8)).astype(np.float32)) for _ in range(count)]
    forward, backward = (closeness(one, *joined(u)) for u in (others, others[::-1]))
    np.testing.assert_allclose(forward, backward, atol=1e-5)
    assert np.isfinite(forward).all() and forward.shape == (len(CLOSENESS),)
    same = dict(zip(CLOSENESS, closeness(one, *joined([one, *others])).tolist(), strict=True))
    assert same["best_sentence"] == pytest.approx(1.0, abs=1e-5) and same["tokens_least"] == pytest.approx(
        1.0, abs=1e-5
    )


def test_a_head_for_other_features_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    ContentHead(*(np.ones(len(NAMES)) for _ in range(3)), 0.5).write(path)
    assert ContentHead.read(path).offset == 0.5
    path.write_text(json.dumps({"offset": 0.0, "features": {"covered": [0, 1, 1]}}))
    with pytest.raises(InputError, match="was made for other features"):
        ContentHead.read(path)


def test_long_units_become_chunks_and_lose_nothing(encoder_built: Path) -> None:
    tokens = UnitTokens(encoder_built / "tokenizer.json", 16)
    text = (
        "Please take the medicine with food and water every single morning before you leave for work or school today."
    )
    (whole,) = UnitTokens(encoder_built / "tokenizer.json", 512).chunks([text])
    (parts,) = tokens.chunks([text])
    assert len(parts) > 1 and all(len(p) <= 16 for p in parts)
    assert [i for p in parts for i in p[1:-1]] == whole[0][1:-1]
    assert tokens.chunks([""]) == [[[101, 102]]]
    (one,) = tokens.chunks(["a" * 4000])
    assert all(len(p) <= 16 for p in one)


def test_a_changed_file_is_noticed(encoder_built: Path, tmp_path: Path) -> None:
    for path in encoder_built.iterdir():
        if path.suffix in (".json", ".onnx"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    read_card(tmp_path).check_files()
    (tmp_path / "words.json").write_text("{}")
    with pytest.raises(InputError, match=r"is not the file that card\.json describes"):
        read_card(tmp_path).check_files()
    (tmp_path / "card.json").write_text(json.dumps({"files": {}}))
    with pytest.raises(InputError, match="field 'calibration': is missing"):
        read_card(tmp_path)


def test_an_encoder_of_another_version_is_refused(encoder_built: Path, tmp_path: Path) -> None:
    card = json.loads((encoder_built / "card.json").read_text())
    del card["files"]["content.onnx"]
    (tmp_path / "card.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match=r"does not name content\.onnx: it was made by another version"):
        read_card(tmp_path)


def test_the_signature_follows_the_calibration(tmp_path: Path, encoder_built: Path) -> None:
    card = json.loads((encoder_built / "card.json").read_text())
    card["calibration"]["threshold"] += 0.01
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert read_card(tmp_path).digest != bundled_encoder().digest
