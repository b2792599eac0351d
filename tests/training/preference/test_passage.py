"""Edits of sentences: what is left is the reply's own text, to the letter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from redline.records import Reply
from redline.training.preference.check import _units
from redline.training.preference.passage import Passage

SENTENCE = st.text("abcdef", min_size=1, max_size=8).map(lambda s: f"{s.capitalize()}.")
GAP = st.sampled_from([" ", "\n", "\n\n", "  "])


@st.composite
def passages(draw: st.DrawFn) -> Passage:
    units = draw(st.lists(SENTENCE, min_size=1, max_size=6))
    text, spans = "", []
    for i, unit in enumerate(units):
        text += draw(GAP) if i else ""
        spans.append((len(text), len(text) + len(unit)))
        text += unit
    return Passage(text, tuple(spans), tuple(frozenset({"other"}) for _ in units))


@given(passages(), st.data())
def test_dropping_leaves_the_others_in_order(passage: Passage, data: st.DataObject) -> None:
    places = data.draw(st.sets(st.integers(0, len(passage.spans) - 1)))
    kept = [u for i, u in enumerate(passage.units) if i not in places]
    assert passage.without(places).split() == kept
    assert passage.without(()) == passage.text


@given(passages(), st.data())
def test_adding_and_taking_away_again(passage: Passage, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(passage.spans)))
    added = passage.with_added(at, "Zzz.")
    assert added.split() == [*passage.units[:at], "Zzz.", *passage.units[at:]]
    assert added.count("Zzz.") == 1


@given(passages(), st.data())
def test_replacing_shares_everything_before(passage: Passage, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(passage.spans) - 1))
    changed = passage.with_instead([place], "Zzz.")
    start = passage.spans[place][0]
    assert changed[:start] == passage.text[:start]
    assert changed == passage.text[:start] + "Zzz." + passage.text[passage.spans[place][1] :]


def test_the_corpus_own_sentences_are_used_where_they_stand_in_the_text() -> None:
    units, themes = ("Rest.", "Call us if worse."), (("treatment_planning",), ("contingency_planning",))
    exact = Passage.of(Reply("a", "c", "Rest.\n\nCall us if worse.", units, themes))
    assert exact.units == units and exact.having("contingency_planning") == (1,)
    elsewhere = Passage.of(Reply("a", "c", "Rest now. Call.", units, themes))
    assert elsewhere.units == ("Rest now.", "Call.") and elsewhere.themes == (), (
        "labels of other sentences are not used"
    )


def test_sentences_of_an_edited_text_are_found_again() -> None:
    assert _units("Rest, e.g. here. New one. And this. Call.", ["Rest, e.g. here.", "Call.", "Gone."]) == (
        "Rest, e.g. here.", "New one.", "And this.", "Call.",
    )  # fmt: skip
    assert _units("", ["Rest."]) == ()
