"""What is in a corpus: counts, lengths, who answers what, and which themes clinicians use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from redline.corpus.corpus import Corpus
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.units import unit_texts

__all__ = ["CorpusStatistics", "describe"]


@dataclass(frozen=True, slots=True)
class CorpusStatistics:
    """Counts and quartiles; shares are of replies.  `themes` is empty where replies carry no labels."""

    cases: int
    replies: int
    observed_replies: int
    drafts: int
    clinicians: Mapping[str, int]
    systems: Mapping[str, int]
    splits: Mapping[str, int]
    categories: Mapping[str, int]
    acuities: Mapping[str, int]
    replies_a_case: tuple[float, float, float]
    message_words: tuple[float, float, float]
    reply_words: tuple[float, float, float]
    reply_units: tuple[float, float, float]
    draft_units: tuple[float, float, float]
    themes: Mapping[str, Mapping[str, float]]


def describe(corpus: Corpus, taxonomy: Taxonomy | None = None) -> CorpusStatistics:
    """Statistics of a corpus.

    >>> from redline.corpus import load_corpus
    >>> s = describe(load_corpus("bundled"))
    >>> s.cases, s.splits["test"], s.clinicians["c1"]
    (240, 80, 176)
    """
    taxonomy = taxonomy or default_taxonomy()
    answered = Counter(r.case for r in corpus.independent)
    return CorpusStatistics(
        cases=len(corpus.cases),
        replies=len(corpus.replies),
        observed_replies=len(corpus.observed),
        drafts=len(corpus.drafts),
        clinicians=_counts(r.clinician for r in corpus.replies),
        systems=_counts(d.system for d in corpus.drafts),
        splits=_counts(c.split or "none" for c in corpus.cases),
        categories=_counts(c.category or "none" for c in corpus.cases),
        acuities=_counts(c.acuity or "none" for c in corpus.cases),
        replies_a_case=_quartiles([answered[c.id] for c in corpus.cases]),
        message_words=_quartiles([len(c.message.split()) for c in corpus.cases]),
        reply_words=_quartiles([len(r.text.split()) for r in corpus.replies]),
        reply_units=_quartiles([len(r.units or unit_texts(r.text)) for r in corpus.replies]),
        draft_units=_quartiles([len(d.units or unit_texts(d.text)) for d in corpus.drafts]),
        themes=_theme_shares(corpus, taxonomy),
    )


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _quartiles(values: Sequence[int]) -> tuple[float, float, float]:
    if not values:
        return (0.0, 0.0, 0.0)
    low, middle, high = np.quantile(np.asarray(values, dtype=float), [0.25, 0.5, 0.75])
    return float(low), float(middle), float(high)


def _theme_shares(corpus: Corpus, taxonomy: Taxonomy) -> dict[str, dict[str, float]]:
    """Clinician (and `all`) -> theme -> share of labelled replies with at least one such sentence."""
    labelled = [r for r in corpus.replies if r.themes]
    shares: dict[str, dict[str, float]] = {}
    for who in ["all", *sorted({r.clinician for r in labelled})] if labelled else []:
        chosen = [{t for s in r.themes or () for t in s} for r in labelled if who in ("all", r.clinician)]
        shares[who] = {k: sum(k in found for found in chosen) / len(chosen) for k in taxonomy.keys}
    return shares
