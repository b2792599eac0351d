"""The judge card end to end: who gets which verdict, and what the figures are."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from redline.annotation import AnnotatedPair, Annotation
from redline.errors import UsageError
from redline.judging import ContentQuestion
from redline.records import EditLoad, Status, Verdict
from redline.scoring import Standing
from redline.validation.cards.card import JudgeCard
from redline.validation.cards.page import render_card
from redline.validation.judge.validate import About, Asked, elsewhere, validate
from tests.validation.judged import Told, judges, themed, world

ABOUT = About("made up", "nobody", "2026-01-01")
FEW = Asked(draws=400, seed=1, stability=8)


def made(pairs: list[AnnotatedPair], judge: Told, **more: object) -> JudgeCard:
    return validate(judges(judge), pairs, about=ABOUT, how=FEW, **more)  # type: ignore[arg-type]


def codes(pairs: list[AnnotatedPair], judge: Told) -> tuple[np.ndarray, np.ndarray]:
    """Judge (n,) and people (n, annotators), by loops."""
    mine = [judge.says[u] for p in pairs for u in (*p.draft, *p.reference)]
    people = [
        [m for p in pairs for m in (*p.annotations[a].deleted, *p.annotations[a].added)]
        for a in range(len(pairs[0].annotations))
    ]
    return np.array(mine), np.array(people).T


@pytest.fixture(scope="module")
def good() -> tuple[list[AnnotatedPair], Told, JudgeCard]:
    pairs, judge = world(40, errors={"a": 0.1, "b": 0.1, "c": 0.1}, judge_error=0.06)
    return pairs, judge, made(pairs, judge)


def test_a_judge_as_good_as_people_is_valid_here(good) -> None:
    card = good[2]
    assert card.verdict.content is Standing.VALID, card.content.verdict.reasons
    assert card.verdict.themes is Standing.UNVALIDATED and card.themes is None and card.themes_level is None
    assert card.content.alternative_annotator.passed and card.content.rank.place == 1
    assert len(card.content.verdict.checks) == 6 and all(c.passed for c in card.content.verdict.checks)


def test_figures_are_those_of_scikit_learn(good) -> None:
    pairs, judge, card = good
    mine, people = codes(pairs, judge)
    for i, name in enumerate("abc"):
        assert card.content.kappa.judge[name].estimate == pytest.approx(
            cohen_kappa_score(mine, people[:, i]), abs=1e-12
        )
        assert card.content.f1.judge[name].estimate == pytest.approx(f1_score(people[:, i], mine), abs=1e-12)
    assert card.content.kappa.annotators["a|c"].estimate == pytest.approx(
        cohen_kappa_score(people[:, 0], people[:, 2]), abs=1e-12
    )
    among = [cohen_kappa_score(people[:, i], people[:, j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    mean = np.mean([cohen_kappa_score(mine, people[:, i]) for i in range(3)])
    assert card.content.kappa.judge_mean.estimate == pytest.approx(mean)
    assert card.content.kappa.annotators_mean.estimate == pytest.approx(np.mean(among))
    assert card.content.kappa.difference.estimate == pytest.approx(mean - np.mean(among))
    figure = card.content.kappa.judge["a"]
    assert figure.n == 800 and figure.clusters == 40 and figure.low < figure.estimate < figure.high


def test_bias_is_the_difference_of_edit_scores(good) -> None:
    pairs, judge, card = good

    def load(amount) -> EditLoad:
        total = EditLoad()
        for p in pairs:
            total += EditLoad(6, sum(map(amount, p.draft)), 4, sum(map(amount, p.reference)))
        return total

    share = {
        u: np.mean(votes)
        for p in pairs
        for u, votes in zip(
            (*p.draft, *p.reference), zip(*((*a.deleted, *a.added) for a in p.annotations), strict=True), strict=True
        )
    }
    by_judge, by_people = load(lambda u: 0.9 if judge.says[u] else 0.1), load(share.__getitem__)
    for name in ("precision", "recall", "f1"):
        assert getattr(card.content.edit.judge, name).estimate == pytest.approx(getattr(by_judge, name))
        assert getattr(card.content.edit.people, name).estimate == pytest.approx(getattr(by_people, name))
        difference = getattr(by_judge, name) - getattr(by_people, name)
        assert getattr(card.content.edit.bias, name).estimate == pytest.approx(difference)


def test_a_judge_that_favours_a_strategy_is_found() -> None:
    pairs, judge = world(60, errors={"a": 0.1, "b": 0.1, "c": 0.1}, judge_error=0.05, judge_errors={"m/two": 0.5})
    card = made(pairs, judge)
    assert card.verdict.content is Standing.CORRECTED
    check = {c.name: c for c in card.content.verdict.checks}["bias by strategy"]
    assert check.passed is False and "m/two" in check.text and "m/one" not in check.text
    slices = {s.value: s for s in card.content.slices if s.by == "strategy"}
    assert slices["m/two"].bias.f1.low > 0.05 and slices["m/two"].bias.f1.p_holm < 0.05
    assert slices["m/two"].pairs == slices["m/one"].pairs == 60


@pytest.mark.parametrize(("error", "standing"), [(0.5, Standing.NOT_VALID), (0.25, Standing.CORRECTED)])
def test_a_worse_judge_gets_less(error: float, standing: Standing) -> None:
    pairs, judge = world(40, errors={"a": 0.05, "b": 0.05, "c": 0.05}, judge_error=error)
    card = made(pairs, judge)
    assert card.verdict.content is standing
    assert card.content.alternative_annotator.passed is False and card.content.rank.place == 4


def test_with_one_annotator_people_are_not_compared_and_at_best_it_is_corrected() -> None:
    pairs, judge = world(40, errors={"a": 0.05}, judge_error=0.02)
    card = made(pairs, judge)
    assert card.verdict.content is Standing.CORRECTED
    assert any("one annotator only" in r for r in card.content.verdict.reasons)
    assert card.content.kappa.annotators == {} and card.content.kappa.difference.estimate is None
    assert card.content.rank.place is None and card.content.rank.reason


def test_one_message_decides_nothing() -> None:
    pairs, judge = world(1, errors={"a": 0.1, "b": 0.1, "c": 0.1})
    card = made(pairs, judge)
    assert card.verdict.content is Standing.NOT_VALID
    assert card.content.verdict.reasons == ("There is 1 patient message to compare on; fewer than 5 decide nothing.",)
    assert card.content.kappa.judge["a"].low is None and card.content.ece.low is None


def test_all_labels_equal_is_said_and_is_no_number() -> None:
    pairs, judge = world(12, errors={"a": 0.0, "b": 0.0})
    same = [
        replace(p, annotations=tuple(Annotation(a.annotator, (True,) * 6, (True,) * 4) for a in p.annotations))
        for p in pairs
    ]
    judge.says = dict.fromkeys(judge.says, True)
    card = made(same, judge)
    assert card.content.kappa.judge["a"].estimate is None and card.content.kappa.judge["a"].note
    assert card.verdict.content is Standing.NOT_VALID and "cannot be told" in card.content.verdict.reasons[0]
    assert any("all codes are equal" in limit for limit in card.material.limits)
    assert card.content.agreement.judge["a"].estimate == 1


def test_annotators_without_overlap_are_not_compared() -> None:
    pairs, judge = world(30, errors={"a": 0.05, "b": 0.05}, judge_error=0.02)
    apart = [replace(p, annotations=p.annotations[:1] if i % 2 else p.annotations[1:]) for i, p in enumerate(pairs)]
    card = made(apart, judge)
    assert card.content.kappa.annotators == {} and set(card.content.kappa.judge) == {"a", "b"}
    assert card.content.kappa.difference.note == "no unit was decided by two annotators"
    assert card.verdict.content is Standing.CORRECTED
    assert any("no two raters share a unit" in limit for limit in card.material.limits)


def test_the_difference_is_over_units_that_two_people_decided() -> None:
    """Negative control: against all units of the judge it would look worse than it is."""
    pairs, judge = world(30, errors={"a": 0.05, "b": 0.05}, judge_error=0.05)
    half = [p if i % 2 else replace(p, annotations=p.annotations[:1]) for i, p in enumerate(pairs)]
    for p in half:
        if len(p.annotations) == 1:
            judge.says |= {u: not judge.says[u] for u in p.draft[:3]}
    card = made(half, judge)
    mine, people = codes([p for p in half if len(p.annotations) == 2], judge)
    expected = np.mean([cohen_kappa_score(mine, people[:, i]) for i in (0, 1)]) - cohen_kappa_score(*people.T)
    assert card.content.kappa.difference.estimate == pytest.approx(expected)
    assert card.content.kappa.judge_mean.estimate < card.content.kappa.judge["b"].estimate
    naive = card.content.kappa.judge_mean.estimate - card.content.kappa.annotators_mean.estimate
    assert naive < expected - 0.1


def test_failures_are_counted_and_are_no_decision() -> None:
    pairs, judge = world(30, errors={"a": 0.1, "b": 0.1, "c": 0.1}, judge_error=0.05)
    failing = frozenset(u for p in pairs for u in p.draft[:1])
    card = made(pairs, replace(judge, failing=failing))
    assert card.content.failures == {"refused": 60} and card.content.failed.estimate == pytest.approx(0.1)
    assert card.verdict.content is Standing.CORRECTED
    check = {c.name: c for c in card.content.verdict.checks}["failures"]
    assert check.passed is False and "10.0%" in check.text
    kept = [
        replace(
            p,
            draft=p.draft[1:],
            annotations=tuple(Annotation(a.annotator, a.deleted[1:], a.added) for a in p.annotations),
        )
        for p in pairs
    ]
    without = made(kept, judge)
    assert without.content.kappa.judge == card.content.kappa.judge
    assert without.content.kappa.annotators == card.content.kappa.annotators  # people on the same units as the judge
    assert without.content.edit == card.content.edit


def test_undecided_units_are_in_no_figure() -> None:
    pairs, judge = world(30, errors={"a": 0.1, "b": 0.1}, judge_error=0.05)
    open_ = [
        replace(p, annotations=tuple(Annotation(a.annotator, (None,) * 6, a.added) for a in p.annotations))
        for p in pairs
    ]
    card = made(open_, judge)
    assert card.content.kappa.judge["a"].n == 240 and card.material.annotators == {"a": 240, "b": 240}
    assert card.content.edit.bias.recall.estimate is not None
    assert card.content.edit.bias.precision.estimate is None and card.content.edit.bias.f1.estimate is None
    page = render_card(card)
    assert "Bias of edit-recall, judge minus people" in page and "Bias of edit-F1" not in page


def test_nothing_decided_is_refused() -> None:
    pairs, judge = world(6, errors={"a": 0.1})
    blank = [replace(p, annotations=(Annotation("a", (None,) * 6, (None,) * 4),)) for p in pairs]
    for some in (blank, []):
        with pytest.raises(UsageError, match="nobody decided"):
            made(some, judge)
    with pytest.raises(UsageError, match="nobody decided"):
        elsewhere(judges(judge), blank, name="x", provenance="")


@pytest.mark.parametrize("case", ["one message", "one annotator", "all failed", "no reference", "no draft", "one pair"])
def test_no_figure_is_ever_nan(case: str) -> None:
    pairs, judge = world(
        1 if case in ("one message", "one pair") else 8,
        errors={"a": 0.2} if case == "one annotator" else {"a": 0.2, "b": 0.2},
    )
    if case == "all failed":
        judge = replace(judge, failing=frozenset(judge.says))
    if case == "no reference":
        pairs = [
            replace(p, reference=(), annotations=tuple(Annotation(a.annotator, a.deleted, ()) for a in p.annotations))
            for p in pairs
        ]
    if case == "no draft":
        pairs = [
            replace(p, draft=(), annotations=tuple(Annotation(a.annotator, (), a.added) for a in p.annotations))
            for p in pairs
        ]
    card = made(pairs[:1] if case == "one pair" else pairs, judge)
    values: list[float] = []

    def walk(value: object) -> None:
        if isinstance(value, dict | list):
            for item in value.values() if isinstance(value, dict) else value:
                walk(item)
        elif isinstance(value, float):
            values.append(value)

    walk(json.loads(card.text()))
    assert values and all(math.isfinite(v) for v in values)
    assert JudgeCard.model_validate_json(card.text()) == card


def test_the_same_run_gives_the_same_card_and_a_second_asks_nothing(good) -> None:
    pairs, judge, card = good
    known = judges(replace(judge, asked=[]))
    assert validate(known, pairs, about=ABOUT, how=FEW).text() == card.text()
    before = len(known.content.asked)  # type: ignore[attr-defined]
    assert validate(known, pairs, about=ABOUT, how=FEW).digest == card.digest
    assert len(known.content.asked) == before  # type: ignore[attr-defined]


def test_slices_cover_every_pair_once(good) -> None:
    pairs, _, card = good
    for by in ("strategy", "source"):
        assert sum(s.pairs for s in card.content.slices if s.by == by) == len(pairs)
    long = []
    for i, p in enumerate(pairs):
        times = i % 5 + 1
        marks = tuple(Annotation(a.annotator, a.deleted * times, a.added) for a in p.annotations)
        long.append(replace(p, draft=p.draft * times, annotations=marks))
    found = [s for s in made(long, good[1]).content.slices if s.by == "length"]
    assert sum(s.pairs for s in found) == len(pairs) and len(found) == 3
    assert [s.value for s in found] == ["draft of 6 to 12 units", "draft of 13 to 24 units", "draft of 25 to 30 units"]


def test_themes_of_people_slice_where_there_are_any() -> None:
    pairs, judge = world(10, errors={"a": 0.1, "b": 0.1})
    texts, _ = themed(10, errors={"x": 0.0})
    labelled = replace(texts[0], units=pairs[0].draft, labels=((("care_coordination",),) * 6,), case=pairs[0].case)
    card = validate(judges(judge), pairs, [labelled], about=ABOUT, how=FEW)
    found = {s.value: s.pairs for s in card.content.slices if s.by == "theme"}
    assert found == {"care_coordination": 1, "empathy": 20}


def test_a_random_judge_flips_and_one_that_looks_at_roles_fails_the_swap() -> None:
    pairs, judge = world(30, errors={"a": 0.05, "b": 0.05, "c": 0.05}, judge_error=0.03)
    card = made(pairs, replace(judge, by_role=True))
    tests = {t.name: t for t in card.content.stability}
    assert set(tests) == {"repeat", "order", "swap"}
    assert tests["swap"].flips.estimate == 1 and tests["swap"].p_change.estimate == pytest.approx(0.8)
    assert tests["repeat"].flips.estimate == tests["order"].flips.estimate == 0
    assert tests["repeat"].units == 80 and tests["repeat"].flips.note == "no change in the sample"
    assert card.verdict.content is Standing.CORRECTED
    assert any("flip too often" in r for r in card.content.verdict.reasons)


def test_without_stability_a_judge_is_not_shown_to_be_stable(good) -> None:
    pairs, judge, _ = good
    card = validate(judges(judge), pairs, about=ABOUT, how=replace(FEW, stability=0))
    assert card.content.stability == () and card.verdict.content is Standing.CORRECTED
    assert "Stability was not tested." in card.content.verdict.reasons


def test_outside_figures_stand_beside_and_decide_nothing(good) -> None:
    pairs, judge, card = good
    beside = elsewhere(judges(judge), pairs[:40], name="there", provenance="others", how=replace(FEW, stability=0))
    with_it = validate(judges(judge), pairs, about=ABOUT, how=FEW, others=[beside])
    assert with_it.elsewhere[0].name == "there" and with_it.elsewhere[0].units == 400
    assert with_it.verdict == card.verdict and with_it.content == card.content


def test_a_judge_that_only_fails_is_not_valid() -> None:
    pairs, judge = world(20, errors={"a": 0.1, "b": 0.1})
    card = made(pairs, replace(judge, failing=frozenset(judge.says)))
    assert card.verdict.content is Standing.NOT_VALID and card.content.failures == {Status.REFUSED.value: 400}
    assert Verdict(Status.REFUSED).hard is None


def test_a_judge_that_never_answers_gets_no_card() -> None:
    """A server that is down says nothing of the judge; a card of it would stand in the place of a good one."""

    class Down(Told):
        def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
            return [Verdict(Status.TIMEOUT) for _ in questions]

    pairs, judge = world(6, errors={"a": 0.1, "b": 0.1})
    with pytest.raises(
        UsageError, match="no verdict on any of the 120 units \\(120 timeout\\), so no card was written"
    ):
        made(pairs, Down(judge.says))


def test_a_judge_that_never_errs_has_no_interval_and_is_informative() -> None:
    """Nothing varies between messages, which is not the same as too few messages."""
    pairs, judge = world(30, errors={"a": 0.0, "b": 0.0, "c": 0.0}, judge_error=0.0)
    card = made(pairs, judge)
    assert card.content.kappa.judge_mean.estimate == 1 and card.content.kappa.judge_mean.low is None
    assert {c.name: c.passed for c in card.content.verdict.checks}["informative"]
    assert {c.name: c.passed for c in card.content.verdict.checks}["like people"]
    few = made(pairs[:20], judge)  # ten messages: too few to take a figure without an interval
    assert few.verdict.content is Standing.NOT_VALID


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"draws": 1}, {"stability": -1}, {"themed": -1}])
def test_numbers_that_ask_for_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="not negative, draws are 100 or more"):
        Asked(**wrong)


def test_pairs_of_unequal_chances_are_said_on_the_card() -> None:
    from redline.validation.judge.validate import _unequal

    marks = (Annotation("a", (True,), ()),)
    pairs = [AnnotatedPair(f"p{i}", f"c{i}", ("Rest.",), (), marks, probability=p) for i, p in enumerate((0.1, 0.4))]
    assert "from 0.1 to 0.4" in _unequal(pairs)[0]
    assert _unequal(pairs[:1]) == () and _unequal([]) == ()
