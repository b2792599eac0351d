import pytest

from redline.corpus import Corpus
from redline.drafting.planner.past import read_past
from redline.errors import UsageError
from redline.records import Reply
from tests.drafting.planner.fakes import case, reply

THEMES = ("empathy", "care_coordination")


def test_themes_of_all_sentences_count_once() -> None:
    one = Reply("m0", "a", "x y", ("x", "y"), (("empathy",), ("empathy", "other")))
    found = read_past(Corpus("c", (case(0),), (one,)), THEMES, None)
    assert found.present.tolist() == [[1.0, 0.0]] and found.clinicians == ("a",)


def test_a_reply_made_out_of_a_draft_teaches_nothing() -> None:
    made = Reply("m0", "a", "x", ("x",), (("empathy",),), started_from="model/zero_shot")
    assert len(read_past(Corpus("c", (case(0),), (made,)), THEMES, None)) == 0


def test_unlabelled_replies_go_to_the_classifier_and_labelled_ones_do_not() -> None:
    asked: list[tuple[str, ...]] = []

    def label(units: object) -> list[tuple[str, ...]]:
        asked.append(tuple(units))  # type: ignore[arg-type]
        return [("care_coordination",) if "visit" in u else () for u in asked[-1]]

    replies = (Reply("m0", "a", "Sorry. Book a visit."), reply(1, "a", "empathy"), Reply("m1", "b", ""))
    found = read_past(Corpus("c", (case(0), case(1)), replies), THEMES, label)
    assert asked == [("Sorry.", "Book a visit.")]
    assert found.present.tolist() == [[0, 1], [1, 0], [0, 0]]


def test_unlabelled_replies_without_a_classifier_are_an_error_that_says_so() -> None:
    with pytest.raises(UsageError, match="1 of 1 past replies have no theme labels"):
        read_past(Corpus("c", (case(0),), (Reply("m0", "a", "Hi."),)), THEMES, None)


def test_a_reply_to_a_message_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="'m7'"):
        read_past(Corpus("c", (case(0),), (reply(7, "a", "empathy"),)), THEMES, None)
