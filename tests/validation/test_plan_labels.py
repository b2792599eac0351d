"""Label plans of a small corpus: what is needed, what cannot be reached, and which pairs come next."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from redline.annotation import AnnotatedPair, Annotation, Design, draw_sample, uncertainty
from redline.corpus import Corpus
from redline.errors import UsageError
from redline.judging import pair_questions
from redline.records import Case, Draft, Reply, Status, Verdict, digest
from redline.scoring import Judges, Rows, comparisons
from redline.validation.label_plan.form import Assumed
from redline.validation.label_plan.frame import LabelFrame, make_frame
from redline.validation.label_plan.next_pairs import Grown, grow_sample
from redline.validation.label_plan.plan import LabelGoal, contrasts_of, plan_labels
from redline.validation.label_plan.strata import candidate
from redline.validation.label_plan.words import _count
from tests.conftest import WordJudge

WORDS = [f"word{i}" for i in range(30)]
JUDGES = Judges(WordJudge(), None)  # type: ignore[arg-type]


def corpus(cases: int = 60, systems: int = 2, clinicians: int = 2) -> Corpus:
    rng = np.random.default_rng(0)

    def units(count: int) -> tuple[str, ...]:
        return tuple(" ".join(rng.choice(WORDS, 5, replace=False)) + "." for _ in range(count))

    names = [f"s{i:03}" for i in range(cases)]
    replies = [Reply(c, f"dr_{k}", "", units(4)) for c in names for k in range(clinicians)]
    drafts = [Draft(c, f"m{k}", "zero_shot", "x", units(6)) for c in names for k in range(systems)]
    return Corpus("small", tuple(Case(c, "Hello.") for c in names), tuple(replies), tuple(drafts))


def labels_of(
    found: Corpus, share: float, seed: int = 1, annotators: str = "ab", flat: bool = False
) -> list[AnnotatedPair]:
    """People who edit with the judge's own probability; a share of all comparisons is labelled."""
    rng = np.random.default_rng(seed)
    result = []
    for number, c in enumerate(comparisons(found, Rows(floors=False, ceiling=False))):
        if rng.uniform() >= share:
            continue
        p = [v.p_edit for v in WordJudge().judge(pair_questions(c.pair))]
        marks = []
        for name in annotators:
            said = tuple(bool(x) for x in (np.zeros(len(p)) if flat else rng.uniform(size=len(p)) < p))
            marks.append(Annotation(name, said[: len(c.draft)], said[len(c.draft) :]))
        result.append(
            AnnotatedPair(f"l{number}", c.case, c.draft, c.reference, tuple(marks), c.cell, c.clinician, share)
        )
    return result


@pytest.fixture(scope="module")
def frame() -> LabelFrame:
    found = corpus()
    return make_frame(found, JUDGES, labels_of(found, 0.3))


def test_a_plan_for_a_width_with_a_pilot(frame: LabelFrame) -> None:
    wide, narrow = (plan_labels(frame, LabelGoal(width=w), minutes_per_pair=3.0) for w in (0.11, 0.085))
    for plan in (wide, narrow):
        assert [n.name for n in plan.needs] == ["m0/zero_shot", "m1/zero_shot"] == list(frame.systems)
        assert all(n.basis == "pilot" and n.needed and n.needed.pairs_low <= n.needed.pairs for n in plan.needs)
        assert plan.more_pairs == sum(n.more_pairs for n in plan.needs) and plan.minutes == 3.0 * plan.more_pairs
        assert "NaN" not in plan.model_dump_json()
    assert narrow.more_pairs > wide.more_pairs
    need = narrow.needs[0]
    assert need.now.width > 0.085 > need.best and need.now.pairs + need.more_pairs == need.needed.pairs
    assert need.pairs == 120 and need.messages == 60
    assert (
        narrow.words[0].startswith("m0/zero_shot: a width of 0.085 takes")
        and "by this pilot between" in narrow.words[0]
    )
    assert "minutes of one annotator" in narrow.words[2]


def test_what_is_reached_and_what_cannot_be(frame: LabelFrame) -> None:
    there = plan_labels(frame, LabelGoal(width=0.6))
    assert there.more_pairs == 0 and "is reached" in there.words[0]
    never = plan_labels(frame, LabelGoal(width=0.01), minutes_per_pair=3)
    assert never.more_pairs is None and never.minutes is None
    need = never.needs[0]
    assert need.needed is None and need.messages_needed > 1_000 and need.best > 0.01
    assert (
        "labels cannot reach a width of 0.01: with all 120 pairs of the 60 messages labelled the best is"
        in never.words[0]
    )
    assert f"about {need.messages_needed:,} messages, all labelled" in never.words[0]


def test_without_labels_the_assumption_is_said() -> None:
    plan = plan_labels(make_frame(corpus(), JUDGES), LabelGoal(width=0.09))
    assert {n.basis for n in plan.needs} == {"assumed"} and plan.labelled_pairs == 0
    assert any(w.startswith("Assumed, for lack of labels: the judge's probabilities are right") for w in plan.words)
    assert all(n.needed is None or n.needed.pairs_low is None for n in plan.needs)
    surer = plan_labels(make_frame(corpus(), JUDGES), LabelGoal(width=0.09, icc=0.0))
    assert surer.needs[0].best < plan.needs[0].best


def test_a_pilot_of_few_messages_counts_as_none() -> None:
    found = corpus()
    plan = plan_labels(make_frame(found, JUDGES, labels_of(found, 1.0)[:6]), LabelGoal(width=0.1))
    assert {n.basis for n in plan.needs} == {"assumed"} and plan.labelled_pairs == 6
    assert {n.assumed_because for n in plan.needs} == {Assumed.FEW}


def test_a_plan_for_a_difference(frame: LabelFrame) -> None:
    pairs = contrasts_of(frame)
    assert pairs == [("m1/zero_shot", "m0/zero_shot")]
    plan = plan_labels(frame, LabelGoal(difference=0.06), contrasts=pairs)
    need = plan.needs[0]
    assert need.name == "m1/zero_shot - m0/zero_shot" and need.pairs == 240
    assert 0 < need.now.power < 1 and need.now.detectable > need.best
    easier, harder = (plan_labels(frame, LabelGoal(difference=d), contrasts=pairs).needs[0] for d in (0.2, 0.001))
    assert easier.more_pairs == 0 and harder.needed is None
    assert (
        "a difference of 0.001 with power 0.8"
        in plan_labels(frame, LabelGoal(difference=0.001), contrasts=pairs).words[0]
    )


def test_which_difference_has_to_be_clear() -> None:
    three, one = make_frame(corpus(20, systems=3), JUDGES), make_frame(corpus(20, systems=1), JUDGES)
    with pytest.raises(UsageError, match="say which difference"):
        contrasts_of(three)
    assert len(contrasts_of(three, baseline="m0/zero_shot")) == 2
    plan = plan_labels(three, LabelGoal(difference=0.1), contrasts=contrasts_of(three, baseline="m0/zero_shot"))
    assert plan.goal.alpha == 0.025 and any("2 differences share the level" in w for w in plan.words)
    assert set(plan.more_pairs_of) == set(three.systems)
    for bad, words in (
        ({"between": ("m0/zero_shot", "m9/zero_shot")}, "there is no system 'm9/zero_shot'"),
        ({"between": ("m0/zero_shot", "m0/zero_shot")}, "two different systems"),
        ({"between": ("m0/zero_shot", "m1/zero_shot"), "baseline": "m0/zero_shot"}, "exclude each other"),
    ):
        with pytest.raises(UsageError, match=words):
            contrasts_of(three, **bad)
    with pytest.raises(UsageError, match="drafts of one"):
        contrasts_of(one)


@pytest.mark.parametrize(
    "goal, words",
    [
        ({}, "one goal"), ({"width": 0.1, "difference": 0.1}, "one goal"), ({"width": 0.0}, "above 0"), ({"width": 1.5}, "above 0"),
        ({"difference": float("nan")}, "above 0"), ({"difference": 0.1, "power": 0.3}, "power"), ({"width": 0.1, "icc": 2}, "icc"),
        ({"width": 0.1, "alpha": 1e-300}, "alpha"), ({"width": 0.1, "alpha": float("nan")}, "alpha"),
    ],
)  # fmt: skip
def test_a_goal_that_is_none(goal: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        LabelGoal(**goal)


def test_labels_that_are_all_equal_are_no_lack_of_labels() -> None:
    """People who never edit: nothing varies among them, so the plan falls back on the judge's doubt, and says why."""
    found = corpus()
    same = plan_labels(make_frame(found, JUDGES, labels_of(found, 0.4, flat=True)), LabelGoal(width=0.06))
    assert {(n.basis, n.assumed_because) for n in same.needs} == {("assumed", Assumed.ALIKE)}
    words = " ".join(same.words)
    assert "for lack of labels" not in words and "Label 20 or more pairs" not in words
    seen = same.needs[0].now.messages
    assert f"labels that do not differ tell nothing of the spread (m0/zero_shot, {seen} labelled messages;" in words
    assert "labels cannot reach a width of 0.06 if what is assumed below is true: with all 120 pairs" in words
    assert "NaN" not in same.model_dump_json() and "Infinity" not in same.model_dump_json()
    pair = contrasts_of(make_frame(found, JUDGES))
    apart = plan_labels(
        make_frame(found, JUDGES, labels_of(found, 0.4, flat=True)), LabelGoal(difference=0.06), contrasts=pair
    )
    assert apart.needs[0].assumed_because is Assumed.ALIKE


class CertainJudge(WordJudge):
    """Sure that every unit is kept."""

    def judge(self, questions: list) -> list[Verdict]:
        return [Verdict(Status.OK, 0.0, False) for _ in questions]


def test_labels_and_a_judge_without_any_doubt() -> None:
    """Nothing can be planned, and the sentence says that the labels are there."""
    found = corpus()
    sure = Judges(CertainJudge(), None)  # type: ignore[arg-type]
    plan = plan_labels(make_frame(found, sure, labels_of(found, 0.4, flat=True)), LabelGoal(width=0.06))
    seen = plan.needs[0].now.messages
    assert plan.words[0].startswith(
        "m0/zero_shot: cannot be planned: the judge's probabilities leave no doubt, and the labels"
    )
    assert f"the labels of {seen} messages do not differ" in plan.words[0] and not any(
        "Assumed" in w for w in plan.words
    )
    none = plan_labels(make_frame(found, sure), LabelGoal(width=0.06))
    assert "there are fewer than 8 labelled messages" in none.words[0]


def test_a_judge_that_labels_hardly_contradict() -> None:
    """Edits in one message only, the judge right in all others: too few errors, and not too few labels."""
    found = corpus()
    labels = labels_of(found, 0.4, flat=True)
    edited = [
        replace(x, annotations=tuple(replace(a, deleted=(True,) * len(a.deleted)) for a in x.annotations))
        if i == 0 else x for i, x in enumerate(labels)
    ]  # fmt: skip
    sure = Judges(CertainJudge(), None)  # type: ignore[arg-type]
    needs = plan_labels(make_frame(found, sure, edited), LabelGoal(width=0.06)).needs
    assert Assumed.NO_ERRORS in {n.assumed_because for n in needs}


def test_one_of_a_kind_is_said_in_the_singular() -> None:
    assert _count(1, "labelled message") == "1 labelled message" and _count(1200, "more pair") == "1,200 more pairs"
    plan = plan_labels(make_frame(corpus(1), JUDGES), LabelGoal(width=0.1))
    assert "one message says nothing of the spread between messages" in plan.words[0]
    few = make_frame(corpus(), JUDGES, labels_of(corpus(), 1.0)[:1])
    assert "(1 is labelled)" in " ".join(plan_labels(few, LabelGoal(width=0.2)).words)


def test_one_annotator() -> None:
    found = corpus()
    alone = plan_labels(make_frame(found, JUDGES, labels_of(found, 0.4, annotators="a")), LabelGoal(width=0.1))
    assert {n.basis for n in alone.needs} == {"pilot"}


def test_one_message_and_nothing_at_all() -> None:
    plan = plan_labels(make_frame(corpus(1), JUDGES), LabelGoal(width=0.1))
    assert all(n.needed is None and "cannot be planned" in w for n, w in zip(plan.needs, plan.words, strict=False))
    with pytest.raises(UsageError, match="nothing to label"):
        make_frame(replace(corpus(3), drafts=()), JUDGES)
    other = labels_of(corpus(3, clinicians=3), 1.0)
    strange = [replace(x, case="elsewhere") for x in other]
    with pytest.raises(UsageError, match="none of the 18 labelled pairs fits"):
        make_frame(corpus(3), JUDGES, strange)


def test_a_judge_that_fails() -> None:
    class Failing(WordJudge):
        def judge(self, questions: list) -> list[Verdict]:
            return [Verdict(Status.TIMEOUT) for _ in questions]

    with pytest.raises(UsageError, match="could not judge any comparison"):
        make_frame(corpus(3), Judges(Failing(), None))  # type: ignore[arg-type]


def test_the_sample_grows_where_the_judge_doubts(frame: LabelFrame) -> None:
    grown = grow_sample(frame, 60)
    old = int((frame.weights > 0).sum())
    assert grown.new == 60 and len(grown.pairs) == old + 60 == len({p.id for p in grown.pairs})
    assert {p.id for p in grown.pairs[:old]} == {x.id for x in frame.labels}
    for name, population, before, after in grown.strata:
        chance = {p.probability for p in grown.pairs if p.probability == pytest.approx(after / population)}
        assert before <= after <= population and chance, name
    weights = sum(1 / p.probability for p in grown.pairs)
    assert weights == pytest.approx(len(frame.found)), "Horvitz and Thompson: the weights add up to the population"
    assert [p.row() for p in grow_sample(frame, 60).pairs] == [p.row() for p in grown.pairs], "by seed"
    assert {p.id for p in grow_sample(frame, 60, seed=3).pairs} != {p.id for p in grown.pairs}


def test_more_doubt_more_pairs() -> None:
    """Two strata by hand: doubts of 0.04 and 1 give shares of 1 to 5."""
    found = corpus(80, systems=1, clinicians=1)

    class Sure(WordJudge):
        def judge(self, questions: list) -> list[Verdict]:
            return [Verdict(Status.OK, 0.5 if hash_of(q) else 0.01, False) for q in questions]

    def hash_of(question) -> bool:
        own = {question.own, question.other}
        return any(own == {c.draft, c.reference} for c in doubtful)

    doubtful = comparisons(found, Rows(floors=False, ceiling=False))[:27]
    frame = make_frame(found, Judges(Sure(), None))  # type: ignore[arg-type]
    drawn = Counter(s[0].rpartition("|")[2] for s in grow_sample(frame, 21).strata for _ in range(s[3]))
    assert drawn["doubt 3 of 3"] >= 14 > drawn["doubt 1 of 3"] > 0


def weights_of(grown: Grown) -> dict[str, float]:
    """Sum of 1 / probability of each system's pairs."""
    sums: Counter[str] = Counter()
    for p in grown.pairs:
        assert p.probability and 0 < p.probability <= 1
        sums[p.draft_source] += 1 / p.probability  # type: ignore[assignment]
    return dict(sums)


def test_for_a_difference_the_same_replies_are_drawn(frame: LabelFrame) -> None:
    grown = grow_sample(frame, 40, together=frame.systems)
    new = grown.pairs[len(grown.pairs) - grown.new :]
    every = Counter((p.case, p.reference_source) for p in grown.pairs)
    assert all(every[p.case, p.reference_source] == 2 for p in new), "every drawn reply is then labelled for both"
    assert grown.new == 40 == sum(a - b for _, _, b, a in grown.strata) and grown.reason == ""
    with pytest.raises(UsageError, match="no reply that all of them"):
        grow_sample(frame, 10, together=("m0/zero_shot", "nobody"))
    with pytest.raises(UsageError, match="at least one"):
        grow_sample(frame, 0)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.8])
@pytest.mark.parametrize("add", [1, 7, 20, 50, 100, 10_000])
def test_the_weights_of_a_system_add_up_to_its_pairs(share: float, add: int) -> None:
    """Horvitz and Thompson, for each system and every number of new pairs; replies that are half labelled included."""
    found = corpus()
    labels = labels_of(found, share)
    frame = make_frame(found, JUDGES, labels)
    for systems in ((), frame.systems):
        grown = grow_sample(frame, add, together=systems)
        assert weights_of(grown) == pytest.approx({"m0/zero_shot": 120, "m1/zero_shot": 120})
        assert [p.id for p in grown.pairs[: len(labels)]] == [x.id for x in labels], "labels before stay"
        assert len({p.id for p in grown.pairs}) == len(grown.pairs)
        assert (grown.new == add) == (grown.reason == "")


def test_half_labelled_replies_are_completed_first(frame: LabelFrame) -> None:
    """Then, and only then, replies that nobody has seen."""
    replies = frame.shared(frame.systems)
    known = [sum(frame.weights[i] > 0 for i in rows.values()) for rows in replies]
    halves = sum(n == 1 for n in known)
    every = {(p.case, p.reference_source) for p in grow_sample(frame, 12, together=frame.systems).pairs}
    assert len(every) == sum(n > 0 for n in known) and halves > 12
    more = Counter((p.case, p.reference_source) for p in grow_sample(frame, halves + 40, together=frame.systems).pairs)
    assert len(more) > len(every) and Counter(more.values())[1] < halves / 5


def test_three_systems_are_completed_together() -> None:
    found = corpus(40, systems=3)
    frame = make_frame(found, JUDGES, labels_of(found, 0.2))
    for add in (10, 90):
        grown = grow_sample(frame, add, together=frame.systems)
        assert weights_of(grown) == pytest.approx(dict.fromkeys(frame.systems, 80)) and add <= grown.new <= add + 2


def test_other_numbers_than_asked_for_have_a_reason() -> None:
    bare = make_frame(corpus(60), JUDGES)
    fewest = "they are the fewest with which every stratum has a pair of each of the 2 systems"
    assert (grow_sample(bare, 1, together=bare.systems).new, grow_sample(bare, 1, together=bare.systems).reason) == (
        2,
        fewest,
    )
    odd = grow_sample(bare, 41, together=bare.systems)
    assert (odd.new, odd.reason) == (42, "a new reply takes a pair of each of the 2 systems")
    every = grow_sample(bare, 999)
    assert (every.new, every.reason) == (240, "there are no more")
    assert grow_sample(bare, 1).reason == "they are the fewest with which every stratum has a pair"


def test_a_system_that_others_are_not_compared_with_keeps_its_probabilities() -> None:
    found = corpus(30, systems=3)
    frame = make_frame(found, JUDGES, labels_of(found, 0.3))
    grown = grow_sample(frame, 20, together=frame.systems[:2])
    assert {p.probability for p in grown.pairs if p.draft_source == frame.systems[2]} == {0.3}


def test_the_same_draft_of_two_systems_has_the_probability_of_each() -> None:
    """Labels of one text under two names: each gets that of its own system."""
    found = corpus(40)
    copies = [replace(d, model="copy") for d in found.drafts if d.model == "m0"]
    double = replace(found, drafts=(*found.drafts, *copies))
    frame = make_frame(double, JUDGES, labels_of(double, 0.3))
    grown = grow_sample(frame, 30, together=("m0/zero_shot", "m1/zero_shot"))
    assert weights_of(grown) | {"copy/zero_shot": 0} == {
        "m0/zero_shot": pytest.approx(80), "m1/zero_shot": pytest.approx(80), "copy/zero_shot": 0,
    }  # fmt: skip
    assert {p.probability for p in grown.pairs if p.draft_source == "copy/zero_shot"} == {0.3}


def test_a_pair_that_is_half_decided_is_not_drawn_anew() -> None:
    """It is in the file already; a second line with its id would be refused."""
    found = corpus(30)
    frame = make_frame(found, JUDGES)
    asked = grow_sample(frame, 30).pairs
    open_ = [
        AnnotatedPair(
            p.id, p.case, p.draft, p.reference,
            (Annotation("a", (None if i % 2 else True,) * len(p.draft), (True,) * len(p.reference)),),
            p.draft_source, p.reference_source, p.probability,
        )
        for i, p in enumerate(asked)
    ]  # fmt: skip
    grown = grow_sample(make_frame(found, JUDGES, open_), 1_000)
    assert len({p.id for p in grown.pairs}) == len(grown.pairs) == 120


class UnevenJudge(WordJudge):
    """Of one pair as sure as can be, of another not at all, so that `neyman` draws them with very different probabilities."""

    def judge(self, questions: list) -> list[Verdict]:
        return [Verdict(Status.OK, 0.5 * self.place(q.own, q.other) ** 3, False) for q in questions]

    @staticmethod
    def place(*sides: tuple[str, ...]) -> float:
        return int(digest(sorted(sides))[:6], 16) / 16**6


@pytest.mark.parametrize("allocation", ["proportional", "neyman"])
@pytest.mark.parametrize("add, both", [(10, True), (40, True), (40, False)])
def test_a_grown_sample_is_unbiased(allocation: str, add: int, both: bool) -> None:
    """300 samples of `redline annotate sample`, grown: the weighted mean of a number that every pair has is that of all pairs."""
    frame = make_frame(corpus(60), Judges(UnevenJudge(), None))  # type: ignore[arg-type]
    rng = np.random.default_rng(5)
    everyone = [candidate(frame, i) for i in range(len(frame.found))]
    doubt = [uncertainty([v for side in sides for v in side]) for sides in frame.verdicts]
    everyone = [replace(c, uncertainty=d) for c, d in zip(everyone, doubt, strict=True)]
    reply = {(c.case, c.reference_source): rng.normal() for c in everyone}
    ranks = np.argsort(np.argsort(doubt)) / len(doubt)
    value = {
        f"p{c.key[:12]}": 3 * r + reply[c.case, c.reference_source] + rng.normal()
        for c, r in zip(everyone, ranks, strict=True)
    }
    truth = {name: np.mean([value[f"p{c.key[:12]}"] for c in everyone if c.group == name]) for name in frame.systems}
    places = {f"p{c.key[:12]}": i for i, c in enumerate(everyone)}
    found = []
    for seed in range(300):
        old = draw_sample(everyone, Design(40, allocation=allocation, seed=seed)).pairs
        labels = tuple(
            AnnotatedPair(
                p.id, p.case, p.draft, p.reference,
                (Annotation("a", (True,) * len(p.draft), (True,) * len(p.reference)),),
                p.draft_source, p.reference_source, p.probability,
            )
            for p in old
        )  # fmt: skip
        weights = np.zeros(len(everyone))
        weights[[places[p.id] for p in old]] = 1.0
        grown = grow_sample(
            replace(frame, labels=labels, weights=weights), add, together=frame.systems if both else (), seed=seed
        )
        found.append(
            [sum(value[p.id] / p.probability for p in grown.pairs if p.draft_source == s) / 120 for s in frame.systems]
        )
    estimates = np.array(found)
    a, b = frame.systems
    for column, true in (
        (estimates[:, 0], truth[a]), (estimates[:, 1], truth[b]), (estimates[:, 0] - estimates[:, 1], truth[a] - truth[b]),
    ):  # fmt: skip
        error = column.std(ddof=1) / np.sqrt(len(column))
        assert abs(column.mean() - true) < 3.3 * error < 0.1


def test_labels_that_fit_nothing_here_stay_in_the_file() -> None:
    """A log of an annotator is about them too."""
    found = corpus()
    labels = labels_of(found, 0.3)
    changed = replace(labels[0], draft=("Other words.",) * len(labels[0].draft), probability=0.123)
    grown = grow_sample(make_frame(found, JUDGES, [changed, *labels[1:]]), 10)
    assert grown.pairs[0].id == changed.id and grown.pairs[0].probability == 0.123
    assert len(grown.pairs) == len(labels) + 10


def test_more_than_there_is() -> None:
    small = make_frame(corpus(5), JUDGES)
    grown = grow_sample(small, 1_000)
    assert grown.new == 20 and {p.probability for p in grown.pairs} == {1.0}


def test_labels_of_comparisons_that_the_judge_failed_on() -> None:
    """They fit the corpus; that they fit nothing here is the judge's doing, and the message says so."""

    class Half(WordJudge):
        def judge(self, questions: list) -> list[Verdict]:
            odd = [q.other[0] < "word5" for q in questions]
            return [Verdict(Status.REFUSED) if o else v for o, v in zip(odd, super().judge(questions), strict=True)]

    found = corpus(8)
    judges_ = Judges(Half(), None)  # type: ignore[arg-type]
    judged = {(c.case, c.cell, c.clinician) for c in make_frame(found, judges_).found}
    lost = [
        p for p, c in zip(labels_of(found, 1.0), comparisons(found, Rows(floors=False, ceiling=False)), strict=True)
        if (c.case, c.cell, c.clinician) not in judged
    ]  # fmt: skip
    with pytest.raises(UsageError, match=f"failed on a unit of {len(lost)} of 32 comparisons"):
        make_frame(found, judges_, lost)
