from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.retrieval import Bm25, WordSegment
from tests.retrieval.helpers import brute_force

TEXTS = st.lists(st.text(alphabet="abc é", max_size=12).map(lambda t: " ".join(t)), min_size=1, max_size=8)
QUERY = st.text(alphabet="abcde ", max_size=8).map(lambda t: " ".join(t))


def cut(texts: list[str], places: list[int]) -> list[list[str]]:
    ends = [0, *sorted(p % (len(texts) + 1) for p in places), len(texts)]
    return [texts[a:b] for a, b in pairwise(ends)]


def same(one: WordSegment, other: WordSegment) -> bool:
    arrays = ("offsets", "texts", "counts", "lengths")
    equal = all(np.array_equal(getattr(one, a), getattr(other, a)) for a in arrays)
    return equal and list(one.vocabulary.items()) == list(other.vocabulary.items())


def test_exact_small_numbers() -> None:
    """Two texts of two words, 'pain' in both, 'knee' in one: idf ln 1.2 and ln 2; f + k1 = 2.2 cancels k1 + 1."""
    scores = Bm25((WordSegment.of(["knee pain", "back pain"]),)).scores("pain knee")
    assert scores == pytest.approx([np.log(1.2) + np.log(2), np.log(1.2)])


@given(TEXTS, QUERY)
def test_equals_the_formula(texts: list[str], query: str) -> None:
    found = Bm25((WordSegment.of(texts),)).scores(query)
    assert found == pytest.approx(brute_force(texts, query))


@given(TEXTS, QUERY, st.floats(0, 3), st.floats(0, 1))
def test_equals_the_formula_with_other_parameters(texts: list[str], query: str, k1: float, b: float) -> None:
    found = Bm25((WordSegment.of(texts),), k1, b).scores(query)
    assert found == pytest.approx(brute_force(texts, query, k1, b))


@given(TEXTS, QUERY, st.lists(st.integers(0, 8), max_size=4))
def test_segments_change_no_bit(texts: list[str], query: str, places: list[int]) -> None:
    parts = tuple(WordSegment.of(part) for part in cut(texts, places))
    whole = WordSegment.of(texts)
    assert np.array_equal(Bm25(parts).scores(query), Bm25((whole,)).scores(query))
    assert same(WordSegment.merged(parts), whole)


def test_weights_of_each_segment_alone_would_differ() -> None:
    """Negative control: the test above would see a segment's own statistics."""
    parts = [["a b", "a"], ["b c", "c c a"]]
    right = Bm25(tuple(WordSegment.of(p) for p in parts)).scores("a c")
    wrong = np.concatenate([Bm25((WordSegment.of(p),)).scores("a c") for p in parts])
    assert not np.allclose(right, wrong)


def test_words_that_are_asked_twice_count_twice() -> None:
    index = Bm25((WordSegment.of(["knee", "rash"]),))
    assert index.scores("knee knee")[0] == 2 * index.scores("knee")[0] > 0


def test_only_postings_of_the_query_are_read() -> None:
    """A segment whose other postings are poisoned gives the same scores."""
    part = WordSegment.of(["knee pain", "rash"])
    texts = part.texts.copy()
    texts[part.postings("rash")] = 10**6
    poisoned = WordSegment(part.vocabulary, part.offsets, texts, part.counts, part.lengths)
    assert np.array_equal(Bm25((poisoned,)).scores("knee"), Bm25((part,)).scores("knee"))


def test_no_texts_and_empty_texts() -> None:
    assert Bm25(()).scores("knee").tolist() == []
    assert Bm25((WordSegment.of([]),)).scores("knee").tolist() == []
    assert Bm25((WordSegment.of(["", "?"]),)).scores("knee").tolist() == [0, 0]
