"""The state of an annotator: the same from keys pressed and from the log read back."""

from hypothesis import given, settings
from hypothesis import strategies as st

from redline.annotation import PairToLabel, Session, TextToLabel, in_order
from redline.annotation.session import Kind, Question, questions_of

PAIRS = [
    PairToLabel("p1", "c1", ("a", "b"), ("r",)), PairToLabel("p2", "c2", (), ("s", "t")), PairToLabel("p3", "c3", (), ()),
    PairToLabel("p4", "c1", ("x",), ()),
]  # fmt: skip
ALL = [q for p in PAIRS for q in questions_of(p)]


@given(st.lists(st.sampled_from(["0", "1", "undo", "skip", "note", "restart"]), max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_log_read_back_gives_the_same_state(keys: list[str]) -> None:
    session, events = Session.of(PAIRS), []
    model: list[tuple[Question, int]] = []  # the plain truth: decisions in order, undone ones taken off
    for key in keys:
        if key == "restart":
            session = Session.of(PAIRS, events)
            continue
        before = session.next
        if key == "undo":
            event = session.undo()
            if event is not None:
                assert model and model.pop()[0] == event.question
        elif before is None:
            continue
        elif key == "skip":
            session.skip()
            continue
        else:
            event = session.note("see dose") if key == "note" else session.decide(int(key))
            if key in "01":
                model.append((before, int(key)))
        if event is not None:
            events.append(event)
            session.apply(event)
            if event.kind is Kind.UNDO:
                assert session.next == event.question, "what was taken back is asked next"
    again = Session.of(PAIRS, events)
    assert session.decided == again.decided == dict(model)
    assert session.counts == again.counts == (len(model), 5 + 1)
    assert again.next == next((q for q in ALL if q not in again.decided), None), "the first undecided one"


def test_a_skipped_question_comes_again_at_the_end() -> None:
    session = Session.of(PAIRS)
    first = session.next
    session.skip()
    while session.next != first:
        assert session.next is not None
        session.apply(session.decide(0))
    assert session.counts == (5, 6)
    session.apply(session.decide(1))
    assert session.next is None and session.counts == (6, 6)


def test_a_skip_is_taken_back_without_an_event() -> None:
    session = Session.of(PAIRS)
    first = session.next
    session.skip()
    assert session.next != first and session.undo() is None and session.next == first
    assert session.undo() is None


def test_each_annotator_has_an_order_of_their_own() -> None:
    items = [TextToLabel(f"t{i}", "c", ("x",)) for i in range(30)]
    ann = [i.id for i in in_order(items, "ann")]
    assert ann == [i.id for i in in_order(items[::-1], "ann")] != [i.id for i in in_order(items, "bob")]
    assert [i for i in ann if i != "t3"] == [i.id for i in in_order([t for t in items if t.id != "t3"], "ann")], (
        "a pair more or less leaves the order of the others"
    )
    assert ann != [i.id for i in in_order(items, "ann", 18)]
