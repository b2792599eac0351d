"""The judge's place: brute force, order of raters, ties, refusals."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from redline.stats.ranking import Place, pair_confusions, rank_among

NAMES = ["A", "B", "C"]


def coded(seed, errors, messages=60, units=8):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, messages * units)
    codes = [np.where(rng.uniform(size=len(truth)) < e, 1 - truth, truth) for e in errors]
    return codes[0], np.stack(codes[1:], axis=1), [f"m{i // units}" for i in range(len(truth))]


@pytest.mark.parametrize(
    ("figure", "oracle"), [("f1", f1_score), ("kappa", cohen_kappa_score), ("agreement", lambda a, b: (a == b).mean())]
)
def test_scores_are_those_of_the_pooled_pairs(figure, oracle) -> None:
    judge, people, messages = coded(1, (0.2, 0.05, 0.1, 0.3))
    found = rank_among(pair_confusions(judge, people, messages), NAMES, figure=figure, draws=200)
    judges, theirs = [], []
    for j in range(3):
        others = [k for k in range(3) if k != j]
        rest = np.concatenate([people[:, k] for k in others])
        judges.append(oracle(np.tile(judge, 2), rest))
        theirs.append(oracle(np.tile(people[:, j], 2), rest))
    assert [a.score.estimate for a in found.annotators] == pytest.approx(theirs, abs=1e-12)
    assert [a.judge.estimate for a in found.annotators] == pytest.approx(judges, abs=1e-12)
    assert found.judge.estimate == pytest.approx(np.mean(judges), abs=1e-12)
    assert found.mean_difference.estimate == pytest.approx(np.mean(judges) - np.mean(theirs), abs=1e-12)
    assert found.place.place == 1 + sum(t > j for t, j in zip(theirs, judges, strict=True))


def test_best_and_worst_judges_get_the_places_they_deserve() -> None:
    for error, place, median, worst in ((0.01, "1 of 4 [1, 1]", 1.0, 1.0), (0.45, "4 of 4 [4, 4]", 0.0, 0.0)):
        judge, people, messages = coded(2, (error, 0.2, 0.2, 0.25), messages=150)
        found = rank_among(pair_confusions(judge, people, messages), NAMES, draws=500)
        assert str(found.place) == place
        assert (found.at_or_above_median, found.at_or_above_worst) == (median, worst)
    judge, people, messages = coded(3, (0.2, 0.2, 0.2, 0.2), messages=30)
    equal = rank_among(pair_confusions(judge, people, messages), NAMES, draws=500).place
    assert (equal.low, equal.high) == (1, 4)


def test_order_of_annotators_changes_nothing_and_the_seed_only_the_chances() -> None:
    judge, people, messages = coded(4, (0.15, 0.05, 0.1, 0.3))
    first = rank_among(pair_confusions(judge, people, messages), NAMES, draws=300)
    turned = rank_among(pair_confusions(judge, people[:, [2, 0, 1]], messages), ["C", "A", "B"], draws=300)
    assert {a.name: a.score for a in first.annotators} == {a.name: a.score for a in turned.annotators}
    assert first.place == turned.place and first.judge.estimate == pytest.approx(turned.judge.estimate)
    other = rank_among(pair_confusions(judge, people, messages), NAMES, draws=300, seed=1)
    assert other.annotators == first.annotators and other.place == first.place
    assert other.at_or_above_median != first.at_or_above_median


def test_a_judge_that_equals_everybody_is_first_with_them() -> None:
    same = np.tile([1, 0], 40)
    found = rank_among(pair_confusions(same, np.stack([same] * 3, axis=1), [str(i // 4) for i in range(80)]), NAMES)
    assert found.place == Place(1, None, None, 4)  # no variation: no interval
    assert found.at_or_above_worst is None and found.judge.estimate == 1.0


def test_where_there_is_no_place_it_says_why() -> None:
    judge, people, messages = coded(5, (0.1, 0.1, 0.1, 0.1))
    one = rank_among(pair_confusions(judge, people[:, :1], messages), ["A"])
    assert one.place is None and "one annotator" in one.reason and one.judge.estimate is None
    apart = np.full_like(people, -1)
    apart[:160, 0], apart[160:320, 1], apart[320:, 2] = people[:160, 0], people[160:320, 1], people[320:, 2]
    none = rank_among(pair_confusions(judge, apart, messages), NAMES, draws=200)
    assert none.place is None and "in common" in none.reason and len(none.notes) == 3
    never = rank_among(pair_confusions(judge * 0, people * 0, messages), NAMES, draws=200)
    assert never.place is None  # F1 of a class that nobody ever uses
    third = people.copy()
    third[:, 2] = -1
    two = rank_among(pair_confusions(judge, third, messages), NAMES, draws=200)
    assert two.place.of == 3 and two.notes[0].startswith("C:")
    pair = rank_among(pair_confusions(judge, people[:, :2], messages), ["A", "B"], draws=200)
    assert pair.annotators[0].score.estimate == pair.annotators[1].score.estimate
    assert "two annotators" in pair.notes[-1] and pair.place.of == 3
    few = rank_among(pair_confusions(judge[:32], people[:32], messages[:32]), NAMES, draws=200)
    assert few.place.low is None and few.place.place >= 1


def test_no_units_have_no_place() -> None:
    none = rank_among(pair_confusions([], np.zeros((0, 3), dtype=int), []), NAMES)
    assert none.place is None and none.reason == "no units to compare" and none.judge.estimate is None


def test_shares_of_draws_need_draws() -> None:
    """60 annotators, each in two messages: no resample holds a figure of all of them, and a share of none is not a number."""
    rng = np.random.default_rng(0)
    people = np.full((240, 60), -1)
    for k in range(60):
        people[4 * k : 4 * k + 4, [k, (k + 1) % 60]] = rng.integers(0, 2, (4, 2))
    messages = [f"m{i // 4}" for i in range(240)]
    found = rank_among(
        pair_confusions(rng.integers(0, 2, 240), people, messages), [f"a{k}" for k in range(60)], draws=300
    )
    assert found.place is not None and found.at_or_above_median is None and found.at_or_above_worst is None


def test_wrong_calls_are_refused() -> None:
    judge, people, messages = coded(6, (0.1, 0.1, 0.1, 0.1))
    sums = pair_confusions(judge, people, messages)
    with pytest.raises(ValueError, match="annotators"):
        rank_among(sums, ["A", "B"])
    with pytest.raises(ValueError, match="figure"):
        rank_among(sums, NAMES, figure="prevalence_first")
