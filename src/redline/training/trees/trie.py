"""One prompt and its replies as a trie over token prefixes.

The row holds every token that something is predicted from: the prompt, then the replies in depth-first order, where a
lead that several replies share stands once.  The last token of a reply is predicted but never read, so it is not in the
row: k replies of R tokens behind P tokens cost P + k(R - 1), less what they share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

__all__ = ["Segment", "Tree", "build_tree"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of tokens `start:stop` of the row; it sees the segments of `path` (root first) and its own past.

    `depth` is the position of its first token: the number of tokens on the path.
    """

    start: int
    stop: int
    path: tuple[int, ...]
    depth: int


@dataclass
class Tree:
    """`ids` and `positions` of the row; scored token e is `target[e]`, predicted from the row's token `predictor[e]`.

    `edges[i]` lists the scored tokens of reply i in order: their log-probabilities sum to the reply's.
    """

    ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    predictor: list[int] = field(default_factory=list)
    target: list[int] = field(default_factory=list)
    edges: list[list[int]] = field(default_factory=list)

    def lay(self, tokens: Sequence[int], path: tuple[int, ...], depth: int) -> tuple[int, ...]:
        """Put `tokens` into the row behind the path; returns the path that goes through them."""
        if not tokens:
            return path
        start = len(self.ids)
        self.ids.extend(tokens)
        self.positions.extend(range(depth, depth + len(tokens)))
        self.segments.append(Segment(start, len(self.ids), path, depth))
        return (*path, len(self.segments) - 1)


def build_tree(prompt: Sequence[int], replies: Sequence[Sequence[int]]) -> Tree:
    """The trie of `replies` behind `prompt`; nothing is ever cut.

    >>> tree = build_tree([7, 8], [[1, 2, 0], [1, 3, 0]])
    >>> tree.ids, tree.positions
    ([7, 8, 1, 2, 3], [0, 1, 2, 3, 3])
    >>> [(tree.predictor[e], tree.target[e]) for e in tree.edges[1]]
    [(1, 1), (2, 3), (4, 0)]
    """
    tree = Tree(edges=[[] for _ in replies])
    root = tree.lay(prompt, (), 0)
    ordered = sorted((i for i in range(len(replies)) if replies[i]), key=lambda i: tuple(replies[i]))
    open_ = [(group, 0, root, len(prompt) - 1) for group in _branches(ordered, replies, 0)]
    while open_:  # a stack, not recursion: a trie may be as deep as a reply is long
        group, done, path, before = open_.pop()
        stop = _shared(replies[group[0]], replies[group[-1]], done)
        run = replies[group[0]][done:stop]
        first = len(tree.target)
        tree.predictor += [before, *range(len(tree.ids), len(tree.ids) + len(run) - 1)]
        tree.target += run
        for i in group:
            tree.edges[i] += range(first, len(tree.target))
        going_on = [i for i in group if len(replies[i]) > stop]
        path = tree.lay(run if going_on else run[:-1], path, len(prompt) + done)
        open_ += [(g, stop, path, len(tree.ids) - 1) for g in reversed(_branches(going_on, replies, stop))]
    return tree


def _branches(ordered: Sequence[int], replies: Sequence[Sequence[int]], at: int) -> list[list[int]]:
    """Neighbours of a sorted list that have the same token at `at`."""
    return [list(group) for _, group in groupby(ordered, key=lambda i: replies[i][at])]


def _shared(first: Sequence[int], last: Sequence[int], start: int) -> int:
    """Where the first and the last of sorted sequences part: all between them share as much."""
    stop = start
    while stop < min(len(first), len(last)) and first[stop] == last[stop]:
        stop += 1
    return stop
