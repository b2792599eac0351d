"""Sets go through a file unchanged, and every fault of a file is named with its line and field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.chat import ChatMessage
from redline.errors import InputError
from redline.training.preference import (
    PreferenceSet,
    card_path,
    read_card,
    read_sets,
    set_of_pairs,
    write_card,
    write_sets,
)
from redline.training.preference.files import set_row

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).filter(str.strip)


@st.composite
def a_set(draw: st.DrawFn, id_: str = "s") -> PreferenceSet:
    texts = draw(st.lists(TEXT, min_size=2, max_size=5, unique=True))
    places = st.integers(0, len(texts) - 1)
    pairs = draw(st.lists(st.tuples(places, places).filter(lambda p: p[0] != p[1]), max_size=6))
    theme = st.sampled_from([None, "empathy", "other"])
    rows = [(texts[a], texts[b], draw(theme), draw(st.floats(0.01, 10)), "corruption") for a, b in pairs]
    return set_of_pairs(
        id_, [ChatMessage("user", draw(TEXT))], rows, own=texts[0], case="c", clinician=draw(st.none() | TEXT)
    )


@given(a_set("a"), a_set("b"))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, one: PreferenceSet, two: PreferenceSet
) -> None:
    path = tmp_path_factory.mktemp("sets") / "sets.jsonl"
    assert write_sets(path, [one, two]).sets == 2
    assert read_sets(path) == (one, two)
    assert [s.digest for s in read_sets(path)] == [one.digest, two.digest]


def good() -> dict[str, object]:
    pairs = [("Yes.", "No.", "empathy", 1.0, "corruption")]
    return set_row(set_of_pairs("s1", [ChatMessage("user", "Hi")], pairs, own="Yes."))


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    rows = [
        good(),
        good() | {"id": "s2", "own": 7},
        good() | {"id": "s3", "replies": ["Yes.", "Yes."]},
        good() | {"id": "s4", "pairs": [{"chosen": 0, "rejected": 9, "weight": 0.0}]},
        good() | {"id": "s5", "prompt": []},
        good() | {"id": "s6", "replies": ["Yes.", 3]},
        good() | {"id": "s7", "note": "x"},
        good() | {"id": "s8", "prompt": [{"role": "tool", "content": "x"}]},
        {k: v for k, v in good().items() if k != "replies"} | {"id": "s9"},
        good(),
        good() | {"id": "s11", "pairs": [{"chosen": 1, "rejected": 1}]},
        good() | {"id": "s12", "replies": ["Yes.", "a\x00b"]},
    ]
    path = tmp_path / "sets.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in rows) + "\nnot json\n")
    with pytest.raises(InputError) as error:
        read_sets(path)
    found = {(p.line, p.field) for p in error.value.problems}
    assert found == {
        (2, "own"), (3, "replies[1]"), (4, "pairs[0].rejected"), (4, "pairs[0].weight"), (5, "prompt"), (6, "replies[1]"),
        (7, "note"), (8, "prompt[0].role"), (9, "replies"), (10, "id"), (11, "pairs[0]"), (12, "replies[1]"), (13, None),
    }  # fmt: skip
    assert "Yes." not in str(error.value), "texts stay out of errors"


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "sets.jsonl"
    path.write_text("\n")
    with pytest.raises(InputError, match="holds no preference set"):
        read_sets(path)
    with pytest.raises(InputError, match="does not exist"):
        read_sets(tmp_path / "other.jsonl")


def test_nothing_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "sets.jsonl"
    one = set_of_pairs("a", [ChatMessage("user", "Hi")], [("Yes.", "No.", None, 1.0, "x")])
    write_sets(path, [one])
    before = path.read_bytes()

    def failing() -> object:
        yield one
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        write_sets(path, failing())  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["sets.jsonl"]


def test_cards(tmp_path: Path) -> None:
    path = tmp_path / "sets.jsonl"
    assert read_card(path) is None
    assert write_card(path, {"seed": 17}) == card_path(path)
    card = read_card(path)
    assert card is not None and card["seed"] == 17
    for wrong in ("{", "[]", '{"form": 99}'):
        card_path(path).write_text(wrong)
        with pytest.raises(InputError, match=r"card|JSON"):
            read_card(path)
