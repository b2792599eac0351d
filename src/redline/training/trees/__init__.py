"""Reply trees: one prompt and all its replies in one row, every distinct token computed once."""

from redline.training.trees.packing import Row, pack, split_over_budget
from redline.training.trees.scorer import PlainScorer, TreeScorer, scorer_for
from redline.training.trees.support import TREE_MODELS, runs_trees
from redline.training.trees.tokens import TokenSet
from redline.training.trees.trie import Segment, Tree, build_tree

__all__ = [
    "PlainScorer",
    "Row",
    "Segment",
    "TREE_MODELS",
    "TokenSet",
    "Tree",
    "TreeScorer",
    "build_tree",
    "pack",
    "runs_trees",
    "scorer_for",
    "split_over_budget",
]
