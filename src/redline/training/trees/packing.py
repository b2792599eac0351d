"""Several trees in one row up to a token budget; a tree over the budget becomes several with the prompt repeated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from redline.training.preference import PreferencePair
from redline.training.trees.tokens import TokenSet
from redline.training.trees.trie import Segment, Tree, build_tree

__all__ = ["Row", "RowPair", "pack", "split_over_budget"]


@dataclass(frozen=True, slots=True)
class RowPair:
    """A pair in places of the row's replies; `number` is the set's place among those that were packed."""

    chosen: int
    rejected: int
    weight: float
    theme: str | None
    number: int


@dataclass
class Row:
    """Trees side by side that do not see each other.

    `replies` names each reply of the row as (number of the set, its tokens); `edge` and `reply` are as long as all replies
    together: scored token `edge[m]` counts towards reply `reply[m]`.  `learn` are the places of replies that supervised
    training learns.  `real` counts the tokens that one row per reply would have without padding.
    """

    ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    predictor: list[int] = field(default_factory=list)
    target: list[int] = field(default_factory=list)
    edge: list[int] = field(default_factory=list)
    reply: list[int] = field(default_factory=list)
    replies: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    prompts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    pairs: list[RowPair] = field(default_factory=list)
    learn: list[int] = field(default_factory=list)
    real: int = 0

    def add(self, number: int, part: TokenSet, tree: Tree) -> None:
        """Append the tree of `part`, which belongs to the set `number`."""
        at, segments, edges, replies = len(self.ids), len(self.segments), len(self.target), len(self.replies)
        self.ids += tree.ids
        self.positions += tree.positions
        self.segments += [
            Segment(s.start + at, s.stop + at, tuple(p + segments for p in s.path), s.depth) for s in tree.segments
        ]
        self.predictor += [p + at for p in tree.predictor]
        self.target += tree.target
        for i, own in enumerate(tree.edges):
            self.edge += [e + edges for e in own]
            self.reply += [replies + i] * len(own)
        self.replies += [(number, reply) for reply in part.replies]
        self.prompts[number] = part.prompt
        self.pairs += [RowPair(p.chosen + replies, p.rejected + replies, p.weight, p.theme, number) for p in part.pairs]
        self.learn += [replies + i for i in part.learn]
        self.real += sum(len(part.prompt) + len(reply) for reply in part.replies)

    @property
    def lengths(self) -> list[int]:
        """Scored tokens of each reply."""
        return [len(reply) for _, reply in self.replies]


def split_over_budget(part: TokenSet, budget: int) -> list[TokenSet]:
    """`part` itself where its tree fits into `budget` tokens, else several sets that hold its pairs between them.

    Both replies of a pair stay together, so the sum of the parts' losses is the whole's loss; only what is computed twice
    (the prompt, a shared chosen reply) grows.  A single pair over the budget stays whole: it is a row of its own.
    """
    if len(build_tree(part.prompt, part.replies).ids) <= budget:
        return [part]
    groups: list[tuple[list[int], list[PreferencePair]]] = []
    items: list[tuple[tuple[int, ...], PreferencePair | None]] = [((p.chosen, p.rejected), p) for p in part.pairs]
    named = {i for p in part.pairs for i in (p.chosen, p.rejected)}
    items += [((i,), None) for i in range(len(part.replies)) if i not in named]
    for places, pair in items:
        grown = [*groups[-1][0], *(i for i in places if i not in groups[-1][0])] if groups else list(places)
        if groups and len(part.prompt) + sum(len(part.replies[i]) for i in grown) <= budget:
            groups[-1] = grown, groups[-1][1]
        else:
            groups.append((list(places), []))
        if pair is not None:
            groups[-1][1].append(pair)
    found, open_ = [], list(part.learn)
    for members, pairs in groups:
        found.append(part.only(members, pairs, [i for i in open_ if i in members]))
        open_ = [i for i in open_ if i not in members]  # a reply is learned once
    return found


_OPEN = 64
"""Rows that a tree may still join: with all of them, packing a large validation set would take quadratic time."""


def pack(sets: Sequence[TokenSet] | Iterable[TokenSet], budget: int) -> list[Row]:
    """Rows of about `budget` tokens at most, each tree in the fullest of the last rows that has room (longest trees first)."""
    trees: list[tuple[int, TokenSet, Tree]] = []
    for number, whole in enumerate(sets):
        trees += [(number, part, build_tree(part.prompt, part.replies)) for part in split_over_budget(whole, budget)]
    trees.sort(key=lambda item: -len(item[2].ids))
    rows: list[Row] = []
    for number, part, tree in trees:
        fitting = [row for row in rows[-_OPEN:] if number not in row.prompts and len(row.ids) + len(tree.ids) <= budget]
        row = max(fitting, key=lambda r: len(r.ids), default=None)
        if row is None:
            row = Row()
            rows.append(row)
        row.add(number, part, tree)
    return rows
