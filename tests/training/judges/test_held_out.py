"""How well a judge has learned: exact figures, failures beside them, and never a failure as a decision."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from redline.annotation import AnnotatedPair, Annotation, ThemedText
from redline.judging import LlmJudge, LlmThemeJudge, Scope, VerdictStore, content_answer, theme_answer
from redline.records import Status, Verdict
from redline.taxonomy import default_taxonomy
from redline.training.encoder.measures import kappa
from redline.training.judges import (
    bundled_pairs,
    bundled_themes,
    judge_quality,
    judge_sets,
    prepare,
    theme_quality,
    theme_sets,
)

from .models import Learned


def pair(number: int, deleted, added, case: str = "") -> AnnotatedPair:
    draft = tuple(f"Draft {number}.{i}." for i in range(len(deleted)))
    reference = tuple(f"Reply {number}.{i}." for i in range(len(added)))
    marks = Annotation("a", tuple(map(bool, deleted)), tuple(map(bool, added)))
    return AnnotatedPair(f"p{number}", case or f"c{number}", draft, reference, (marks,))


UNITS = st.tuples(st.booleans(), st.sampled_from([True, False, Status.UNPARSABLE]))
"""What people and a judge say about a unit."""


class Said:
    """A judge that decides about units by their text: True, False, or a status."""

    name, signature, scope = "said", "said@1", Scope.PAIR

    def __init__(self, said, batch: int = 7) -> None:
        self.said, self.batch, self.batches = said, batch, []

    def judge(self, questions):
        self.batches.append(questions)
        found = [self.said[q.unit] for q in questions]
        return [Verdict(Status.OK, float(x), x) if isinstance(x, bool) else Verdict(x) for x in found]


def test_a_judge_that_has_learned_everything_agrees() -> None:
    material = prepare(bundled_pairs())
    found = judge_quality(LlmJudge(Learned(judge_sets(material.held_pairs))), material.held_pairs)
    assert (found.units, found.judged, found.whole_pairs, dict(found.statuses)) == (2215, 2215, 207, {"ok": 2215})
    assert found.kappa.estimate == found.f1.estimate == found.precision.estimate == found.recall.estimate == 1.0
    assert found.edited == found.said == pytest.approx((542 + 254) / 2215)
    assert found.edit_f1[0] == found.edit_f1[1] == pytest.approx(2 * (p := 812 / 1354) * (r := 607 / 861) / (p + r))


def test_figures_of_a_judge_that_errs_and_fails() -> None:
    pairs = [pair(1, [1, 0, 1], [0]), pair(2, [0, 0], [1, 1])]
    said = {
        "Draft 1.0.": True, "Draft 1.1.": True, "Draft 1.2.": False, "Reply 1.0.": False,
        "Draft 2.0.": False, "Draft 2.1.": Status.UNPARSABLE, "Reply 2.0.": True, "Reply 2.1.": Status.REFUSED,
    }  # fmt: skip
    found = judge_quality(Said(said), pairs)
    people, judge = np.array([1, 0, 1, 0, 0, 1], dtype=bool), np.array([1, 1, 0, 0, 0, 1], dtype=bool)
    assert dict(found.statuses) == {"ok": 6, "refused": 1, "unparsable": 1} and found.units == 8
    assert found.kappa.estimate == pytest.approx(kappa(judge, people)) == pytest.approx(1 / 3)
    assert found.precision.estimate == found.recall.estimate == found.f1.estimate == pytest.approx(2 / 3)
    assert (found.edited, found.said, found.whole_pairs) == (0.5, 0.5, 1)
    assert found.edit_f1 == (pytest.approx(0.5), pytest.approx(0.5)) and found.kappa.low is None, (
        "two cases: no interval"
    )
    assert found.lines[0] == "6 of 8 units judged (1 refused, 1 unparsable)"
    assert json.loads(json.dumps(found.as_dict()))["statuses"] == {"ok": 6, "refused": 1, "unparsable": 1}


def test_a_judge_that_fails_everywhere_has_no_figures() -> None:
    """The wrong variant, a failure as "kept", would have a recall of 0 and a share of 0."""
    found = judge_quality(LlmJudge(Learned([])), [pair(1, [1, 0], [1])])
    assert found.judged == 0 and dict(found.statuses) == {"missing": 3}
    assert (found.kappa.estimate, found.f1.estimate, found.edited, found.said) == (None, None, None, None)
    assert found.edit_f1 == (None, None) and "kappa with people –" in found.lines[1]
    json.dumps(found.as_dict(), allow_nan=False)
    assert judge_quality(Said({}), []).units == 0


def test_one_pair_that_is_nonsense_is_counted() -> None:
    pairs = [pair(i, [1, 0], [0]) for i in range(6)]
    sets = judge_sets(pairs)
    model = Learned(sets, {"p0/delete": "I think all of it.", "p1/delete": content_answer([True])})
    found = judge_quality(LlmJudge(model), pairs)
    assert (
        dict(found.statuses) == {"ok": 15, "unparsable": 3} and found.kappa.estimate == 1.0 and found.whole_pairs == 4
    )


def test_no_pair_is_cut_by_a_batch_and_the_store_is_used() -> None:
    pairs = [pair(i, [1, 0, 1], [0]) for i in range(5)]
    said = {u: True for p in pairs for u in (*p.draft, *p.reference)}
    judge, store, told = Said(said, batch=9), VerdictStore(), []
    judge_quality(judge, pairs, store=store, progress=lambda done, total: told.append((done, total)))
    assert [len(b) for b in judge.batches] == [8, 8, 4] and told == [(2, 5), (4, 5), (5, 5)]
    judge_quality(judge, pairs, store=store)
    assert len(judge.batches) == 3
    small = Said(said, batch=2)
    assert judge_quality(small, pairs).judged == 20, "a pair greater than a batch is the runner's to cut"


@settings(max_examples=60, deadline=None)
@given(marks=st.lists(st.lists(UNITS, min_size=1, max_size=5), min_size=1, max_size=12))
def test_against_scikit_learn(marks) -> None:
    pairs = [pair(i, [m for m, _ in one], []) for i, one in enumerate(marks)]
    said = {f"Draft {i}.{j}.": s for i, one in enumerate(marks) for j, (_, s) in enumerate(one)}
    found = judge_quality(Said(said), pairs)
    both = [(m, s) for one in marks for m, s in one if isinstance(s, bool)]
    assert found.judged == len(both) and found.units == sum(map(len, marks))
    people, judge = [m for m, _ in both], [s for _, s in both]
    if len({*people, *judge}) == 2:
        assert found.kappa.estimate == pytest.approx(cohen_kappa_score(people, judge))
        if any(people) or any(judge):
            assert found.f1.estimate == pytest.approx(f1_score(people, judge))


def test_the_interval_is_over_cases() -> None:
    """Copies of one case's pairs add no certainty that its units did not have."""
    one = [pair(i, [1, 0, 1, 0], [], case=f"c{i}") for i in range(12)]
    said = {f"Draft {i}.{j}.": (j % 2 == 0) != (i % 3 == 0) for i in range(12) for j in range(4)}
    alone = judge_quality(Said(said), one).kappa
    copies = [AnnotatedPair(f"{p.id}+{k}", p.case, p.draft, p.reference, p.annotations) for p in one for k in range(5)]
    assert judge_quality(Said(said), copies).kappa == alone and alone.low < alone.estimate < alone.high


def test_a_classifier_that_has_learned_everything_agrees() -> None:
    material = prepare(bundled_themes())
    found = theme_quality(LlmThemeJudge(Learned(theme_sets(material.held_texts))), material.held_texts)
    assert found.judged == found.units == 204 and found.micro_f1.estimate == found.exact.estimate == 1.0
    assert found.macro_f1 == 1.0 and found.themes["other"]["support"] == 3


def test_figures_of_a_classifier_that_errs_and_fails() -> None:
    people = (("empathy",), ("treatment_planning", "care_coordination"), ("other",), ("patient_education",))
    texts = [ThemedText("t", "c", ("a", "b", "c", "d"), (people,)), ThemedText("u", "d", ("e",), ((("empathy",),),))]
    sets = theme_sets(texts)
    said = theme_answer([["empathy"], ["treatment_planning"], ["empathy"]], default_taxonomy())
    found = theme_quality(LlmThemeJudge(Learned(sets, {"t/themes": said, "u/themes": "No."})), texts)
    assert (found.units, found.judged, dict(found.statuses)) == (5, 3, {"ok": 3, "unparsable": 2})
    assert found.micro_f1.estimate == pytest.approx(2 * 2 / (3 + 4)) and found.exact.estimate == pytest.approx(1 / 3)
    assert found.themes["empathy"] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1}
    assert found.macro_f1 == pytest.approx(np.mean([2 / 3, 1, 0, 0])), "themes that people gave among what was judged"
    assert found.lines[0] == "3 of 5 units judged (2 unparsable)" and json.dumps(found.as_dict(), allow_nan=False)


def test_a_classifier_that_fails_everywhere_has_no_figures() -> None:
    found = theme_quality(LlmThemeJudge(Learned([])), [ThemedText("t", "c", ("a",), ((("empathy",),),))])
    assert found.judged == 0 and found.micro_f1.estimate is None and found.macro_f1 is None
    assert set(found.themes) == set(default_taxonomy().keys)
    json.dumps(found.as_dict(), allow_nan=False)
