"""When a sentence that was written for one patient could be said to another."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from redline.records import Case, ChartSummary, Reply
from redline.retrieval.words import search_words
from redline.training.preference import Assignment, Material, OfflineAgent
from redline.training.preference.material import Answered
from redline.training.preference.passage import Passage
from redline.training.preference.portable import WordUse, bound_to, protects, same_persons

from .support import SENTENCES, check, small_corpus


def test_common_words_are_those_of_many_messages_not_of_many_replies() -> None:
    words = WordUse.of([("a", "rest ice"), ("a", "rest"), ("a", "rest"), ("b", "ice"), ("c", "ice")])
    assert not words.common("rest") and words.common("ice"), "three replies to one message are one message"


@pytest.mark.parametrize(
    ("sentence", "reply", "same"),
    [
        ("Please bring him in.", "You should rest.", False),
        ("Please bring him in.", "Give him water.", True),
        ("Is she wheezing?", "He may go back to school.", False),
        ("Sorry to you both.", "Sorry to hear that.", False),
        ("Rest today.", "His knee is fine.", True),
    ],
)
def test_persons(sentence: str, reply: str, same: bool) -> None:
    assert same_persons(sentence, reply) is same


def test_occasions_and_safety() -> None:
    assert bound_to("See you on Friday.", "Come in.") and not bound_to("See you soon.", "Come in.")
    assert protects("Go to the emergency department now.") and protects("Have you thought of killing yourself?")
    assert not protects("Come in for a routine visit.")


def test_fitting_needs_known_words_and_a_shared_topic() -> None:
    material = Material.of(small_corpus(), check().label)
    case = Case("n", "My ankle is swollen and red since the run.", ChartSummary(30, "M"), category="new_symptom")
    own = Reply("n", "c1", "Please rest it.")
    answered = Answered(case, own, Passage.of(own))
    agent, known = OfflineAgent(material), frozenset(search_words(case.message))
    asked = Assignment(answered, "symptom_questions", "enhance")

    def fits(sentence: str, about: int) -> bool:
        from redline.training.preference.material import Donor

        return agent._fits(asked, Donor("x", "c1", sentence), known, about=about)

    about_it = "Is there any swelling around the ankle?"
    assert fits(about_it, 1)
    assert not fits(about_it, 3), "it shares two uncommon words with the message"
    assert not fits(SENTENCES["symptom_questions"].format(x="wrist"), 0), "nobody spoke of a wrist"
    assert fits("Is there any around the?", 0) and not fits("Is there any around the?", 1), "common words are no topic"
    assert not fits("Is there any swelling around his ankle?", 0)


def test_what_protects_is_never_borrowed_as_a_fault() -> None:
    corpus = small_corpus()
    urgent = "Please call 911 for the {x} now."
    replies = tuple(
        replace(r, text=urgent.format(x=r.case), units=(urgent.format(x=r.case),), themes=(("treatment_planning",),))
        if r.case != "t1"
        else r
        for r in corpus.replies
    )
    material = Material.of(replace(corpus, replies=replies), check().label)
    answered = next(a for a in material.answered if a.reply.case == "t1")
    for kind in ("misplace", "overdo"):
        (made,) = OfflineAgent(material).write([Assignment(answered, "treatment_planning", kind)])
        assert made.why == "no_donor"


def test_names_and_numbers_are_not_lent() -> None:
    corpus = small_corpus()
    marked = "Please rest the elbow, Dr. Lee will call 555-201-3344."
    replies = tuple(
        replace(r, text=marked, units=(marked,), themes=(("treatment_planning",),)) if r.case != "t1" else r
        for r in corpus.replies
    )
    material = Material.of(replace(corpus, replies=replies), check().label)
    answered = next(a for a in material.answered if a.reply.case == "t1")
    assert material.elsewhere(answered, "treatment_planning", random.Random(1)) == []
