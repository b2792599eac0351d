import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.drafting.planner.features import PLAIN, FeatureMap, message_vectors, plain_features
from redline.records import Case, ChartSummary
from tests.drafting.planner.fakes import WordVectors, case


def named(one: Case) -> dict[str, float]:
    return dict(zip(PLAIN, plain_features(one).tolist(), strict=True))


def test_plain_features_count_what_they_say() -> None:
    chart = ChartSummary(age=0.5, problems=("Reflux",), medications=("A 5 mg", "B 2 mg"))
    found = named(Case("a", "My new pills! Do I need a blood test? Is it ok? Thank you", chart))
    counted = {"words": 14, "question_marks": 2, "exclamation_marks": 1, "medicine_words": 1, "thanks": 1}
    assert {n: round(math.expm1(found[n]), 9) for n in counted} == counted
    assert math.expm1(found["result_words"]) == 1.0
    assert (found["age"], found["child"], found["problems"], found["medications"]) == (0.5, 1.0, 1.0, 2.0)


def test_category_and_acuity_are_never_looked_at() -> None:
    one, other = Case("a", "Hello?", category="medication", acuity="emergency"), Case("a", "Hello?")
    assert np.array_equal(plain_features(one), plain_features(other), equal_nan=True)


def test_each_distinct_unit_is_embedded_once_and_the_mean_is_normalised() -> None:
    encoder = WordVectors()
    made = message_vectors(["One. Two.", "Two. Three.", "One. Two."], encoder)
    assert sorted(encoder.asked) == ["One.", "Three.", "Two."]
    expected = encoder.sentence_vectors(["One.", "Two."]).mean(axis=0)
    np.testing.assert_allclose(made["One. Two."], expected / np.linalg.norm(expected), atol=1e-6)


def test_an_empty_message_has_no_vector_and_stands_at_the_mean() -> None:
    cases = [case(n) for n in range(24)]
    vectors = message_vectors([c.message for c in cases] + [""], WordVectors())
    assert vectors[""] is None
    fitted = FeatureMap.fit(cases, vectors)
    row = fitted.rows([Case("e", "")], vectors)[0]
    assert np.isfinite(row).all() and row[0] == 1.0 and not row[1 : 1 + fitted.count].any()
    assert row[1 + fitted.count + PLAIN.index("age")] == 0.0  # unknown: the mean


def test_directions_grow_with_the_number_of_distinct_messages() -> None:
    for number, expected in ((1, 0), (7, 0), (8, 1), (40, 5)):
        cases = [case(n) for n in range(number)] * 2
        fitted = FeatureMap.fit(cases, message_vectors([c.message for c in cases], WordVectors()))
        assert fitted.count == expected


def test_the_first_direction_has_unit_spread_and_the_others_less() -> None:
    cases = [case(n) for n in range(48)]
    vectors = message_vectors([c.message for c in cases], WordVectors())
    fitted = FeatureMap.fit(cases, vectors)
    spread = fitted.rows(cases, vectors)[:, 1 : 1 + fitted.count].std(axis=0)
    assert abs(spread[0] - 1) < 1e-9 and (np.diff(spread) <= 1e-9).all()
    assert (fitted.directions[np.arange(fitted.count), np.abs(fitted.directions).argmax(axis=1)] > 0).all()


def test_no_cases_at_all() -> None:
    fitted = FeatureMap.fit([], {})
    assert fitted.rows([case(1)], message_vectors([case(1).message], WordVectors())).shape == (1, 1 + len(PLAIN))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.one_of(st.none(), st.floats(0, 130)))
def test_any_message_gives_finite_bounded_plain_features(message: str, age: float | None) -> None:
    cases = [case(n) for n in range(16)]
    one = Case("x", message, ChartSummary(age=age))
    vectors = message_vectors([c.message for c in cases] + [message], WordVectors())
    fitted = FeatureMap.fit(cases, vectors)
    row = fitted.rows([one], vectors)
    assert np.isfinite(row).all() and (np.abs(row[0, 1 + fitted.count :]) <= 4).all()
