"""From logs to the corpus' forms, to verdicts, and to what is done so far."""

import json
from pathlib import Path

import pytest

from redline.annotation import (
    PairToLabel,
    Session,
    TextToLabel,
    edit_row,
    edits_of,
    label_rows,
    labels_of,
    progress,
    read_annotated_pairs,
    read_edits,
    read_pairs_to_label,
    read_texts_to_label,
    read_themed_texts,
    store_annotations,
)
from redline.errors import InputError
from redline.judging import HumanJudge, Pair, VerdictStore, check_judge, content_judge, pair_questions
from redline.records import Status

PAIRS = [
    PairToLabel("p1", "c1", ("a", "b"), ("r",)),
    PairToLabel("p2", "c2", (), ("s",)),
    PairToLabel("p3", "c3", ("x",), ()),
]


def state(values: list[int | None]) -> Session:
    """Decisions in the order of the questions; None leaves one open."""
    session = Session.of(PAIRS)
    for value in values:
        if value is None:
            session.skip()
        else:
            session.apply(session.decide(value))
    return session


STATES = {"ann": state([1, 0, 0, 1]), "bob": state([1, 1, None, None, 0])}


def files(tmp_path: Path) -> tuple[Path, Path]:
    pairs, edits = tmp_path / "pairs.jsonl", tmp_path / "edits.jsonl"
    pairs.write_text("".join(json.dumps(p.row()) + "\n" for p in PAIRS))
    edits.write_text("".join(json.dumps(edit_row(m)) + "\n" for m in edits_of(STATES, PAIRS)))
    return pairs, edits


def test_edits_are_the_corpus_form_and_open_units_null(tmp_path: Path) -> None:
    rows = [edit_row(m) for m in edits_of(STATES, PAIRS)]
    assert [(r["pair"], r["annotator"], r["deleted"], r["added"]) for r in rows] == [
        ("p1", "ann", [1, 0], [0]), ("p2", "ann", [], [1]), ("p1", "bob", [1, 1], [None]), ("p3", "bob", [0], []),
    ]  # fmt: skip
    pairs, edits = files(tmp_path)
    found = read_annotated_pairs(pairs, edits, undecided=True)
    assert [len(p.annotations) for p in found] == [2, 1, 1] and found[0].added == (False,)
    assert read_edits(edits, pairs)[0].undecided == 0
    with pytest.raises(InputError, match="is not a list of 0 and 1"):
        read_annotated_pairs(pairs, edits)


def test_a_pair_that_was_changed_after_it_was_drawn_is_refused(tmp_path: Path) -> None:
    pairs, edits = files(tmp_path)
    assert read_pairs_to_label(pairs) == PAIRS
    pairs.write_text(pairs.read_text().replace('"b"', '"B"'))
    with pytest.raises(InputError, match="line 1, field 'digest': the texts are not those that were drawn"):
        read_pairs_to_label(pairs)
    with pytest.raises(InputError, match="field 'digest'"):
        HumanJudge.from_files(edits, pairs)


def test_each_annotator_is_a_judge_in_the_store() -> None:
    store = VerdictStore()
    counts = store_annotations(edits_of(STATES, PAIRS), store)
    assert [s.split("@")[0] for s in counts] == ["human", "human:ann", "human:bob"]
    assert list(counts.values()) == [5, 4, 3] and len(store) == 12, "what is open is not stored"
    assert store_annotations(edits_of(STATES, PAIRS), store) == counts and len(store) == 12
    more = {"bob": state([1, 1, 1, None, 0])}
    assert set(store_annotations(edits_of(more, PAIRS), store)).isdisjoint(counts), "other decisions, another judge"


def test_what_is_stored_is_what_the_files_of_it_name(tmp_path: Path) -> None:
    pairs, edits = files(tmp_path)
    counts = store_annotations(edits_of(STATES, PAIRS), VerdictStore())
    named = [f"human:{who}{edits}+{pairs}" for who in ("", "ann@", "bob@")]
    assert [content_judge(n).signature for n in named] == list(counts)
    asked = [q for p in PAIRS for q in pair_questions(p.pair)]
    bob = content_judge(named[2]).judge(asked)
    assert [v.p_edit for v in bob] == [1.0, 1.0, None, None, 0.0] and bob[2].status is Status.MISSING
    with pytest.raises(InputError, match="field 'annotator': is never 'cem'; the annotators are 'ann', 'bob'"):
        content_judge(f"human:cem@{edits}+{pairs}")


def test_an_at_sign_in_a_name_is_part_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs, edits = files(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("ann@edits.jsonl").write_bytes(edits.read_bytes())
    assert HumanJudge.from_spec(f"ann@edits.jsonl+{pairs}") == HumanJudge.from_files(edits, pairs)
    Path("ann@edits.jsonl").unlink()
    assert HumanJudge.from_spec(f"ann@edits.jsonl+{pairs}") == HumanJudge.from_files(edits, pairs, "ann")
    with pytest.raises(InputError, match=r"^none.jsonl: does not exist"):
        HumanJudge.from_spec("ann@edits.jsonl+none.jsonl")


def test_the_judge_of_two_files(tmp_path: Path) -> None:
    pairs, edits = files(tmp_path)
    judge = content_judge(f"human:{edits}+{pairs}")
    asked = [q for p in PAIRS for q in pair_questions(p.pair)]
    found = [(v.status, v.p_edit, v.votes) for v in judge.judge(asked)]
    ok = Status.OK
    assert found == [(ok, 1.0, (1.0, 1.0)), (ok, 0.5, (0.0, 1.0)), (ok, 0.0, ()), (ok, 1.0, ()), (ok, 0.0, ())]
    assert judge.signature.startswith("human@")
    check_judge(judge)
    other = judge.judge(pair_questions(Pair("x", ("never seen",), ())))
    assert other[0].status is Status.MISSING


def test_a_plus_in_a_name_is_part_of_the_name(tmp_path: Path) -> None:
    pairs, edits = files(tmp_path)
    one = tmp_path / "a+b.jsonl"
    one.write_text(json.dumps({"draft": ["a"], "reference": [], "deleted": [1], "added": []}) + "\n")
    assert len(HumanJudge.from_spec(str(one)).answers) == 1
    odd = tmp_path / "e+f.jsonl"
    odd.write_bytes(edits.read_bytes())
    (tmp_path / "p+q.jsonl").write_bytes(pairs.read_bytes())
    assert HumanJudge.from_spec(f"{odd}+{tmp_path / 'p+q.jsonl'}") == HumanJudge.from_files(edits, pairs)
    with pytest.raises(InputError, match="does not exist"):
        HumanJudge.from_spec(f"{edits}+{tmp_path}/none.jsonl")


BAD = [
    ('{"pair": "zz", "deleted": [], "added": []}', "line 1, field 'pair': is 'zz', which"),
    ('{"deleted": [], "added": []}', "field 'pair': is missing or no id"),
    ('{"pair": "p2", "deleted": [1], "added": [1]}', "field 'deleted': has 1 marks for 0 units"),
    ('{"pair": "p2", "deleted": [], "added": ["x"]}', "is missing or not a list of 0 and 1 (or null)"),
    (
        '{"pair": "p2", "annotator": "a", "deleted": [], "added": [1]}\n' * 2,
        "was annotated by the same in line 1 already",
    ),
    ("", "is empty"),
]


@pytest.mark.parametrize(("line", "message"), BAD)
def test_bad_lines_of_two_files(tmp_path: Path, line: str, message: str) -> None:
    pairs, edits = files(tmp_path)
    edits.write_text(line + "\n" if line else "")
    with pytest.raises(InputError) as caught:
        HumanJudge.from_files(edits, pairs)
    assert message in str(caught.value)


def test_how_far_each_is_and_what_they_share() -> None:
    each, shared = progress(STATES, PAIRS)
    assert [(p.annotator, p.complete, p.begun, p.items, p.decided, p.units) for p in each] == [
        ("ann", 2, 0, 3, 4, 5), ("bob", 1, 1, 3, 3, 5),
    ]  # fmt: skip
    assert [(o.first, o.second, o.items, o.units) for o in shared] == [("ann", "bob", 0, 2)]
    assert progress(STATES, PAIRS[:0])[0][0].items == 0


def test_labels_of_whole_texts_are_the_corpus_form(tmp_path: Path) -> None:
    texts = [
        TextToLabel("t1", "c", ("Hello.", "Rest.")),
        TextToLabel("t2", "c", ("a", "b")),
        TextToLabel("t3", "c", ()),
    ]
    session = Session.of(texts)
    for keys in (("other",), ("empathy", "treatment_planning"), ("other",)):
        session.apply(session.decide(keys))
    made = labels_of({"ann": session}, texts)
    assert [(m.text.id, m.undecided) for m in made] == [("t1", 0), ("t2", 1)]
    rows, open_ = label_rows(made)
    assert open_ == 1 and [r["themes"] for r in rows] == [[["other"], ["empathy", "treatment_planning"]]]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(t.row()) + "\n" for t in texts))
    (tmp_path / "l.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    assert read_themed_texts(tmp_path / "t.jsonl", tmp_path / "l.jsonl")[0].annotators == ("ann",)
    assert read_texts_to_label(tmp_path / "t.jsonl") == texts
    (tmp_path / "t.jsonl").write_text((tmp_path / "t.jsonl").read_text().replace("Rest.", "Do not rest."))
    with pytest.raises(InputError, match="field 'digest': the text 't1' is not the one that was labelled"):
        read_themed_texts(tmp_path / "t.jsonl", tmp_path / "l.jsonl")
