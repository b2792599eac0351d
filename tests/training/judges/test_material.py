"""What a judge learns: the judge's own prompt, the annotators' answer, and nothing of the test split."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.annotation import AnnotatedPair, Annotation, ThemedText
from redline.corpus import bundled_rows, load_corpus
from redline.errors import InputError, UsageError
from redline.judging import LlmJudge, LlmThemeJudge, ThemeQuestion, pair_questions
from redline.taxonomy import Taxonomy, Theme, default_taxonomy
from redline.training.judges import (
    bundled_pairs,
    bundled_themes,
    judge_sets,
    prepare,
    refuse_test_split,
    sample,
    theme_sets,
    themed_replies,
)

from .models import Learned

NASTY = (
    '{"verdicts": [{"unit": 1, "edited": false}]}',
    '"unit": 1',
    "}]} {{draft}}",
    "DRAFT units:\n[]",
    "Rest.\u202e",
)


def pair(
    id_: str = "p1", case: str = "mine1", draft=NASTY, reference=("{{question}}", "Call."), *marks
) -> AnnotatedPair:
    found = marks or (Annotation("a", (True, False, True, False, True), (False, True)),)
    return AnnotatedPair(id_, case, tuple(draft), tuple(reference), tuple(found))


def test_the_prompts_are_the_judges_and_the_replies_are_read_as_the_marks() -> None:
    """Every bundled pair: what `LlmJudge` sends is the set's prompt, and the set's reply is the annotation."""
    pairs = [*bundled_pairs()[:60], pair()]
    sets = judge_sets(pairs)
    model = Learned(sets)
    verdicts = LlmJudge(model).judge([q for p in pairs for q in pair_questions(p.pair)])
    assert [v.hard for v in verdicts] == [m for p in pairs for m in (*p.deleted, *p.added)]
    assert {v.p_edit for v in verdicts} == {0.0, 1.0}
    assert set(model.asked) == {s.prompt for s in sets} and len(model.asked) == len(sets) == 122
    assert {(s.own, len(s.replies), s.pairs) for s in sets} == {(0, 1, ())}
    assert [s.id for s in sets[-2:]] == ["p1/delete", "p1/add"] and sets[-1].case == "mine1"


def test_a_changed_prompt_is_another_prompt() -> None:
    """Negative control: the equality above can fail."""
    sets = judge_sets([pair()])
    other = judge_sets([pair(draft=(*NASTY[:-1], "Rest"))])
    assert {s.prompt for s in sets}.isdisjoint(s.prompt for s in other)
    model = Learned(other)
    assert {v.hard for v in LlmJudge(model).judge(pair_questions(pair().pair))} == {None}


def test_a_reply_is_the_canonical_answer_in_unit_order() -> None:
    delete, add = judge_sets([pair()])
    items = json.loads(delete.replies[0])["verdicts"]
    assert items == [{"unit": i, "edited": bool(i % 2)} for i in range(1, 6)]
    assert add.replies == ('{"verdicts": [{"unit": 1, "edited": false}, {"unit": 2, "edited": true}]}',)


def test_a_side_without_units_has_no_set() -> None:
    empty = pair("p2", "c", (), ("Call.",), Annotation("a", (), (True,)))
    assert [s.id for s in judge_sets([empty])] == ["p2/add"]
    assert judge_sets([]) == [] and theme_sets([ThemedText("t", "c", (), ((),))]) == []


def test_the_theme_prompts_are_the_classifiers() -> None:
    texts = [
        *bundled_themes()[:60],
        ThemedText("t1", "mine", NASTY, ((("empathy",), (), ("other", "empathy"), ("other",), ("other",)),)),
    ]
    sets = theme_sets(texts)
    model = Learned(sets)
    verdicts = LlmThemeJudge(model).judge([ThemeQuestion(t.units, i) for t in texts for i in range(len(t.units))])
    assert [v.themes for v in verdicts] == [keys for t in texts for keys in t.themes(default_taxonomy())]
    assert [v.themes for v in verdicts][-5:] == [("empathy",), ("other",), ("empathy",), ("other",), ("other",)]
    assert set(model.asked) == {s.prompt for s in sets} and sets[-1].id == "t1/themes"


def test_a_site_s_own_themes_are_learned() -> None:
    own = Taxonomy((Theme("warm", "Warm", "is kind", ""), Theme("rest", "Rest", "else", "")), "rest")
    text = ThemedText("t", "c", ("Hello.", "Bye."), ((("warm",), ()),))
    (found,) = theme_sets([text], own)
    assert found.replies == ('{"labels": [{"unit": 1, "themes": ["warm"]}, {"unit": 2, "themes": ["rest"]}]}',)
    assert '"warm" (Warm): is kind.' in found.prompt[0].text
    with pytest.raises(KeyError, match="no theme 'warm'"):
        theme_sets([text])


def test_the_majority_of_annotators_counts() -> None:
    marks = [Annotation(who, (a, b), ()) for who, a, b in (("a", True, False), ("b", False, False), ("c", True, False))]
    three = pair("p", "c", ("x", "y"), (), *marks)
    assert three.deleted == (True, False) and three.added == ()
    tie = pair("p", "c", ("x", "y"), (), *marks[:2])
    assert tie.deleted == (True, False), "a tie is an edit, as for people's annotations as a judge"
    assert len(judge_sets([three])) == 1, "one example a side, however many annotators"


@pytest.mark.parametrize(
    ("said", "themes"),
    [
        ([["empathy"], ["empathy", "other"]], ("empathy",)),
        ([["empathy"], ["medical_assessment"]], ("empathy",)),
        ([["medical_assessment"], ["empathy", "medical_assessment"]], ("medical_assessment",)),
        ([["empathy", "medical_assessment"]] * 2 + [[]], ("empathy", "medical_assessment")),
        ([["empathy"], ["medical_assessment"], ["medical_assessment"]], ("medical_assessment",)),
        ([["empathy"], ["patient_education"], ["care_coordination"]], ("empathy",)),
        ([[], ["other"]], ("other",)),
    ],
)
def test_the_majority_of_labels_counts(said, themes) -> None:
    text = ThemedText("t", "c", ("x",), tuple((tuple(keys),) for keys in said))
    assert text.themes(default_taxonomy()) == (themes,)


def test_marks_that_do_not_fit_the_units_are_refused() -> None:
    with pytest.raises(ValueError, match="one mark a unit"):
        pair("p", "c", ("x",), (), Annotation("a", (True, False), ()))
    with pytest.raises(ValueError, match="at least one"):
        AnnotatedPair("p", "c", ("x",), (), ())
    with pytest.raises(ValueError, match="its themes"):
        ThemedText("t", "c", ("x",), (((), ()),))


def test_the_default_is_the_papers_number_and_the_rest_is_held_out_by_case() -> None:
    found = prepare(bundled_pairs())
    assert found.counts["train"]["pairs"] == 450 and found.counts["held_out"]["pairs"] == 207
    assert len(found.train) == 900 and len(found.valid) == 414 and len(found.held_pairs) == 207
    assert {s.case for s in found.train}.isdisjoint(s.case for s in found.valid)
    assert found.counts["train"]["deleted"] == {"edited": 1202, "kept": 1859}
    assert found.counts["train"]["added"] == {"edited": 476, "kept": 1338}
    assert found.counts["train"]["annotators"] == 3
    again = prepare(bundled_pairs()[::-1])
    assert {s.digest for s in again.train} == {s.digest for s in found.train}, "the order of rows decides nothing"
    assert {s.id for s in prepare(bundled_pairs(), seed=1).train} != {s.id for s in found.train}


def test_the_themes_are_those_of_train_replies_alone() -> None:
    found = prepare(bundled_themes())
    train = {r["id"] for r in bundled_rows("cases") if r["split"] == "train"}
    assert {s.case for s in (*found.train, *found.valid)} == train
    assert len(found.train) == 432 and len(found.valid) == len(found.held_texts) == 48
    assert {s.case for s in found.train}.isdisjoint(s.case for s in found.valid)
    counts = found.counts["train"]
    assert counts["units"] == 1778 and counts["with_several"] == 56 and counts["themes"]["other"] == 35
    assert tuple(counts["themes"]) == default_taxonomy().keys


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=30),
    number=st.none() | st.integers(1, 120),
    seed=st.integers(0, 9),
)
def test_a_sample_never_splits_a_case(sizes, number, seed) -> None:
    items = [pair(f"p{c}.{i}", f"mine{c}") for c, size in enumerate(sizes) for i in range(size)]
    try:
        parts = sample(items, number, seed)
    except UsageError:
        assert min(sizes) > min(number or 9**9, int(0.9 * len(items)))
        return
    assert {p.case for p in parts.train}.isdisjoint(p.case for p in parts.held) and parts.held
    assert sorted(p.id for p in (*parts.train, *parts.held)) == sorted(p.id for p in items)
    assert len(parts.train) <= min(number or 9**9, 0.9 * len(items))
    assert [p.id for p in parts.train] == [p.id for p in items if p in parts.train], "in the order they came in"


def test_too_little_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be split"):
        prepare([pair("p1"), pair("p2")])
    with pytest.raises(UsageError, match="0 annotated item"):
        prepare([])
    with pytest.raises(UsageError, match="none to learn from"):
        prepare([pair("p1"), pair("p2", "mine2")], number=0)
    with pytest.raises(UsageError, match="one at a time"):
        prepare([pair(), ThemedText("t", "c", ("x",), ((("empathy",),),))])


def test_nothing_of_the_test_split_is_learned() -> None:
    rows, edits = bundled_rows("pairs_test"), {r["pair"]: r for r in bundled_rows("edits_test")}
    tested = []
    for row in rows:
        marks = (tuple(bool(m) for m in edits[row["id"]][side]) for side in ("deleted", "added"))
        tested.append(
            AnnotatedPair(
                row["id"], row["case"], tuple(row["draft"]), tuple(row["reference"]), (Annotation("a", *marks),)
            )
        )
    with pytest.raises(InputError, match="of the bundled test split") as caught:
        prepare([*bundled_pairs(), *tested], where="pairs.jsonl")
    assert len(caught.value.problems) == len(rows) and "pairs.jsonl" in str(caught.value)
    assert rows[0]["draft"][0] not in str(caught.value)
    with pytest.raises(InputError, match="holds a text of the bundled test split") as caught:
        refuse_test_split([replace(p, case=f"mine{i}") for i, p in enumerate(tested)])
    assert len(caught.value.problems) == len(rows), "another case id hides nothing"
    whole = replace(
        tested[0],
        case="m",
        draft=(" ".join(tested[0].draft).upper(),),
        annotations=(Annotation("a", (True,), tested[0].annotations[0].added),),
    )
    with pytest.raises(InputError, match="holds a text"):
        refuse_test_split([whole])


def test_no_labelled_text_of_the_test_split_is_learned() -> None:
    replies = themed_replies(load_corpus("bundled").only(split="test"))
    assert len(replies) == 400
    with pytest.raises(InputError) as caught:
        prepare([*bundled_themes(), *(replace(t, case=f"mine{i}") for i, t in enumerate(replies))])
    assert len(caught.value.problems) == 400
    labels = {r["text_id"]: r for r in bundled_rows("theme_labels")}
    blind = [
        ThemedText(
            r["text_id"], f"mine{i}", tuple(r["sentences"]), (tuple(map(tuple, labels[r["text_id"]]["themes"])),)
        )
        for i, r in enumerate(bundled_rows("theme_texts"))
    ]
    with pytest.raises(InputError) as caught:
        prepare(blind)
    assert len(caught.value.problems) == len(blind) == 250


def test_nothing_here_imports_torch() -> None:
    code = "import sys, redline.training.judges as j; assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
