"""Other people's pairs: every form that is read, every row that is none, and the way there and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.chat import ChatMessage
from redline.errors import InputError
from redline.training.preference import PreferenceSet, from_pairs, set_of_pairs, to_trl

USER = {"role": "user", "content": "Hi"}
SYSTEM = {"role": "system", "content": "Be brief."}


def said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


ONE = set_of_pairs(
    "imported/x", [ChatMessage("user", "Hi")], [("Yes.", "No.", None, 1.0, "imported")]
)  # the digest of the prompt stands for x


def parts(sets: tuple[PreferenceSet, ...]) -> list[Any]:
    return [(s.prompt, s.replies, [(p.chosen, p.rejected, p.theme, p.weight, p.source) for p in s.pairs]) for s in sets]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hi", "chosen": "Yes.", "rejected": "No."},
        {"prompt": [USER], "chosen": [said("Yes.")], "rejected": [said("No.")]},
        {"prompt": "Hi", "chosen": [said("Yes.")], "rejected": "No."},
        {"chosen": [USER, said("Yes.")], "rejected": [USER, said("No.")]},
        {"prompt": "Hi", "chosen": [USER, said("Yes.")], "rejected": [USER, said("No.")]},
        {"instruction": "Hi", "chosen_response": "Yes.", "rejected_response": "No."},
        {"prompt": "Hi", "responses": ["No.", "Yes."], "ratings": [1, 5]},
        {"instruction": "Hi", "responses": [{"text": "No."}, {"text": "Yes."}], "ranking": [2, 1]},
        {"prompt": "Hi", "responses": ["Yes.", "No."], "rank": [1, 2]},
        {"prompt": [{"from": "human", "value": "Hi"}], "chosen": [{"from": "gpt", "value": "Yes."}], "rejected": "No."},
    ],
)
def test_every_form_says_the_same(row: dict[str, Any]) -> None:
    assert parts(from_pairs([row])) == parts((ONE,))


def test_three_ratings_make_three_pairs_and_ties_none() -> None:
    (found,) = from_pairs([{"prompt": "Hi", "responses": ["a", "b", "c"], "ratings": [1, 3, 2]}])
    texts = {(found.replies[p.chosen], found.replies[p.rejected]) for p in found.pairs}
    assert texts == {("b", "a"), ("c", "a"), ("b", "c")}
    (tied,) = from_pairs([{"prompt": "Hi", "responses": ["a", "b", "c"], "ratings": [1, 3, 3]}])
    assert len(tied.pairs) == 2


def test_equal_prompts_become_one_set() -> None:
    rows = [
        {"prompt": "Hi", "chosen": "a", "rejected": "b", "theme": "empathy"},
        {"prompt": [USER], "chosen": "a", "rejected": "c", "weight": 0.5},
        {"prompt": [SYSTEM, USER], "chosen": "a", "rejected": "c"},
        {"prompt": "Hi", "chosen": "a", "rejected": "b", "theme": "empathy"},
    ]
    one, other = from_pairs(rows)
    assert one.replies == ("a", "b", "c") and [(p.theme, p.weight) for p in one.pairs] == [
        ("empathy", 1.0),
        (None, 0.5),
    ]
    assert other.prompt[0].role == "system" and one.id != other.id


def test_an_implicit_prompt_of_several_turns() -> None:
    before = [SYSTEM, USER, said("What is it?"), {"role": "user", "content": "My knee."}]
    (found,) = from_pairs([{"chosen": [*before, said("a")], "rejected": [*before, said("b")]}])
    assert [m.role for m in found.prompt] == ["system", "user", "assistant", "user"] and found.replies == ("a", "b")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"prompt": "Hi", "chosen": "a"}, "rejected"),
        ({"prompt": "Hi", "rejected": "a"}, "chosen"),
        ({"chosen": "a", "rejected": "b"}, "prompt"),
        ({"prompt": "", "chosen": "a", "rejected": "b"}, "prompt"),
        ({"prompt": 3, "chosen": "a", "rejected": "b"}, "prompt"),
        ({"prompt": "Hi", "chosen": "a", "rejected": "a"}, "rejected"),
        ({"prompt": "Hi", "chosen": " ", "rejected": "a"}, "chosen"),
        ({"prompt": "Hi", "chosen": "a", "rejected": [USER]}, "rejected"),
        ({"prompt": "Hi", "chosen": "a", "rejected": [SYSTEM, said("b")]}, "rejected"),
        ({"prompt": "Hi", "chosen": "a", "rejected": [{"role": "tool", "content": "x"}]}, "rejected[0].role"),
        ({"prompt": "Hi", "chosen": "a", "rejected": [{"role": "user"}]}, "rejected[0].content"),
        ({"prompt": "Hi", "chosen": "a", "rejected": ["b"]}, "rejected[0]"),
        ({"chosen": [USER, said("a")], "rejected": [SYSTEM, said("b")]}, "rejected"),
        ({"chosen": [said("a")], "rejected": [said("b")]}, "rejected"),
        ({"prompt": "Hi", "chosen": "a", "rejected": "b", "weight": 0}, "weight"),
        ({"prompt": "Hi", "chosen": "a", "rejected": "b", "weight": "1"}, "weight"),
        ({"prompt": "Hi", "chosen": "a", "rejected": "b", "theme": ["empathy"]}, "theme"),
        ({"prompt": "Hi", "responses": ["a"], "ratings": [1]}, "responses"),
        ({"prompt": "Hi", "responses": ["a", "a"], "ratings": [1, 2]}, "responses"),
        ({"prompt": "Hi", "responses": ["a", ""], "ratings": [1, 2]}, "responses"),
        ({"prompt": "Hi", "responses": ["a", "b"]}, "ratings"),
        ({"prompt": "Hi", "responses": ["a", "b"], "ratings": [1]}, "ratings"),
        ({"prompt": "Hi", "responses": ["a", "b"], "ratings": [1, float("nan")]}, "ratings"),
        ({"prompt": "Hi", "responses": ["a", "b"], "ranking": [1, 1]}, "ranking"),
        ({"responses": ["a", "b"], "ranking": [1, 2]}, "prompt"),
        ({"prompt": "a\x00", "chosen": "a", "rejected": "b"}, "prompt[0]"),
        ({"prompt": "Hi", "chosen": "a\ud800", "rejected": "b"}, "chosen"),
    ],
)
def test_rows_that_are_no_pair(row: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as error:
        from_pairs([{"prompt": "Hi", "chosen": "a", "rejected": "b"}, row], name="rows.jsonl")
    assert [(p.file, p.line, p.field) for p in error.value.problems] == [("rows.jsonl", 2, field)]


def test_no_rows() -> None:
    with pytest.raises(InputError, match="holds no pair"):
        from_pairs([])


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).filter(str.strip)


@st.composite
def sets(draw: st.DrawFn) -> tuple[PreferenceSet, ...]:
    found = []
    for number in range(draw(st.integers(1, 3))):
        texts = draw(st.lists(TEXT, min_size=2, max_size=5, unique=True))
        places = st.integers(0, len(texts) - 1)
        pairs = draw(
            st.lists(st.tuples(places, places, st.sampled_from([None, "a", "b"])).filter(lambda p: p[0] != p[1]), min_size=1,
                     max_size=6, unique=True)
        )  # fmt: skip
        rows = [(texts[i], texts[j], theme, draw(st.floats(0.01, 10)), "corruption") for i, j, theme in pairs]
        own = draw(st.none() | st.just(texts[0]))
        prompt = [ChatMessage("system", "Be brief."), ChatMessage("user", draw(TEXT))]
        found.append(
            set_of_pairs(f"s{number}", prompt, rows, own=own, case=f"c{number}", clinician=draw(st.none() | TEXT))
        )
    return tuple(found)


@given(sets())
def test_to_trl_and_back(found: tuple[PreferenceSet, ...]) -> None:
    assert from_pairs(to_trl(found)) == found


def test_rows_are_what_trl_reads() -> None:
    row = next(to_trl([ONE]))
    assert row["prompt"] == [USER] and row["chosen"] == [said("Yes.")] and row["rejected"] == [said("No.")]


def test_one_set_id_for_two_prompts_is_told_apart() -> None:
    rows = [{"prompt": p, "chosen": "a", "rejected": "b", "set": "s"} for p in ("Hi", "Ho")]
    one, other = from_pairs(rows)
    assert one.id != other.id


@pytest.mark.slow
def test_trl_itself_takes_the_rows_and_makes_ours_implicit() -> None:
    data_utils = pytest.importorskip("trl.data_utils")
    rows = list(to_trl([ONE]))
    assert all(data_utils.is_conversational(row) for row in rows)
    whole = {side: [*rows[0]["prompt"], *rows[0][side]] for side in ("chosen", "rejected")}
    again = data_utils.extract_prompt(whole)
    assert {k: again[k] for k in ("prompt", "chosen", "rejected")} == {
        k: rows[0][k] for k in ("prompt", "chosen", "rejected")
    }
    assert parts(from_pairs([whole])) == parts(from_pairs([again])) == parts((ONE,))
