import math
from dataclasses import replace

import numpy as np
import pytest

from redline.corpus import Corpus
from redline.drafting.context import Planner, ThemePlan
from redline.drafting.contract import LEAVE_OUT, SUGGEST, WRITE
from redline.drafting.planner import ThemePlanner
from redline.records import Case, ChartSummary
from redline.taxonomy import Taxonomy, default_taxonomy
from tests.drafting.planner.fakes import Costs, WordVectors, case, reply, world


def fitted(past: Corpus) -> ThemePlanner:
    return ThemePlanner.fit(past, WordVectors(), Costs())


def check(plan: ThemePlan) -> None:
    assert set(plan.p) == set(plan.decisions) == set(default_taxonomy().keys) - {"other"}
    assert all(0 < p < 1 and math.isfinite(p) for p in plan.p.values())
    assert set(plan.decisions.values()) <= {WRITE, SUGGEST, LEAVE_OUT}


def test_clinicians_get_their_own_plan_and_messages_theirs() -> None:
    planner: Planner = fitted(world())
    rash, refill = case(100), case(101)
    warm, terse = planner.plan(rash, "warm"), planner.plan(rash, "terse")
    check(warm)
    assert warm.p["empathy"] > 0.8 and warm.decisions["empathy"] == WRITE
    assert terse.p["empathy"] < 0.2 and terse.decisions["empathy"] == LEAVE_OUT
    assert warm.p["symptom_questions"] > planner.plan(refill, "warm").p["symptom_questions"] + 0.2


def test_clinicians_who_disagree_make_a_nudge_for_somebody_unknown() -> None:
    planner = fitted(world())
    general = planner.plan(case(100), None)
    assert general == planner.plan(case(100), "somebody new")
    assert general.decisions["empathy"] == SUGGEST and 0.3 < general.p["empathy"] < 0.7
    assert general.decisions["patient_education"] == LEAVE_OUT  # nobody ever wrote it


def test_no_past_replies_give_published_frequencies_and_only_suggestions() -> None:
    planner = fitted(Corpus("nothing", ()))
    plan = planner.plan(case(0), "anybody")
    check(plan)
    stated = [plan.p[t] for t in ("empathy", "symptom_questions", "treatment_planning")]
    assert stated == pytest.approx([0.85, 0.33, 0.5])
    assert set(plan.decisions.values()) == {SUGGEST}


def test_the_first_reply_moves_a_plan_without_turning_it_around() -> None:
    before = fitted(Corpus("nothing", ())).plan(case(9), "a").p
    after = fitted(Corpus("one", (case(0),), (reply(0, "a", "treatment_planning"),))).plan(case(9), "a").p
    assert before["treatment_planning"] < after["treatment_planning"] < 0.9
    assert 0.4 < after["empathy"] < before["empathy"]


@pytest.mark.parametrize("number", [1, 2, 30])
def test_few_cases_one_clinician_themes_always_or_never(number: int) -> None:
    past = Corpus(
        "small", tuple(case(n) for n in range(number)), tuple(reply(n, "a", "empathy") for n in range(number))
    )
    planner = fitted(past)
    for clinician in ("a", "b", None):
        for one in (case(50), Case("e", ""), Case("w", "word " * 5000, ChartSummary(age=0.1))):
            check(planner.plan(one, clinician))


def test_equal_and_empty_messages_only() -> None:
    cases = tuple(Case(f"m{n}", "" if n % 2 else "Same.") for n in range(40))
    planner = fitted(Corpus("same", cases, tuple(reply(n, "ab"[n % 3 == 0], "empathy") for n in range(40))))
    check(planner.plan(Case("x", "Something else?"), "a"))


def test_a_plan_ignores_the_case_id_category_and_acuity() -> None:
    planner = fitted(world())
    one = case(3)
    assert planner.plan(one, "warm") == planner.plan(
        replace(one, id="z", category="medication", acuity="emergency"), "warm"
    )


def test_fit_is_deterministic_and_the_digest_says_what_can_move_a_plan() -> None:
    past, encoder = world(), WordVectors()
    one, two = fitted(past), fitted(past)
    assert one.digest == two.digest and one.plan(case(7), "warm") == two.plan(case(7), "warm")
    dear = ThemePlanner.fit(past, encoder, Costs(read=0.3))
    fewer = fitted(replace(past, replies=past.replies[1:]))
    assert len({one.digest, dear.digest, fewer.digest}) == 3


def test_a_batch_says_what_single_plans_say_with_quartiles_around() -> None:
    planner = fitted(world())
    cases = [case(n) for n in range(60, 66)]
    for clinician in ("warm", None):
        found = planner.predict(cases, clinician)
        for row, one in zip(found.p, cases, strict=True):
            np.testing.assert_allclose(row, list(planner.plan(one, clinician).p.values()), atol=1e-9)
        assert (found.low < found.high).all()
    wide, narrow = planner.predict(cases, None), planner.predict(cases, "warm")
    empathy = planner.themes.index("empathy")
    assert (wide.high - wide.low)[:, empathy].min() > (narrow.high - narrow.low)[:, empathy].max()


def test_a_site_s_own_taxonomy() -> None:
    full = default_taxonomy()
    small = Taxonomy((full["empathy"], full["other"]), "other")
    planner = ThemePlanner.fit(world(), WordVectors(), Costs(), taxonomy=small)
    assert planner.themes == ("empathy",) and list(planner.plan(case(0), "warm").p) == ["empathy"]
