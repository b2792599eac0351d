"""The judges behind the one interface."""

import json
from pathlib import Path

import pytest

from redline.errors import InputError, JudgeError, RemoteNotAllowedError, UsageError
from redline.judging import (
    CascadeJudge,
    ContentQuestion,
    Direction,
    ExactJudge,
    HumanJudge,
    Pair,
    PanelJudge,
    Runner,
    Scope,
    VerdictStore,
    check_judge,
    content_judge,
    is_paid,
    pair_questions,
)  # fmt: skip
from redline.records import Status, Verdict


class Fixed:
    """Always the same verdict."""

    batch, scope = 8, Scope.UNIT

    def __init__(self, verdict: Verdict, name: str = "fixed") -> None:
        self.verdict, self.name, self.signature = verdict, name, f"{name}@1"

    def judge(self, questions):
        return [self.verdict for _ in questions]


ASKED = pair_questions(Pair("1", ("Take 20 mg daily.", "Rest."), ("- take 20 mg daily", "Call us.")))
YES, NO, LATE = Verdict(Status.OK, 0.9, True), Verdict(Status.OK, 0.1, False), Verdict(Status.TIMEOUT)


def test_exact_keeps_equal_units_and_minds_doses() -> None:
    assert [v.hard for v in ExactJudge().judge(ASKED)] == [False, True, False, True]
    dose = ContentQuestion(Direction.DELETE, ("Take 20 mg daily.",), ("Take 25 mg daily.",), 0)
    assert ExactJudge().judge([dose])[0].hard is True
    typo = ContentQuestion(Direction.DELETE, ("Take it with food every day.",), ("Take it with food evry day.",), 0)
    assert ExactJudge().judge([typo])[0].hard is False


def test_panel_averages_and_names_who_failed() -> None:
    refused = Fixed(Verdict(Status.REFUSED), "shy")
    joined = PanelJudge((Fixed(YES), Fixed(NO), refused)).judge(ASKED[:1])[0]
    assert joined.p_edit == pytest.approx(0.5) and joined.votes == (0.9, 0.1) and "shy: refused" in joined.detail
    nobody = PanelJudge((Fixed(LATE), Fixed(LATE))).judge(ASKED[:1])[0]
    assert nobody.status is Status.TIMEOUT and nobody.p_edit is None
    with pytest.raises(UsageError, match="at least two"):
        PanelJudge((Fixed(YES),))


def test_cascade_passes_on_the_uncertain_band_only() -> None:
    unsure = Verdict(Status.OK, 0.5, True)
    assert CascadeJudge(Fixed(YES), Fixed(NO)).judge(ASKED[:1])[0] == YES
    passed = CascadeJudge(Fixed(unsure), Fixed(NO)).judge(ASKED[:1])[0]
    assert passed.p_edit == 0.1 and passed.votes == (0.5, 0.1)
    kept = CascadeJudge(Fixed(unsure), Fixed(Verdict(Status.REFUSED), "shy")).judge(ASKED[:1])[0]
    assert kept.p_edit == 0.5 and "shy" in kept.detail
    assert CascadeJudge(Fixed(LATE), Fixed(NO)).judge(ASKED[:1])[0] == NO


@pytest.mark.parametrize("joint", [PanelJudge, CascadeJudge])
def test_a_timeout_of_a_member_is_asked_again_and_not_stored(joint) -> None:
    class Comes(Fixed):
        def judge(self, questions):
            return [self.verdict for _ in questions]

    late = Comes(LATE, "late")
    store = VerdictStore()
    judge = (
        joint((Fixed(Verdict(Status.OK, 0.5, True)), late))
        if joint is PanelJudge
        else joint(Fixed(Verdict(Status.OK, 0.5, True)), late)
    )
    assert Runner(judge, store).run(ASKED[:1])[0].status is Status.TIMEOUT and len(store) == 0
    late.verdict = NO
    assert Runner(judge, store).run(ASKED[:1])[0].p_edit in (0.3, 0.1)


def test_only_judges_with_a_paid_part_are_paid() -> None:
    assert not is_paid(PanelJudge((ExactJudge(), ExactJudge())))
    llm = content_judge("llm:m@http://127.0.0.1:1/v1")
    assert is_paid(llm) and is_paid(CascadeJudge(ExactJudge(), llm))


def test_human_judge_reads_annotations(tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    row = {"draft": ["a", "b"], "reference": ["c"], "deleted": [1, 0], "added": [1], "annotator": "x"}
    path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"deleted": [0, 0], "annotator": "y"}) + "\n")
    judge = HumanJudge.from_file(path)
    verdicts = judge.judge(pair_questions(Pair("1", ("a", "b"), ("c",))))
    assert [v.p_edit for v in verdicts] == [0.5, 0.0, 1.0]
    assert verdicts[0].votes == (1.0, 0.0) and verdicts[0].hard is True
    strange = judge.judge(pair_questions(Pair("2", ("zzz",), ("c",))))
    assert {v.status for v in strange} == {Status.MISSING}


def test_human_judge_reports_every_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text('{"draft": ["a"], "reference": ["c"], "deleted": [1, 0], "added": [2]}\n{"draft": "a"}\n')
    with pytest.raises(InputError) as caught:
        HumanJudge.from_file(path)
    text = str(caught.value)
    assert "line 1, field 'deleted'" in text and "line 1, field 'added'" in text and "line 2, field 'draft'" in text


@pytest.mark.parametrize(
    "judge", [ExactJudge(), PanelJudge((ExactJudge(), ExactJudge(near=80))), CascadeJudge(ExactJudge(), ExactJudge())]
)
def test_built_in_judges_keep_the_contract(judge) -> None:
    check_judge(judge)


def test_the_kit_finds_broken_judges() -> None:
    """Negative controls: each breaks one clause of the contract."""

    class Short(Fixed):
        def judge(self, questions):
            return super().judge(questions)[1:]

    class Positional(Fixed):
        def judge(self, questions):
            return [Verdict(Status.OK, i / 100, False) for i, _ in enumerate(questions)]

    class Floats(Fixed):
        def judge(self, questions):
            return [0.5 for _ in questions]

    for broken, words in (
        (Short(YES), "verdicts"),
        (Positional(YES), "place in the batch"),
        (Floats(YES), "not a Verdict"),
    ):
        with pytest.raises(JudgeError, match=words):
            check_judge(broken)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("encodr", "there is no judge"), ("human", "needs more"), ("panel:exact", "at least two"),
        ("cascade:exact", "has two judges"), ("llm:model", "write llm:MODEL@"), ("llm:m@ftp://x", "is not the address"),
    ],
)  # fmt: skip
def test_a_misspelt_judge_is_explained(spec: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        content_judge(spec)


def test_a_remote_host_needs_to_be_allowed() -> None:
    with pytest.raises(RemoteNotAllowedError, match=r"--allow-remote models\.example\.org"):
        content_judge("llm:gpt@https://models.example.org/v1")
    assert content_judge("llm:m@http://127.0.0.1:1/v1").name == "llm"
