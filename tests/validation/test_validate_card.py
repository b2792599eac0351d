"""The card as a file, what it lets a run say, and its page."""

import json
import re
from pathlib import Path

import pytest

from redline.errors import InputError
from redline.judging import content_judge, theme_judge
from redline.scoring import Standing
from redline.validation.cards.card import JudgeCard, read_card, shipped_card
from redline.validation.cards.page import card_lines, render_card, summary, write_card
from redline.validation.judge.validate import About, Asked, validate
from tests.validation.judged import judges, themed, world


@pytest.fixture(scope="module")
def card() -> JudgeCard:
    pairs, judge = world(40, errors={"a": 0.1, "b": 0.1, "c": 0.1}, judge_error=0.06)
    texts, classifier = themed(20, errors={"x": 0.1})
    about = About("a clinic <script>alert(1)</script>", "Two nurses & a doctor.", "2026-01-01")
    return validate(judges(judge, classifier), pairs, texts, about=about, how=Asked(400, 1, 8))


def test_a_card_comes_back_as_it_was(card: JudgeCard, tmp_path: Path) -> None:
    write_card(card, tmp_path)
    assert read_card(tmp_path) == read_card(tmp_path / "card.json") == card
    assert read_card(tmp_path).digest == card.digest
    other = card.model_copy(update={"seed": 2})
    assert other.digest != card.digest
    data = json.loads((tmp_path / "card.json").read_text())
    assert data["content"]["kappa"]["judge"]["a"].keys() == {"estimate", "low", "high", "n", "clusters", "note"}
    assert data["content"]["kappa"]["annotators"].keys() == {"a|b", "a|c", "b|c"}
    assert data["verdict"] == {"content": "valid here", "themes": "valid with correction"}
    assert data["content"]["f1"] and data["content"]["ece"]["estimate"] is not None


def test_a_card_speaks_for_its_own_judge_only(card: JudgeCard) -> None:
    found = card.standing("told@1", "themes@1")
    assert (found.content, found.themes, found.card) == (Standing.VALID, Standing.CORRECTED, card.digest)
    assert any("agrees with people" in r for r in found.reasons)
    other = card.standing("told@2", "themes@1")
    assert other.content is Standing.UNVALIDATED and other.themes is Standing.CORRECTED
    assert other.reasons[0] == f"The card {card.digest} speaks for the content judge told@1, this run uses told@2."
    alone = card.model_copy(update={"themes": None, "themes_level": None}).standing("told@1", "themes@1")
    assert alone.themes is Standing.UNVALIDATED and "says nothing of a theme classifier" in alone.reasons[-1]
    cut = card.model_copy(update={"judge": card.judge.model_copy(update={"units": "v0"})}).standing(
        "told@1", "themes@1"
    )
    assert cut.content is Standing.UNVALIDATED and "units v0" in cut.reasons[0]
    assert all(r.endswith(".") for v in (found, other, alone, cut) for r in v.reasons)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-0.004, 0.05, None), (0.01, 0.05, "too much"), (-0.05, -0.01, "too little"), (None, None, None)],
)
def test_the_first_paragraph_claims_no_direction_that_the_interval_does_not_hold(card, low, high, words) -> None:
    bias = card.content.edit.bias
    f1 = bias.f1.model_copy(update={"estimate": 0.02 if low is None else (low + high) / 2, "low": low, "high": high})
    edit = card.content.edit.model_copy(update={"bias": bias.model_copy(update={"f1": f1})})
    text = summary(card.model_copy(update={"content": card.content.model_copy(update={"edit": edit})}))
    assert ("credits the drafts" in text) == (words is not None) and (words or "saved by these drafts") in text


def test_what_is_no_card_is_refused_in_words(card: JudgeCard, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"card\.json: does not exist\nA judge card is"):
        read_card(tmp_path)
    place = tmp_path / "card.json"
    for text, what in (
        ("{", "is no part of a judge card"),
        ('{"name": "encoder"}', "field 'judge'"),
        (card.text().replace('"judge-card:1"', '"judge-card:9"'), "field 'form'"),
        (re.sub(r'"estimate": 0\.\d+', '"estimate": NaN', card.text(), count=1), "finite number"),
    ):
        place.write_text(text)
        with pytest.raises(InputError, match=what):
            read_card(place)
    place.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read as text"):
        read_card(place)


def test_the_page_stands_alone_and_escapes(card: JudgeCard) -> None:
    page = render_card(card)
    assert "<script" not in page and "&lt;script&gt;" in page and "Two nurses &amp; a doctor." in page
    assert not re.search(r'(src|href)="(?!#)', page) and "url(" not in page and "@import" not in page
    assert "valid here" in page and card.judge.signature in page and card.digest in page
    assert not re.search(r"\b(nan|None|inf)\b", re.sub(r"<style>.*?</style>", "", page, flags=re.S))


def test_the_lines_say_verdict_and_main_figures(card: JudgeCard) -> None:
    text = "\n".join(card_lines(card))
    assert (
        text.startswith("content judge told@1: valid here")
        and "theme classifier themes@1: valid with correction" in text
    )
    assert "kappa: judge 0." in text and "edit-F1: judge 0." in text and "place 1 of 4" in text


def test_the_shipped_card_is_the_shipped_judges() -> None:
    card = shipped_card()
    found = card.standing(content_judge().signature, theme_judge().signature)
    assert found.content is card.verdict.content is Standing.CORRECTED
    assert found.themes is card.verdict.themes is Standing.CORRECTED
    assert "language models" in card.material.provenance and "physicians" in card.elsewhere[0].provenance
    outside = card.elsewhere[0].content
    assert outside.rank.place == 4 and outside.rank.of == 4 and outside.rank.low is not None
    assert set(outside.kappa.judge) == {"physician 1", "physician 2", "physician 3"}
    assert render_card(card)


def test_the_shipped_cards_page_in_the_docs_is_current() -> None:
    from scripts.judge_card import TARGET, page

    assert TARGET.read_text(encoding="utf-8") == page(shipped_card()), "run `python -m scripts.judge_card --page`"
