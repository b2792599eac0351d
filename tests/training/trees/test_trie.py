"""The trie and the rows made of it, against plain lists."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.training.preference import PreferencePair
from redline.training.trees import Row, TokenSet, build_tree, pack, split_over_budget

TOKENS = st.integers(1, 3)
REPLY = st.lists(TOKENS, min_size=0, max_size=6).map(lambda ids: (*ids, 0))
REPLIES = st.lists(REPLY, min_size=1, max_size=6)
PROMPT = st.lists(TOKENS, min_size=1, max_size=5).map(tuple)


def path_tokens(row: Row, at: int) -> list[int]:
    """Everything that the row's token `at` sees, in order."""
    segment = next(s for s in row.segments if s.start <= at < s.stop)
    seen = [i for p in segment.path for i in range(row.segments[p].start, row.segments[p].stop)]
    seen += range(segment.start, at + 1)
    assert [row.positions[i] for i in seen] == list(range(len(seen)))
    return [row.ids[i] for i in seen]


def check_row(row: Row) -> None:
    """Each reply's scored tokens are its own, each predicted from exactly the prompt and the reply so far."""
    for place, (number, reply) in enumerate(row.replies):
        edges = [e for e, r in zip(row.edge, row.reply, strict=True) if r == place]
        assert tuple(row.target[e] for e in edges) == reply
        for done, e in enumerate(edges):
            assert path_tokens(row, row.predictor[e]) == [*row.prompts[number], *reply[:done]]


@given(PROMPT, REPLIES)
@settings(deadline=None)
def test_every_token_sees_its_prompt_and_its_own_past(prompt: tuple[int, ...], replies: list[tuple[int, ...]]) -> None:
    (row,) = pack([TokenSet(prompt, tuple(replies))], 10_000)
    check_row(row)
    # Every distinct prefix is computed once, the last token of a reply not at all unless another goes on from it.
    prefixes = {(*prompt, *reply[:n]) for reply in replies for n in range(1, len(reply))}
    assert len(row.ids) == len(prompt) + len({p for p in prefixes if len(p) > len(prompt)})
    assert len(row.target) == len({(*prompt, *reply[:n]) for reply in replies for n in range(1, len(reply) + 1)})


@given(st.lists(st.tuples(PROMPT, REPLIES), min_size=1, max_size=5), st.integers(1, 40))
@settings(deadline=None)
def test_packing_keeps_everything_once(sets: list[tuple[tuple[int, ...], list[tuple[int, ...]]]], budget: int) -> None:
    whole = [TokenSet(p, tuple(r), learn=(0,)) for p, r in sets]
    rows = pack(whole, budget)
    for row in rows:
        check_row(row)
        assert len(row.ids) <= budget or len(row.prompts) == 1
    found = sorted((n, reply) for row in rows for n, reply in row.replies)
    assert found == sorted((n, reply) for n, s in enumerate(whole) for reply in s.replies)
    assert sorted(row.replies[i][0] for row in rows for i in row.learn) == list(range(len(whole)))


@given(st.data())
@settings(deadline=None)
def test_a_tree_over_the_budget_keeps_pairs_together(data: st.DataObject) -> None:
    replies = data.draw(st.lists(REPLY, min_size=2, max_size=7, unique=True))
    place = st.integers(0, len(replies) - 1)
    pairs = data.draw(st.lists(st.tuples(place, place).filter(lambda p: p[0] != p[1]), min_size=1, max_size=8))
    whole = TokenSet(
        (1, 2, 3), tuple(replies), tuple(PreferencePair(a, b, "t", 2.0) for a, b in pairs), learn=(data.draw(place),)
    )
    parts = split_over_budget(whole, data.draw(st.integers(3, 30)))
    found = [(part.replies[p.chosen], part.replies[p.rejected], p.weight) for part in parts for p in part.pairs]
    assert sorted(found) == sorted((replies[a], replies[b], 2.0) for a, b in pairs)
    assert [part.replies[i] for part in parts for i in part.learn] == [replies[whole.learn[0]]]
    assert {r for part in parts for r in part.replies} == set(replies)


def test_the_budget_is_kept_where_pairs_allow_it() -> None:
    replies = tuple((i, *range(5, 14), 0) for i in range(1, 5))
    whole = TokenSet(tuple(range(1, 11)), replies, tuple(PreferencePair(0, i) for i in (1, 2, 3)))
    assert [len(build_tree(p.prompt, p.replies).ids) for p in split_over_budget(whole, 100)] == [50]
    parts = split_over_budget(whole, 35)
    assert [len(p.pairs) for p in parts] == [1, 1, 1]
    assert all(len(build_tree(p.prompt, p.replies).ids) <= 35 for p in parts)


def test_a_set_without_a_token_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        TokenSet((), ((1,),))
    with pytest.raises(ValueError, match="at least one token"):
        TokenSet((1,), ((),))
