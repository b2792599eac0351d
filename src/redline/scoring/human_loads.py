"""People's loads of the comparisons that they have labelled, matched by the very texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair, ThemedText, pair_digest
from redline.records import EditLoad
from redline.scoring.comparison import Comparison
from redline.taxonomy import Taxonomy
from redline.units import normalise_unit

__all__ = ["HumanLoads", "HumanThemes", "LabelCounts", "human_load", "human_loads", "human_themes"]

Shares = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What became of the labelled pairs.

    Of `pairs`, `fitting` are compared in the table; `changed` are of a comparison whose texts are others by now (another draft
    of that system, another splitting into units), `elsewhere` of a case or source that the table does not have, `undecided` have
    a unit that nobody decided about, `empty` have no reference to score against.  `certain` fitting ones carry no sampling
    probability and count as labelled with certainty.
    """

    pairs: int = 0
    fitting: int = 0
    changed: int = 0
    elsewhere: int = 0
    undecided: int = 0
    empty: int = 0
    certain: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        """One sentence for each thing that a reader has to know.

        >>> LabelCounts(pairs=50, fitting=47, changed=3).words
        ('3 of 50 labelled pairs are of texts that have changed since and are left out: annotate them anew.',)
        """
        said = (
            (self.changed, "are of texts that have changed since and are left out: annotate them anew"),
            (self.elsewhere, "are of cases or drafts that are not in this table and are left out"),
            (self.undecided, "have a unit that nobody decided about and are left out"),
            (self.empty, "have no reference and are left out"),
        )
        lines = [f"{count} of {self.pairs} labelled pairs {what}." for count, what in said if count]
        if 0 < self.certain < self.fitting:
            lines.append(
                f"{self.certain} of {self.fitting} labelled pairs carry no sampling probability beside others that do; "
                "they count as chosen with certainty."
            )
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class HumanLoads:
    """Loads (comparisons, 4) in the order of `EditLoad`, weights (comparisons,): 0 where a comparison is not labelled.

    `shares` are the annotators' shares of each unit of a labelled comparison: of its draft's, of its reference's.
    """

    loads: NDArray[np.float64]
    weights: NDArray[np.float64]
    counts: LabelCounts
    shares: Mapping[int, Shares]


@dataclass(frozen=True, slots=True)
class HumanThemes:
    """Presence of each theme in draft, reference and both: (comparisons, themes, 3).  Weights are 0 or 1."""

    presence: NDArray[np.float64]
    weights: NDArray[np.float64]
    texts: int
    fitting: int


def human_load(pair: AnnotatedPair) -> EditLoad | None:
    """The load of a pair: each unit counts with the share of its annotators who edit it; None with an undecided unit.

    >>> from redline.annotation import Annotation
    >>> marks = (Annotation("a", (True, False), (True,)), Annotation("b", (True, None), (False,)))
    >>> human_load(AnnotatedPair("p", "s", ("Rest.", "Call."), ("Rest.",), marks))
    EditLoad(draft_units=2, deletions=1.0, reference_units=1, additions=0.5)
    """
    shares = _both_sides([pair])
    return None if shares is None else _load(shares)


def human_loads(comparisons: Sequence[Comparison], labels: Sequence[AnnotatedPair]) -> HumanLoads:
    """Match labels to comparisons of the same case with the same units, in normal form, on both sides.

    One label serves every comparison with its texts (two rows may share a draft).  Where several labelled pairs have the same
    texts their annotators are put together.  A label of other texts is never used: it is counted (`LabelCounts`).
    """
    wanted = {pair.case for pair in labels}
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    sources: set[tuple[str, str, str]] = set()
    for i, c in enumerate(comparisons):
        if c.case in wanted:
            places[c.case, pair_digest(c.draft, c.reference)].append(i)
            sources |= {(c.case, by, c.clinician) for by in (c.cell, c.drafted_by) if by}
    loads, weights = np.zeros((len(comparisons), 4)), np.zeros(len(comparisons))
    shares: dict[int, Shares] = {}
    counts = dict.fromkeys(("fitting", "changed", "elsewhere", "undecided", "empty", "certain"), 0)
    for key, same in _by_texts(labels).items():
        rows = places.get(key, [])
        sides = _both_sides(same)
        if not rows:
            known = [(p.case, p.draft_source, p.reference_source) in sources for p in same]
            counts["changed"] += sum(known)
            counts["elsewhere"] += len(same) - sum(known)
        elif sides is None:
            counts["undecided"] += len(same)
        elif not sides[1]:
            counts["empty"] += len(same)
        else:
            drawn = [p.probability for p in same if p.probability is not None]
            counts["fitting"] += len(same)
            counts["certain"] += 0 if drawn else len(same)
            loads[rows] = astuple(_load(sides))
            shares |= dict.fromkeys(rows, sides)
            weights[rows] = 1 / max(drawn) if drawn else 1.0
    return HumanLoads(loads, weights, LabelCounts(len(labels), **counts), shares)


def human_themes(comparisons: Sequence[Comparison], labels: Sequence[ThemedText], taxonomy: Taxonomy) -> HumanThemes:
    """Themes of the comparisons of which people labelled the draft **and** the reference.

    A text's themes are those of its units (`ThemedText.themes`: what most annotators give).  Texts are matched by case and
    wording; how they are split into units does not matter, since the load is one of sets.
    """
    wanted = {t.case for t in labels}
    known: dict[tuple[str, str], frozenset[str]] = {}
    for text in labels:
        known[text.case, _wording(text.units)] = frozenset(k for unit in text.themes(taxonomy) for k in unit)
    presence = np.zeros((len(comparisons), len(taxonomy.keys), 3))
    weights = np.zeros(len(comparisons))
    used: set[tuple[str, str]] = set()
    for i, c in enumerate(comparisons):
        if c.case not in wanted or not c.reference:
            continue
        draft = known.get((c.case, _wording(c.draft))) if c.draft else frozenset()
        reference = known.get((c.case, _wording(c.reference)))
        if draft is None or reference is None:
            continue
        used |= {(c.case, _wording(side)) for side in (c.draft, c.reference)}
        weights[i] = 1.0
        presence[i] = [(k in draft, k in reference, k in draft and k in reference) for k in taxonomy.keys]
    return HumanThemes(presence, weights, len(labels), len(used & known.keys()))


def _both_sides(same: Sequence[AnnotatedPair]) -> Shares | None:
    """Shares of all annotators of pairs with the same texts; None where nobody decided about some unit."""
    every = [a for pair in same for a in pair.annotations]
    gone, new = _shares([a.deleted for a in every]), _shares([a.added for a in every])
    return None if gone is None or new is None else (gone, new)


def _load(sides: Shares) -> EditLoad:
    return EditLoad(len(sides[0]), sum(sides[0]), len(sides[1]), sum(sides[1]))


def _shares(marks: Sequence[Sequence[bool | None]]) -> tuple[float, ...] | None:
    """Share of the annotators who decided that edit each unit."""
    decided = [[mark for mark in unit if mark is not None] for unit in zip(*marks, strict=True)]
    return tuple(sum(unit) / len(unit) for unit in decided) if all(decided) else None


def _by_texts(labels: Sequence[AnnotatedPair]) -> dict[tuple[str, str], list[AnnotatedPair]]:
    found: dict[tuple[str, str], list[AnnotatedPair]] = defaultdict(list)
    for pair in labels:
        found[pair.case, pair_digest(pair.draft, pair.reference)].append(pair)
    return found


def _wording(units: Sequence[str]) -> str:
    return " ".join(normalise_unit(u) for u in units)
