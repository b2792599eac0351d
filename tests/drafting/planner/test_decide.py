import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.drafting.contract import LEAVE_OUT, SUGGEST, WRITE
from redline.drafting.planner import costs, decide, threshold
from redline.scoring import EditCost
from tests.drafting.planner.fakes import Costs

shares = st.floats(0, 1)
prices = st.builds(Costs, write=st.floats(0.01, 5), delete=st.floats(0, 5), read=st.floats(0, 5))


def test_expected_costs_at_the_defaults() -> None:
    assert costs(0.25, EditCost()) == pytest.approx({LEAVE_OUT: 0.25, SUGGEST: 0.22, WRITE: 0.24})


def test_threshold_is_where_writing_and_leaving_out_cost_the_same() -> None:
    assert threshold(EditCost()) == pytest.approx(0.32 / 1.32)
    found = costs(threshold(EditCost()), EditCost())
    assert found[LEAVE_OUT] == pytest.approx(found[WRITE])


@pytest.mark.parametrize(
    ("p", "decision"),
    [(0.0, LEAVE_OUT), (0.2199, LEAVE_OUT), (0.2201, SUGGEST), (0.3124, SUGGEST), (0.3126, WRITE), (1.0, WRITE)],
)
def test_the_borders_at_the_defaults(p: float, decision: str) -> None:
    """Leave out to r/w = 0.22; write from 1 - r/(r + x) = 0.3125."""
    assert decide(p, p, p, EditCost()) == decision


def test_where_a_nudge_costs_as_much_as_a_mistake_nothing_is_suggested() -> None:
    dear = Costs(write=1.0, delete=0.0, read=1.0)
    assert [decide(p, p, p, dear) for p in (0.2, 0.49, 0.51)] == [LEAVE_OUT, LEAVE_OUT, WRITE]


def test_of_equal_costs_the_one_that_shows_less_is_taken() -> None:
    assert decide(0.0, 0.0, 0.0, Costs(read=0.0, delete=0.0)) == LEAVE_OUT
    assert decide(1.0, 1.0, 1.0, Costs(read=0.0, delete=0.0)) == SUGGEST


@pytest.mark.parametrize(
    ("low", "high", "decision"),
    [(0.1, 0.9, SUGGEST), (0.25, 0.9, WRITE), (0.32 / 1.32, 0.9, WRITE), (0.5, 0.7, WRITE), (0.23, 0.25, SUGGEST)],
)
def test_disagreement_across_the_threshold_becomes_a_nudge(low: float, high: float, decision: str) -> None:
    assert decide(0.6, low, high, EditCost()) == decision


@given(shares, prices)
def test_without_disagreement_the_decision_is_the_cheapest(p: float, cost: Costs) -> None:
    found = costs(p, cost)
    assert found[decide(p, p, p, cost)] == min(found.values())


@given(shares, shares, prices)
def test_more_likely_themes_are_never_treated_as_less_wanted(a: float, b: float, cost: Costs) -> None:
    rank = {LEAVE_OUT: 0, SUGGEST: 1, WRITE: 2}
    low, high = sorted((a, b))
    assert rank[decide(low, low, low, cost)] <= rank[decide(high, high, high, cost)]


@given(shares, shares, shares, prices)
def test_disagreement_only_ever_turns_a_decision_into_a_suggestion(p: float, a: float, b: float, cost: Costs) -> None:
    assert decide(p, min(a, b), max(a, b), cost) in (SUGGEST, decide(p, p, p, cost))
