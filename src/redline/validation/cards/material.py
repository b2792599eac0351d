"""Digests of what people decided, so that a card can tell its own material from new."""

from __future__ import annotations

from collections.abc import Sequence

from redline.annotation import AnnotatedPair, ThemedText
from redline.records import digest

__all__ = ["pairs_digest", "texts_digest"]


def pairs_digest(pairs: Sequence[AnnotatedPair]) -> str:
    """Of texts and decisions; the order of pairs and annotators does not matter.

    >>> from redline.annotation import Annotation
    >>> one = AnnotatedPair("p", "s", ("Rest.",), (), (Annotation("a", (True,), ()),))
    >>> two = AnnotatedPair("q", "s", ("Call.",), (), (Annotation("a", (True,), ()),))
    >>> pairs_digest([one, two]) == pairs_digest([two, one]) != pairs_digest([one])
    True
    """
    return digest(
        sorted(
            [p.id, p.case, p.draft, p.reference, sorted([a.annotator, a.deleted, a.added] for a in p.annotations)]
            for p in pairs
        )
    )


def texts_digest(texts: Sequence[ThemedText]) -> str:
    """Of texts and labels; the order of texts does not matter."""
    return digest(sorted([t.id, t.case, t.units, t.annotators, t.labels] for t in texts))
