"""What a file of preference sets holds: how much is shared, which themes and clinicians the pairs are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from redline.training.preference.sets import PreferenceSet

__all__ = ["PreferenceStats", "preference_stats"]

AS_A_WHOLE = "as a whole"
"""Where a pair is about no theme, or a set is of no clinician that is named."""


@dataclass(frozen=True)
class PreferenceStats:
    """Counts over sets.

    `sharing` = 2 pairs / replies that a pair names: how many texts a pair-wise trainer computes for each one that is computed here.
    `longer` is, by theme, the mean number of words that the chosen reply is longer than the rejected one: far from 0, training
    teaches length.
    """

    sets: int
    without_pair: int
    with_own: int
    replies: int
    pairs: int
    sharing: float | None
    pairs_a_set: float | None
    by_theme: Mapping[str, int] = field(default_factory=dict)
    by_source: Mapping[str, int] = field(default_factory=dict)
    by_clinician: Mapping[str, int] = field(default_factory=dict)
    longer: Mapping[str, float] = field(default_factory=dict)
    without_themes: tuple[str, ...] = ()


def preference_stats(sets: Sequence[PreferenceSet], themes: Sequence[str] = ()) -> PreferenceStats:
    """Of `sets`; `themes` are those that a pair should be about.

    >>> from redline.chat import ChatMessage
    >>> from redline.training.preference import set_of_pairs
    >>> rows = [("a b", "a", "empathy", 1.0, "x"), ("a b", "b", "empathy", 1.0, "x")]
    >>> found = preference_stats([set_of_pairs("1", [ChatMessage("user", "?")], rows)], ["empathy", "other"])
    >>> found.replies, found.sharing, dict(found.longer), found.without_themes
    (3, 1.3333333333333333, {'empathy': 1.0}, ('other',))
    """
    by_theme: Counter[str] = Counter()
    by_source: Counter[str] = Counter()
    by_clinician: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for found in sets:
        lengths = [len(text.split()) for text in found.replies]
        for pair in found.pairs:
            theme = pair.theme or AS_A_WHOLE
            by_theme[theme] += 1
            by_source[pair.source or "unnamed"] += 1
            by_clinician[found.clinician or AS_A_WHOLE] += 1
            words[theme] += lengths[pair.chosen] - lengths[pair.rejected]
    pairs, used = sum(by_theme.values()), sum(len(s.used) for s in sets)
    return PreferenceStats(
        len(sets), sum(not s.pairs for s in sets), sum(s.own is not None for s in sets),
        sum(len(s.replies) for s in sets), pairs, 2 * pairs / used if used else None,
        float(median(len(s.pairs) for s in sets)) if sets else None,
        dict(by_theme.most_common()), dict(by_source.most_common()), dict(sorted(by_clinician.items())),
        {t: words[t] / n for t, n in by_theme.most_common()}, tuple(t for t in themes if t not in by_theme),
    )  # fmt: skip
