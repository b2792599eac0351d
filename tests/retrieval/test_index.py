"""Filters, duplicates, growth and the digest of the whole index."""

import threading
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.retrieval import MessageIndex, PastMessage, Query, SearchSettings, near_duplicates
from redline.retrieval.segment import row_sum
from tests.retrieval.helpers import HashedWords, past

WORDS = "knee pain refill rash fever cough blood sugar sleep dose visit test".split()
TEXT = st.lists(st.sampled_from(WORDS), min_size=0, max_size=9).map(" ".join)
ROW = st.builds(
    PastMessage,
    case=st.sampled_from("abcdefgh"),
    clinician=st.sampled_from(["dr-1", "dr-2", "dr-3"]),
    message=TEXT,
    reply=st.just("Yes."),
    received=st.sampled_from([None, "2026-01-01", "2026-02-01T08:00"]),
    split=st.sampled_from([None, "train", "test"]),
)
ROWS = st.lists(ROW, max_size=14)
QUERY = st.builds(
    Query,
    message=TEXT,
    case=st.sampled_from([None, "a", "b", "z"]),
    clinician=st.sampled_from([None, "dr-1", "dr-9"]),
    before=st.sampled_from([None, "2026-01-15"]),
    split=st.sampled_from([None, "train"]),
)
SHALLOW = SearchSettings(depth=2)


@given(ROWS, QUERY, st.integers(0, 6), st.booleans())
def test_what_is_never_found(rows: list[PastMessage], query: Query, k: int, vectors: bool) -> None:
    found = MessageIndex.build(rows, HashedWords() if vectors else None, SHALLOW).search(query, k)
    own = [r.message for r in rows if r.case == query.case]
    for hit in found:
        row = hit.past
        assert row in rows and allows(query, row)
        assert not any(near_duplicates(row.message, m) for m in [query.message, *own])
    assert len(found) <= k and len({h.past.case for h in found}) == len(found)
    texts = [h.past.message for h in found]
    assert not any(near_duplicates(a, b) for i, a in enumerate(texts) for b in texts[:i])
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


def allows(query: Query, row: PastMessage) -> bool:
    kept = query.clinician in (None, row.clinician) and query.split in (None, row.split) and row.case != query.case
    return kept and (query.before is None or row.received == "2026-01-01")


@given(ROWS, QUERY)
def test_nothing_clean_is_missed(rows: list[PastMessage], query: Query) -> None:
    """With vectors everything is ranked: what is left out is near to a hit or to the target, or of a case that is shown."""
    found = MessageIndex.build(rows, HashedWords(), SHALLOW).search(query, 99)
    own = [r.message for r in rows if r.case == query.case]
    shown = [query.message, *own, *(h.past.message for h in found)]
    for row in rows:
        if query.message and row.message and allows(query, row) and row.case not in {h.past.case for h in found}:
            assert any(near_duplicates(row.message, text) for text in shown)


@given(ROWS, QUERY, st.lists(st.integers(0, 14), max_size=3), st.booleans())
@settings(deadline=None)
def test_append_equals_rebuild(rows: list[PastMessage], query: Query, places: list[int], vectors: bool) -> None:
    embed = HashedWords() if vectors else None
    grown, start = MessageIndex.build([], embed, SHALLOW), 0
    for end in [*sorted(p % (len(rows) + 1) for p in places), len(rows)]:
        grown, start = grown.add(rows[start:end]), end
    built = MessageIndex.build(rows, embed, SHALLOW)
    assert grown.search(query, 5) == built.search(query, 5)
    assert grown.digest == built.digest and len(grown) == len(built) == len(rows)


def test_ranks_and_score() -> None:
    rows = [past("a", "knee pain"), past("b", "rash"), past("c", "knee")]
    found = MessageIndex.build(rows, HashedWords()).search(Query("my knee"), 9)
    by_case = {h.past.case: h for h in found}
    assert by_case["c"].word_rank == 1 and by_case["a"].word_rank == 2 and by_case["b"].word_rank is None
    for hit in found:
        ranks = [r for r in (hit.word_rank, hit.vector_rank) if r is not None]
        assert hit.score == pytest.approx(sum(1 / (60 + r) for r in ranks))
    words = MessageIndex.build(rows).search(Query("my knee"), 9)
    assert [(h.past.case, h.word_rank, h.vector_rank) for h in words] == [("c", 1, None), ("a", 2, None)]


def test_equal_messages_of_several_clinicians_are_one_hit() -> None:
    rows = [past("a", "my knee is swollen", c) for c in ("dr-2", "dr-1")]
    index = MessageIndex.build(rows)
    assert [h.past.clinician for h in index.search(Query("knee"), 5)] == ["dr-2"]
    assert [h.past.clinician for h in index.search(Query("knee", clinician="dr-1"), 5)] == ["dr-1"]


def test_equal_scores_in_order_of_insertion() -> None:
    rows = [past(c, f"knee {w}") for c, w in zip("cab", ["rash", "pain", "cough"], strict=True)]
    assert [h.past.case for h in MessageIndex.build(rows).search(Query("knee"), 3)] == ["c", "a", "b"]


def test_a_duplicate_of_the_stored_message_is_not_found_either() -> None:
    """The query's wording may have been changed since; what its case holds counts as well."""
    text = "I fell on my knee on Monday and it is swollen since then"
    index = MessageIndex.build([past("a", text), past("b", text + " today"), past("c", "knee")])
    assert [h.past.case for h in index.search(Query("knee swollen", case="a"), 5)] == ["c"]
    assert [h.past.case for h in index.search(Query("knee swollen"), 5)] == ["a", "c"]


def test_goes_down_the_list_until_k_are_clean() -> None:
    text = "please send me a refill of my metformin as I am running out"
    rows = [past(f"d{i}", f"{text} {w}") for i, w in enumerate(WORDS)] + [past("x", "refill"), past("y", "metformin")]
    index = MessageIndex.build(rows, HashedWords(), SHALLOW)
    assert {h.past.case for h in index.search(Query(text), 2)} == {"x", "y"}


@pytest.mark.parametrize("message", ["", " \n", "\0", "?!", "🙂", "\ud83d", "knee\0", "knee \udfff"])
@pytest.mark.parametrize("vectors", [True, False])
def test_odd_queries(message: str, vectors: bool) -> None:
    rows = [past("a", "knee"), past("b", ""), past("c", "\0"), past("d", "\ud83d\0")]
    for index in (MessageIndex.build(rows, HashedWords() if vectors else None), MessageIndex()):
        found = index.search(Query(message), 3)
        assert {h.past.case for h in found} <= {"a"}
        assert index.search(Query(message), 0) == [] and isinstance(index.digest, str)


@pytest.mark.parametrize("vectors", [True, False])
def test_a_past_message_that_says_nothing_is_not_found(vectors: bool) -> None:
    rows = [past("a", ""), past("b", " \n"), past("c", "knee")]
    index = MessageIndex.build(rows, HashedWords() if vectors else None)
    assert [h.past.case for h in index.search(Query("knee pain"), 5)] == ["c"]


def test_the_digest() -> None:
    rows = [past("a", "knee"), past("b", "rash")]
    digest = MessageIndex.build(rows).digest
    assert MessageIndex.build(rows[::-1]).digest == digest
    others = [
        MessageIndex.build(rows[:1]),
        MessageIndex.build([*rows, rows[0]]),
        MessageIndex.build([rows[0], past("b", "rash", split="test")]),
        MessageIndex.build(rows, HashedWords()),
        MessageIndex.build(rows, settings=SearchSettings(k1=1.5)),
    ]
    assert len({digest, *(i.digest for i in others)}) == 6
    assert row_sum(rows) == row_sum(rows[::-1]) != row_sum([rows[0], rows[0]])


def test_adding_leaves_the_old_index_as_it_was() -> None:
    old = MessageIndex.build([past("a", "knee")])
    before = old.digest
    new = old.add([past("b", "knee pain")])
    assert len(old) == 1 and old.digest == before != new.digest and old.add([]) is old
    assert [h.past.case for h in old.search(Query("knee swelling"), 5)] == ["a"]


def test_each_text_is_embedded_once() -> None:
    embed = HashedWords()
    index = MessageIndex.build([past("a", "knee"), past("a", "knee", "dr-2")], embed)
    index.add([past("a", "knee", "dr-3"), past("b", "rash")])
    assert Counter(embed.seen) == {"knee": 1, "rash": 1}


def test_segments_stay_few_and_adding_is_cheap() -> None:
    """Each segment is more than twice as large as the next, and a row is merged a logarithmic number of times."""
    index = MessageIndex.build([past(f"m{i}", f"knee {i}") for i in range(512)])
    first = index.segments[0]
    for i in range(100):
        index = index.add([past(f"n{i}", f"rash {i}")])
        sizes = [len(s.rows) for s in index.segments]
        assert all(a > 2 * b for a, b in pairwise(sizes))
    assert index.segments[0] is first and len(index) == 612


def test_searches_from_several_threads() -> None:
    rng = np.random.default_rng(5)
    rows = [past(f"m{i}", " ".join(rng.choice(WORDS, 4))) for i in range(200)]
    index = MessageIndex.build(rows, HashedWords())
    queries = [Query(" ".join(rng.choice(WORDS, 3))) for _ in range(40)]
    expected = [MessageIndex.build(rows, HashedWords()).search(q, 5) for q in queries]
    found: dict[int, object] = {}
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: index.search(queries[i], 5)})) for i in range(len(queries))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(queries))] == expected
