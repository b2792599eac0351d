"""The alternative-annotator test: exact small cases, the published algorithm, refusals."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from redline.stats.alternative_annotator import alternative_annotator, benjamini_yekutieli
from redline.stats.annotator_wins import annotator_wins
from redline.stats.noninferior_mean import mean_is_below
from redline.stats.t_distribution import binomial_cdf, t_cdf

NAMES = ["A", "B", "C"]


def coded(seed, units=240, people=(0.1, 0.1, 0.1), judge=0.1):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, units)
    noisy = [np.where(rng.uniform(size=units) < e, 1 - truth, truth) for e in (judge, *people)]
    return noisy[0], np.stack(noisy[1:], axis=1), [f"m{i // 8}" for i in range(units)]


def published(judge, people, epsilon, alpha):
    """The authors' procedure, written out: winning rate, advantage and p-values of the independent t-test."""
    p_values, advantages = [], []
    for j in range(people.shape[1]):
        won, lost = [], []
        for i in range(len(judge)):
            others = [k for k in range(people.shape[1]) if k != j and people[i, k] >= 0]
            if judge[i] < 0 or people[i, j] < 0 or not others:
                continue
            mine = np.mean([judge[i] == people[i, k] for k in others])
            theirs = np.mean([people[i, j] == people[i, k] for k in others])
            won.append(int(mine >= theirs))
            lost.append(int(theirs >= mine))
        p_values.append(scipy_stats.ttest_1samp(np.array(lost) - np.array(won), epsilon, alternative="less").pvalue)
        advantages.append(np.mean(won))
    order = np.argsort(p_values)
    size = len(p_values)
    limits = np.arange(1, size + 1) / size * alpha / np.sum(1 / np.arange(1, size + 1))
    passing = np.flatnonzero(np.array(p_values)[order] <= limits)
    return (passing.max() + 1 if len(passing) else 0) / size, np.mean(advantages), p_values


@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_with_one_unit_a_message_it_is_the_published_test_where_nothing_is_skewed(holes) -> None:
    judge, people, _ = coded(1, judge=0.16)
    rng = np.random.default_rng(2)
    people = np.where(rng.uniform(size=people.shape) < holes, -1, people)
    judge = np.where(rng.uniform(size=len(judge)) < holes / 2, -1, judge)
    rate, advantage, p_values = published(judge, people, 0.1, 0.05)
    found = alternative_annotator(judge, people, [str(i) for i in range(len(judge))], NAMES)
    assert found.winning_rate == rate
    assert found.advantage.estimate == pytest.approx(advantage, abs=1e-12)
    for annotator, p in zip(found.annotators, p_values, strict=True):  # the skew correction may only raise p
        assert p - 1e-9 <= annotator.p <= p + 0.02


def test_shares_and_difference_of_a_case_counted_by_hand() -> None:
    judge = [1, 1, 0, 0, 1, 1]
    people = [[1, 1, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1], [1, 0, 0], [0, 1, 1]]
    found = alternative_annotator(judge, people, list("abcdef"), NAMES)
    a, b, _ = found.annotators
    # A: S(judge), S(A) with B and C: (1, 1), (.5, .5), (0, 0), (0, 1), (0, 0), (1, 0)
    assert (a.judge_wins.estimate, a.annotator_wins) == (pytest.approx(5 / 6), pytest.approx(5 / 6))
    assert a.difference == pytest.approx(0.0) and a.units == 6 and a.messages == 6
    # B, with A and C: (1, 1), (.5, .5), (.5, .5), (0, 1), (.5, .5), (.5, .5)
    assert (b.judge_wins.estimate, b.annotator_wins) == (pytest.approx(5 / 6), pytest.approx(1.0))
    assert b.difference == pytest.approx(1 / 6)
    assert any("30" in note for note in found.notes)


def test_sets_with_a_similarity_and_none_for_unknown() -> None:
    def jaccard(a, b):
        return np.array([len(x & y) / max(len(x | y), 1) for x, y in zip(a, b, strict=True)])

    one, two = frozenset("x"), frozenset("xy")
    judge = np.array([one, two, None, one], dtype=object)
    people = np.array([[one, two, one], [one, one, two], [one, one, one], [two, None, None]], dtype=object)
    wins = annotator_wins(judge, people, NAMES, jaccard)
    assert [w.counted.tolist() for w in wins] == [[True, True, False, False]] * 3
    # B, with A and C: the judge's x is 1 and 1 against B's xy 0.5 and 0.5; then 0.5 and 1 against 1 and 0.5, a tie.
    assert wins[1].judges.tolist() == [1.0, 1.0, 0.0, 0.0]
    assert wins[1].theirs.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_a_judge_that_copies_an_annotator_never_loses_to_them_and_order_does_not_matter() -> None:
    _, people, messages = coded(3)
    found = alternative_annotator(people[:, 0], people, messages, NAMES)
    assert found.annotators[0].difference == 0.0 and found.annotators[0].judge_wins.estimate == 1.0
    judge, people, messages = coded(4)
    order = np.random.default_rng(0).permutation(len(judge))
    first = alternative_annotator(judge, people, messages, NAMES)
    again = alternative_annotator(
        judge[order], people[order][:, [2, 0, 1]], [messages[i] for i in order], ["C", "A", "B"]
    )
    assert {a.name: a.p for a in first.annotators} == pytest.approx({a.name: a.p for a in again.annotators})


def test_a_chance_judge_fails_and_a_good_one_passes() -> None:
    for error, passed in ((0.5, False), (0.05, True)):
        judge, people, messages = coded(5, units=480, judge=error)
        assert alternative_annotator(judge, people, messages, NAMES).passed is passed


def test_where_no_verdict_is_possible_it_says_why_and_shows_what_there_is() -> None:
    judge, people, messages = coded(6)
    one = alternative_annotator(judge, people[:, :1], messages, ["A"])
    assert one.passed is None and one.winning_rate is None and "one annotator" in one.reason
    assert one.advantage.estimate is None
    two = alternative_annotator(judge, people[:, :2], messages, ["A", "B"])
    assert two.passed is None and "two annotators" in two.reason
    assert all(a.p is not None for a in two.annotators) and two.winning_rate is not None
    few = alternative_annotator(judge[:32], people[:32], messages[:32], NAMES)
    assert few.passed is None and all(a.p is None and a.difference is not None for a in few.annotators)
    assert "4 messages" in few.notes[0]
    apart = np.full((240, 3), -1)
    apart[:80, 0], apart[80:160, 1], apart[160:, 2] = 1, 1, 1
    none = alternative_annotator(judge, apart, messages, NAMES)
    assert none.passed is None and none.reason and none.annotators[0].judge_wins.estimate is None
    empty = alternative_annotator([], np.zeros((0, 3), dtype=int), [], NAMES)
    assert empty.passed is None
    with pytest.raises(ValueError, match="name a column"):
        alternative_annotator(judge, people, messages, ["A", "B"])
    with pytest.raises(ValueError, match="cluster labels"):
        alternative_annotator(judge, people, messages[:-1], NAMES)


def test_all_labels_equal_give_a_p_that_depends_on_how_many_messages_there_are() -> None:
    same = np.ones(400, dtype=int)
    messages = [f"m{i // 4}" for i in range(400)]
    found = alternative_annotator(same, np.ones((400, 3), dtype=int), messages, NAMES)
    assert found.annotators[0].p == pytest.approx(0.9**100)
    small = alternative_annotator(same[:40], np.ones((40, 3), dtype=int), messages[:40], NAMES)
    assert small.annotators[0].p == pytest.approx(0.9**10) and small.passed is False
    assert found.passed is True and found.advantage.estimate == 1.0 and found.advantage.low is None


def test_the_test_is_over_messages() -> None:
    """Copies of a message's units add nothing; the independent t-test (the control) takes them as new evidence."""
    rng = np.random.default_rng(8)
    d = rng.choice([-1.0, 0.0, 1.0], 60, p=[0.25, 0.5, 0.25])
    one = mean_is_below(d, np.ones(60, bool), np.arange(60), 60, 0.1)
    copies = mean_is_below(np.repeat(d, 8), np.ones(480, bool), np.repeat(np.arange(60), 8), 60, 0.1)
    assert copies.p == pytest.approx(one.p) and copies.se == pytest.approx(one.se)
    assert scipy_stats.ttest_1samp(np.repeat(d, 8), 0.1, alternative="less").pvalue < one.p / 2
    assert one.se == pytest.approx(d.std(ddof=1) / np.sqrt(60))


def test_benjamini_yekutieli_agrees_with_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(0)
    for _ in range(200):
        p = rng.uniform(size=rng.integers(1, 8)) ** 4
        assert benjamini_yekutieli(p.tolist(), 0.05) == multipletests(p, 0.05, method="fdr_by")[0].tolist()
    assert benjamini_yekutieli([], 0.05) == [] and benjamini_yekutieli([None], 0.05) == [None]


@pytest.mark.parametrize("df", [1, 2, 4, 7, 29.5, 99, 1999])
def test_distribution_functions_agree_with_scipy(df) -> None:
    for t in (-40.0, -6.0, -2.1, -0.3, 0.0, 0.7, 1.96, 5.5):
        assert t_cdf(t, df) == pytest.approx(scipy_stats.t.cdf(t, df), rel=1e-9, abs=1e-300)
    for k in (0, 1, 5, 12, 40):
        assert binomial_cdf(k, 40, 0.1) == pytest.approx(scipy_stats.binom.cdf(k, 40, 0.1), rel=1e-12)
    with pytest.raises(ValueError, match="df"):
        t_cdf(0.0, 0)
