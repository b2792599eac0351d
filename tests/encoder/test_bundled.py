"""The shipped encoder at work: invariants, hostile text, long text, parity with fp32."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.corpus import bundled_rows, load_corpus
from redline.encoder import Asked, EditEncoder, bundled_encoder
from redline.judging import Pair, check_judge, content_judge, pair_questions, theme_judge
from redline.judging.questions import ThemeQuestion
from redline.scoring import content_load

FROZEN = Path(__file__).parent / "fp32_reference.json"
SENTENCES = [u for r in load_corpus("bundled").only(split="test").replies[:60] for u in r.units or ()]
text = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5).map(tuple)


@pytest.fixture(scope="module")
def judge():
    return content_judge()


def load(judge, draft, reference):
    verdicts = judge.judge(pair_questions(Pair("x", draft, reference)))
    return content_load(verdicts[: len(draft)], verdicts[len(draft) :])


def test_it_keeps_the_contract(judge) -> None:
    check_judge(judge)


@given(text)
@settings(max_examples=20, deadline=None)
def test_a_perfect_copy_scores_one(judge, copy) -> None:
    assert load(judge, copy, copy).f1 == 1.0


@given(text, text)
@settings(max_examples=20, deadline=None)
def test_sides_swapped(judge, a, b) -> None:
    assert load(judge, a, b).precision == pytest.approx(load(judge, b, a).recall, abs=2e-3)


@given(text, text, st.randoms())
@settings(max_examples=20, deadline=None)
def test_order_of_units_does_not_matter(judge, a, b, random) -> None:
    mixed = list(b)
    random.shuffle(mixed)
    assert load(judge, a, tuple(mixed)).f1 == pytest.approx(load(judge, a, b).f1, abs=2e-3)


STRANGE = (
    "The ferry leaves the harbour at noon.",
    "Our team painted the kitchen cupboards green.",
    "Tickets for the concert sold out within minutes.",
)


def test_disjoint_texts_score_near_zero(judge) -> None:
    """Clinicians' replies against sentences about something else."""
    replies = [r for r in load_corpus("bundled").only(split="test").replies if r.clinician == "c5"][:40]
    assert np.mean([load(judge, r.units, STRANGE).f1 for r in replies]) < 0.1


def test_another_patients_reply_is_decided_against(judge) -> None:
    """They share courtesy and safety nets, so the expected score keeps some probability; the decisions keep little."""
    replies = {r.case: r for r in load_corpus("bundled").only(split="test").replies if r.clinician == "c5"}
    cases = sorted(replies)[:40]
    f1 = []
    for a, b in zip(cases, cases[7:], strict=False):
        draft, reference = replies[a].units, replies[b].units
        verdicts = judge.judge(pair_questions(Pair("x", draft, reference)))
        f1.append(content_load(verdicts[: len(draft)], verdicts[len(draft) :], hard=True).f1)
    assert np.mean(f1) < 0.15


def test_a_batch_does_not_change_a_verdict(judge) -> None:
    pairs = [Pair(r["id"], tuple(r["draft"]), tuple(r["reference"])) for r in bundled_rows("pairs_test")[:12]]
    questions = [q for p in pairs for q in pair_questions(p)]
    together = [v.p_edit for v in judge.judge(questions)]
    alone = [judge.judge([q])[0].p_edit for q in questions]
    np.testing.assert_allclose(together, alone, atol=5e-3)


HOSTILE = [
    "\x00",
    "\u202e\u200f",
    "🎉",
    "\ud7ff",
    "‍",
    "a" * 3000,
    "?" * 500,
    "1) 2) 3)",
    "<script>alert(1)</script>",
    "שלום עולם",
]


@pytest.mark.parametrize("strange", HOSTILE)
def test_hostile_units_get_a_verdict(judge, strange: str) -> None:
    verdicts = judge.judge(pair_questions(Pair("x", (strange, "Rest."), ("Call us.", strange))))
    assert all(0.0 <= v.p_edit <= 1.0 for v in verdicts)
    assert verdicts[0].p_edit == 0.0, "the other text holds it word for word"
    assert theme_judge().judge([ThemeQuestion((strange,), 0)])[0].themes


def test_long_texts_are_windowed_and_not_cut(judge) -> None:
    """The carrying sentence stands beyond any window: it is still found."""
    filler = tuple(f"{s} {i}" for i in range(3) for s in SENTENCES)
    unit = "Please stop the ibuprofen today."
    there = (*filler, "Stop taking ibuprofen from today on, please.")
    found, missing = (
        judge.judge(pair_questions(Pair("x", (unit,), there)))[0],
        judge.judge(pair_questions(Pair("x", (unit,), filler)))[0],
    )
    assert found.p_edit < missing.p_edit
    assert found.evidence in (None, len(there) - 1)


def test_an_empty_other_text_carries_nothing(judge) -> None:
    assert judge.judge(pair_questions(Pair("x", ("Rest.",), ())))[0].p_edit == 1.0


def test_int8_decides_like_fp32() -> None:
    """The build's fp32 probabilities of held-out bundled questions, frozen beside this test."""
    from redline.training.encoder.frozen import frozen_questions

    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))
    card = bundled_encoder()
    questions = frozen_questions(card.data["recipe"]["held"])
    fp32 = np.asarray(frozen["p_carried"])
    assert len(questions) == len(fp32) >= 500
    int8 = EditEncoder(card).carried([Asked(q.unit, q.other) for q in questions])[0]
    flipped = ((fp32 >= card.threshold) != (int8 >= card.threshold)).mean()
    assert flipped < 0.005
    labels = np.asarray([q.carried for q in questions], dtype=float)
    assert abs((int8 - labels).mean() - (fp32 - labels).mean()) < 0.005
    assert card.data["int8"]["flipped"] < 0.005
    assert abs(card.data["int8"]["calibration_error_int8"] - card.data["int8"]["calibration_error_fp32"]) < 0.005


def test_the_card_says_where_it_comes_from() -> None:
    card = bundled_encoder().data
    assert {
        "base",
        "recipe",
        "data",
        "calibration",
        "themes",
        "held_out",
        "int8",
        "reported",
        "command",
        "versions",
        "files",
    } <= set(card)
    assert sum((bundled_encoder().folder / n).stat().st_size for n in card["files"]) < 40e6
    for key in card["themes"]["keys"]:
        assert {"precision", "recall", "f1", "support", "prevalence"} <= set(
            card["reported"]["themes"]["drafts"]["themes"][key]
        )
