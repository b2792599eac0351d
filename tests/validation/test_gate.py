"""A judge card at the gate: whom it speaks for, and which runs it lets through."""

import json
from pathlib import Path

import pytest

from redline.errors import InputError, UsageError
from redline.judging import content_judge, theme_judge
from redline.scoring import Standing, Validity
from redline.validation.cards.gate import judge_validity, refuse_unvalidated
from tests.validation.cards import card, figure


def write_card(folder: Path, signature: str, verdict: str) -> Path:
    value = card(
        signature, error=figure(0.1, 0.05), bias=figure(0.0, 0.01),
        verdict=verdict,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.json").write_text(json.dumps(value))
    return folder


@pytest.mark.parametrize("verdict", ["valid here", "valid with correction", "not valid"])
def test_a_card_speaks_for_its_own_judge(tmp_path: Path, verdict: str) -> None:
    exact = content_judge("exact")
    found = judge_validity(exact, theme_judge(), write_card(tmp_path, exact.signature, verdict))
    assert found.content == verdict and found.themes is Standing.UNVALIDATED and found.card


def test_another_judge_and_no_card_are_unvalidated(tmp_path: Path) -> None:
    exact = content_judge("exact")
    assert judge_validity(exact, theme_judge()) == Validity()
    other = judge_validity(exact, theme_judge(), write_card(tmp_path, "exact@near91", "valid here"))
    assert other.content is Standing.UNVALIDATED
    assert any("exact@near91" in r and exact.signature in r for r in other.reasons)


def test_the_bundled_corpus_has_a_card_for_the_shipped_encoder_alone() -> None:
    encoder = judge_validity(content_judge("encoder"), theme_judge(), bundled=True)
    assert encoder.card and encoder.content is not Standing.UNVALIDATED
    assert judge_validity(content_judge("exact"), theme_judge(), bundled=True).content is Standing.UNVALIDATED


def test_a_card_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        judge_validity(content_judge("exact"), theme_judge(), tmp_path / "nothing.json")
    (tmp_path / "card.json").write_text('{"verdict": "valid here"}')
    with pytest.raises(InputError, match="no part of a judge card"):
        judge_validity(content_judge("exact"), theme_judge(), tmp_path)


def test_what_the_gate_lets_through() -> None:
    valid, corrected, none = (
        Validity(s, card="c", reasons=("Why.",)) for s in (Standing.VALID, Standing.CORRECTED, Standing.NOT_VALID)
    )
    refuse_unvalidated(valid, labelled=False)
    refuse_unvalidated(corrected, labelled=True)
    with pytest.raises(UsageError, match=r"no labels to correct with.*Why"):
        refuse_unvalidated(corrected, labelled=False)
    for refused in (none, Validity()):
        with pytest.raises(UsageError, match=rf"content judge is {refused.content.value}"):
            refuse_unvalidated(refused, labelled=True)
    with pytest.raises(UsageError, match="theme classifier not valid"):
        refuse_unvalidated(Validity(Standing.VALID, Standing.NOT_VALID, "c"), labelled=True)
