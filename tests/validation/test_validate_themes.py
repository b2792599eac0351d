"""The theme level of a card."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from redline.scoring import Standing, theme_load
from redline.taxonomy import default_taxonomy
from redline.validation.judge.theme_texts import edit_loads, text_sets
from redline.validation.judge.validate import About, Asked, validate
from tests.validation.judged import THEMES, judges, themed, world

ABOUT = About("made up", "nobody", "2026-01-01")
FEW = Asked(draws=400, seed=1, stability=8)
SETS = st.frozensets(st.sampled_from("abc"))


def made(errors: dict[str, float], messages: int = 40):
    pairs, judge = world(6, errors={"a": 0.1})
    texts, classifier = themed(messages, errors=errors)
    card = validate(judges(judge, classifier), pairs, texts, about=ABOUT, how=FEW)
    assert card.themes_level is not None
    return card, texts, classifier


def test_a_classifier_like_people_is_valid_and_one_annotator_is_not_enough() -> None:
    card, _, _ = made({"x": 0.1, "y": 0.1, "z": 0.1}, 200)
    assert card.verdict.themes is Standing.VALID, card.themes_level.verdict.reasons
    assert card.themes.signature == "themes@1"
    alone, _, _ = made({"x": 0.1})
    assert alone.verdict.themes is Standing.CORRECTED
    assert any("one annotator only" in r for r in alone.themes_level.verdict.reasons)


def test_figures_are_those_of_scikit_learn() -> None:
    card, texts, classifier = made({"x": 0.2, "y": 0.2})
    units = [u for t in texts for u in t.units]
    mine = np.array([[k in classifier.says[u] for k in THEMES] for u in units])
    theirs = np.array([[k in keys for k in THEMES] for t in texts for keys in t.labels[1]])
    level = card.themes_level
    assert level.micro_f1.judge["y"].estimate == pytest.approx(f1_score(theirs, mine, average="micro"))
    used = f1_score(theirs, mine, average=None, zero_division=np.nan)
    assert level.macro_f1.judge["y"].estimate == pytest.approx(np.nanmean(used))
    assert level.themes["empathy"].f1.judge["y"].estimate == pytest.approx(used[THEMES.index("empathy")])
    assert level.exact.judge["y"].estimate == pytest.approx((mine == theirs).all(axis=1).mean())
    assert level.exact.judge["y"].n == len(units) and level.text_f1.judge["y"].n == len(texts)
    assert level.themes["other"].f1.judge["y"].estimate is None and level.themes["other"].f1.judge["y"].note


def test_failed_units_are_unknown_for_people_too() -> None:
    _, texts, classifier = made({"x": 0.2, "y": 0.2})
    from redline.records import Status, ThemeVerdict
    from redline.validation.judge.theme_level import theme_table

    answers = {t.units: [ThemeVerdict(Status.OK, {}, classifier.says[u]) for u in t.units] for t in texts}
    answers[texts[0].units][0] = ThemeVerdict(Status.TIMEOUT)
    table = theme_table(texts, answers, default_taxonomy())
    assert table.judge[0] is None and all(labels[0] is None for labels in table.people)
    assert table.judge[1] is not None and table.people[0][1] is not None


@given(st.lists(st.tuples(st.integers(0, 2), SETS, SETS), min_size=1, max_size=8))
def test_edit_loads_are_the_loads_of_every_pair_of_texts(
    texts: list[tuple[int, frozenset[str], frozenset[str]]],
) -> None:
    """Closed form against a loop over ordered pairs of texts of a message."""
    cases = [f"s{case}" for case, _, _ in texts]
    index = np.array([case for case, _, _ in texts])
    place = np.arange(len(texts))
    rows, _, n = edit_loads([a for _, a, _ in texts], [[b for _, _, b in texts]], place, cases, index)
    for side, at in ((0, 1), (1, 2)):
        size = kept = 0.0
        for one, other in permutations(texts, 2):
            if one[0] == other[0]:
                load = theme_load(one[at], other[at])
                size, kept = size + load.draft_units, kept + load.draft_units - load.deletions
        assert rows[:, side].sum(axis=0).tolist() == [size, kept]
    assert n == sum(cases.count(c) > 1 for c in cases)


def test_a_text_with_an_unknown_unit_has_no_set() -> None:
    labels = [frozenset("a"), frozenset("b"), None, frozenset("c"), frozenset()]
    assert text_sets(labels, np.array([4, 4, 7, 7, 9])) == [frozenset("ab"), None, frozenset()]


def test_without_two_texts_of_a_message_no_edit_score_is_given() -> None:
    pairs, judge = world(6, errors={"a": 0.1})
    texts, classifier = themed(20, errors={"x": 0.1, "y": 0.1})
    card = validate(judges(judge, classifier), pairs, texts[::2], about=ABOUT, how=FEW)
    assert card.themes_level.edit_bias.estimate is None
    assert card.themes_level.edit_bias.note == "no message has two labelled texts"
    assert any("cannot be told" in r for r in card.themes_level.verdict.reasons)
