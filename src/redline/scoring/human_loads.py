"""People's loads of the comparisons that they have labelled, matched by the very texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair, ThemedText, edit_share, pair_digest
from redline.records import EditLoad
from redline.scoring.comparison import Comparison
from redline.taxonomy import Taxonomy
from redline.units import normalise_unit

__all__ = ["HumanLoads", "HumanThemes", "LabelCounts", "as_drawn", "human_load", "human_loads", "human_themes"]

Shares = tuple[tuple[float, ...], tuple[float, ...]]
Texts = tuple[str, str]


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
        ('3 of 50 labelled pairs are of texts that changed or are cut otherwise by now and are left out: annotate them anew.',)
        """
        said = (
            (
                self.changed,
                "are of texts that changed or are cut otherwise by now and are left out: annotate them anew",
            ),
            (self.elsewhere, "are of cases or drafts that are not compared here and are left out"),
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
    """Presence of each theme in draft, reference and both: (comparisons, themes, 3).

    Weights are 0 where a side is not labelled, else 1, or 1 over the sampling probability of the pair (`as_drawn`).
    """

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

    A label that names its source serves that source's comparisons, since its probability is theirs: where two systems wrote
    the same draft and both were drawn from, a draft of both has two chances to be drawn, and would count twice.  A row of
    which no label has the name takes those of another source only where all of them fit it (the system under a new name, or
    a copy), or its labels would be of the drafts that both share alone.  A label without a source serves all with its texts.
    Where several labelled pairs have the same texts their annotators are put together.  A label of other texts is never
    used: it is counted (`LabelCounts`).
    """
    wanted = {pair.case for pair in labels}
    places: dict[Texts, list[int]] = defaultdict(list)
    sources: set[tuple[str, str, str]] = set()
    for i, c in enumerate(comparisons):
        if c.case in wanted:
            places[c.case, pair_digest(c.draft, c.reference)].append(i)
            sources |= {(c.case, by, c.clinician) for by in (c.cell, c.drafted_by) if by}
    by_texts = _by_texts(labels)
    lent = _lent(comparisons, places, by_texts)
    loads, weights = np.zeros((len(comparisons), 4)), np.zeros(len(comparisons))
    shares: dict[int, Shares] = {}
    counts = dict.fromkeys(("fitting", "changed", "elsewhere", "undecided", "empty", "certain"), 0)
    for texts, same in by_texts.items():
        served = _served({row: comparisons[row] for row in places.get(texts, [])}, same, lent)
        used = [p for p in same if any(p in mine for mine in served.values())]
        for p in same:
            if p not in used:
                changed = (p.case, p.draft_source, p.reference_source) in sources
                counts["changed" if changed else "elsewhere"] += 1
        sides = _both_sides(same)
        if sides is None or not sides[1]:
            counts["undecided" if sides is None else "empty"] += len(used)
            continue
        counts["fitting"] += len(used)
        counts["certain"] += len(used) if all(p.probability is None for p in same) else 0
        for row, mine in served.items():
            if mine:
                drawn = [p.probability for p in mine if p.probability is not None]
                loads[row], shares[row] = astuple(_load(sides)), sides
                weights[row] = 1 / max(drawn) if drawn else 1.0
    return HumanLoads(loads, weights, LabelCounts(len(labels), **counts), shares)


def _lent(
    comparisons: Sequence[Comparison], places: Mapping[Texts, Sequence[int]], by_texts: Mapping[Texts, Sequence[AnnotatedPair]]
) -> dict[str, set[str]]:  # fmt: skip
    """Row of which no label has the name -> sources whose labels all fit it, as far as the table has their cases."""
    cases = {case for case, _ in places}
    texts_of: dict[str, set[Texts]] = defaultdict(set)
    for texts, same in by_texts.items():
        for source in {p.draft_source for p in same}:
            texts_of[source] |= {texts} if texts[0] in cases else set()
    rows: dict[str, set[Texts]] = defaultdict(set)
    for texts, found in places.items():
        for c in (comparisons[i] for i in found):
            if not {c.cell, c.drafted_by} & texts_of.keys():
                rows[c.cell].add(texts)
    return {cell: {s for s, theirs in texts_of.items() if theirs <= mine} for cell, mine in rows.items()}


def _served(
    rows: Mapping[int, Comparison], same: Sequence[AnnotatedPair], lent: Mapping[str, set[str]]
) -> dict[int, list[AnnotatedPair]]:
    """Labels and comparisons that have the same texts: which labels serve which."""
    homes = {(c.cell, c.clinician) for c in rows.values()}

    def serves(p: AnnotatedPair, c: Comparison) -> bool:
        if p.draft_source not in {"", c.cell, c.drafted_by} | lent.get(c.cell, set()):
            return False
        return p.reference_source in ("", c.clinician) or (c.cell, p.reference_source) not in homes

    return {row: [p for p in same if serves(p, c)] for row, c in rows.items()}


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


def as_drawn(themes: HumanThemes, people: HumanLoads, labels: Sequence[AnnotatedPair]) -> HumanThemes:
    """Theme labels with the sampling probabilities of `labels`, the labelled pairs that their texts were drawn with.

    Where pairs carry probabilities, only comparisons that were themselves drawn count: a draft of one pair and the reply of
    another are known by chance, and nobody knows how probable that was.
    """
    if not any(p.probability is not None for p in labels):
        return themes
    return replace(themes, weights=np.where(themes.weights > 0, people.weights, 0.0))


def _both_sides(same: Sequence[AnnotatedPair]) -> Shares | None:
    """Shares of all annotators of pairs with the same texts; None where nobody decided about some unit."""
    every = [a for pair in same for a in pair.annotations]
    gone, new = _shares([a.deleted for a in every]), _shares([a.added for a in every])
    return None if gone is None or new is None else (gone, new)


def _load(sides: Shares) -> EditLoad:
    return EditLoad(len(sides[0]), sum(sides[0]), len(sides[1]), sum(sides[1]))


def _shares(marks: Sequence[Sequence[bool | None]]) -> tuple[float, ...] | None:
    """Share of the annotators who decided that edit each unit."""
    known = [s for s in map(edit_share, zip(*marks, strict=True)) if s is not None]
    return tuple(known) if len(known) == len(marks[0]) else None


def _by_texts(labels: Sequence[AnnotatedPair]) -> dict[Texts, list[AnnotatedPair]]:
    found: dict[Texts, list[AnnotatedPair]] = defaultdict(list)
    for pair in labels:
        found[pair.case, pair_digest(pair.draft, pair.reference)].append(pair)
    return found


def _wording(units: Sequence[str]) -> str:
    return " ".join(normalise_unit(u) for u in units)
