import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.retrieval import fuse, top

SCORES = st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), max_size=12)


def numbers(*items: int) -> np.ndarray:
    return np.asarray(items, dtype=np.int64)


def test_exact_small_numbers() -> None:
    found = fuse([numbers(5, 2, 9), numbers(2, 7)])
    assert found.items.tolist() == [2, 5, 7, 9]
    assert found.scores == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62, 1 / 63])
    assert found.ranks.tolist() == [[2, 1, 0, 3], [1, 0, 2, 0]]


def test_weights_and_constant() -> None:
    found = fuse([numbers(1), numbers(0)], k=1, weights=(1.0, 3.0))
    assert found.items.tolist() == [0, 1] and found.scores.tolist() == [1.5, 0.5]


def test_equal_scores_in_order_of_number() -> None:
    assert fuse([numbers(8, 3), numbers(3, 8)]).items.tolist() == [3, 8]


def test_empty_lists() -> None:
    assert fuse([numbers(), numbers()]).items.tolist() == []
    assert fuse([numbers(4), numbers()]).items.tolist() == [4]


@given(SCORES, st.integers(1, 15))
def test_top_is_a_stable_sort(scores: list[float], n: int) -> None:
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:n]
    assert top(np.asarray(scores), n).tolist() == expected


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_fused_scores_follow_the_formula(one: list[int], other: list[int]) -> None:
    found = fuse([numbers(*one), numbers(*other)])
    for item, score in zip(found.items.tolist(), found.scores, strict=True):
        assert score == pytest.approx(1 / (61 + one.index(item)) + 1 / (61 + other.index(item)))
