"""Which pairs to label next: the sample grown, where the judge knows least, with the probabilities that the whole then has."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair, PairToLabel
from redline.annotation.allocation import allocate
from redline.errors import UsageError
from redline.validation.label_plan.frame import LabelFrame
from redline.validation.label_plan.strata import Stratum, candidate, place_labels, strata_of

__all__ = ["Grown", "grow_sample"]

BANDS = (3, 2, 1)


@dataclass(frozen=True, slots=True)
class Grown:
    """`pairs`: those labelled so far, then the `new` ones, all with the probability that they have in the grown sample.

    `strata` are (system and stratum, its pairs, labelled before, labelled then).  `reason` says why other than the wanted
    number of pairs are new, and is empty where it is that number.
    """

    pairs: tuple[PairToLabel, ...]
    new: int
    strata: tuple[tuple[str, int, int, int], ...]
    reason: str = ""


def grow_sample(frame: LabelFrame, add: int, *, together: Sequence[str] = (), seed: int = 17) -> Grown:
    """Draw `add` more pairs; for a difference, of the same replies for all systems of `together`.

    Strata are a system by how much the judge doubts its pair (mean 4 p (1 - p) of a unit, in thirds), with `together` by its
    doubt of each system's pair of a reply.  Stratum h is to have n_h pairs of each system, in proportion to N_h sqrt(doubt)
    (Neyman's allocation: under calibration p (1 - p) is the expected squared residual of a unit), at least one, and never
    fewer than it has.  Every system's new pairs are drawn at random among its open ones, of replies first that
    are labelled for another system already, then of the same untouched replies for all.  So a new pair always completes a
    reply or stands beside new ones of the other systems: what is hard about the message then cancels in the difference.

    Every pair has the probability n_h / N_h, with the n_h of its own system, so the weights 1 / probability of a system's
    pairs add up to the number of its pairs (N_h in every stratum), whatever `add` is.  Weighted figures are unbiased where the
    earlier sample was drawn with equal probabilities within strata, as `redline annotate sample` does in the same bands: every
    reply of a stratum then had the same chance of each pattern of labels, and what is drawn now looks at nothing else.

    `UsageError` where `add` is below 1, or no reply is compared with all systems of `together`.
    """
    if add < 1:
        raise UsageError("--add is at least one pair")
    groups = [tuple(dict.fromkeys(together))] if together else [(name,) for name in frame.systems]
    places = place_labels(frame)
    asked = frame.weights > 0
    asked[[i for i in places if i is not None]] = True
    strata = _strata(frame, groups, asked, add)
    levels = _levels(strata, add)
    rng = np.random.default_rng([seed, 5])
    chance: dict[int, float] = {}
    drawn: list[int] = []
    counts = []
    for stratum, level in zip(strata, levels, strict=True):
        drawn += _drawn(stratum, level, rng)
        for s, (name, before) in enumerate(zip(stratum.systems, stratum.before, strict=True)):
            then = max(level, before)
            chance |= {int(row): then / stratum.size for row in stratum.rows[:, s]}
            counts.append((f"{name}|{stratum.name.partition('|')[2]}", stratum.size, before, then))
    old = [
        replace(_as_it_was(x), probability=x.probability if i is None else chance.get(i, x.probability))
        for x, i in zip(frame.labels, places, strict=True)
    ]
    new = sorted((_to_label(frame, row, chance[row]) for row in drawn), key=lambda x: x.id)
    return Grown((*old, *new), len(new), tuple(counts), _reason(strata, add, len(new)))


def _strata(frame: LabelFrame, groups: Sequence[tuple[str, ...]], asked: NDArray[np.bool_], add: int) -> list[Stratum]:
    """As many bands as leave two pairs of a system for each stratum on average."""
    for bands in BANDS:
        strata = strata_of(frame, groups, asked, bands)
        if not strata:
            raise UsageError("these systems have no reply that all of them are compared with")
        if 2 * len(strata) * len(groups[0]) <= add + sum(sum(s.before) for s in strata):
            break
    return strata


def _levels(strata: Sequence[Stratum], add: int) -> list[int]:
    """Pairs that each system is to have of each stratum: as few as come to `add` new ones."""
    weights, sizes, least = [s.weight for s in strata], [s.size for s in strata], _least(strata)

    def levels(total: int) -> list[int]:
        return allocate(weights, sizes, least, total)

    totals = range(sum(least), sum(sizes))
    enough = bisect_left(totals, add, key=lambda t: _cost(strata, levels(t)))
    return levels(sum(least) + enough)


def _least(strata: Sequence[Stratum]) -> list[int]:
    """What each system has of each stratum already, and a pair: without one a stratum would be in no weighted figure."""
    return [max(min(s.before), 1) for s in strata]


def _cost(strata: Sequence[Stratum], levels: Sequence[int]) -> int:
    return sum(s.cost(level) for s, level in zip(strata, levels, strict=True))


def _drawn(stratum: Stratum, level: int, rng: np.random.Generator) -> list[int]:
    """New rows of a stratum.  One order of the replies serves all systems: those with most labels first, else at random."""
    order = np.lexsort((rng.random(stratum.size), -stratum.asked.sum(axis=1)))
    rows: list[int] = []
    for s, before in enumerate(stratum.before):
        open_ = order[~stratum.asked[order, s]]
        rows += [int(i) for i in stratum.rows[open_[: max(level - before, 0)], s]]
    return rows


def _reason(strata: Sequence[Stratum], add: int, new: int) -> str:
    if new == add:
        return ""
    if new < add:
        return "there are no more"
    systems = len(strata[0].systems)
    of_each = f" of each of the {systems} systems" if systems > 1 else ""
    if new == _cost(strata, _least(strata)):
        return f"they are the fewest with which every stratum has a pair{of_each}"
    return f"a new reply takes a pair{of_each}"


def _as_it_was(label: AnnotatedPair) -> PairToLabel:
    return PairToLabel(label.id, label.case, label.draft, label.reference, label.draft_source, label.reference_source)


def _to_label(frame: LabelFrame, row: int, chance: float) -> PairToLabel:
    c = frame.found[row]
    return PairToLabel(
        f"p{candidate(frame, row).key[:12]}", c.case, c.draft, c.reference, c.cell, c.clinician, chance
    )  # fmt: skip
