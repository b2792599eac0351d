import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from redline.retrieval.vectors import TextVectors, VectorSegment


def unit(rng: np.random.Generator, n: int) -> np.ndarray:
    made = rng.standard_normal((n, 8))
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float16)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 12), st.floats(0.02, 1))
def test_ranking_is_exact_however_it_is_cut(seed: int, n: int, k: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    half, query = unit(rng, n), unit(rng, 1)[0].astype(np.float32)
    half[rng.integers(0, n)] = half[0]  # a tie
    allowed = rng.random(n) < share
    exact = half.astype(np.float64) @ query.astype(np.float64)
    expected = sorted(np.flatnonzero(allowed), key=lambda i: (-round(exact[i], 12), i))[:k]
    at = int(rng.integers(0, n + 1))
    for parts in ((half,), (half[:at], half[at:])):
        found = TextVectors(tuple(VectorSegment(p) for p in parts)).ranked(query, allowed, k)
        assert found.tolist() == expected


def test_a_text_without_a_vector_finds_nothing() -> None:
    vectors = TextVectors((VectorSegment(np.ones((3, 4), dtype=np.float16)),))
    assert vectors.ranked(np.zeros(4, dtype=np.float32), np.ones(3, dtype=np.bool_), 2).tolist() == []


def test_appended_indexes_share_the_copy() -> None:
    segment = VectorSegment(np.ones((3, 4), dtype=np.float16))
    assert segment.single is segment.single and segment.single.dtype == np.float32
