"""Which pairs to label next: the sample grown, where the judge knows least, with the probabilities that the whole then has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair, Candidate, PairToLabel, pair_digest, uncertainty
from redline.annotation.allocation import allocate
from redline.annotation.sampling import SUREST
from redline.errors import UsageError
from redline.validation.label_plan.frame import LabelFrame

__all__ = ["Grown", "grow_sample"]

BANDS = 3


@dataclass(frozen=True, slots=True)
class Grown:
    """`pairs`: those labelled so far, then the new ones, all with the probability that they have in the grown sample.

    `strata` are (stratum, population, labelled before, labelled then), counted in replies where systems are drawn together.
    """

    pairs: tuple[PairToLabel, ...]
    new: int
    strata: tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is drawn at once: a comparison, or one of every system for one reply; `rows` of the frame."""

    group: str
    rows: tuple[int, ...]
    doubt: float
    size: int
    done: bool


def grow_sample(
    frame: LabelFrame, add: int, *, together: Sequence[str] = (), only: Sequence[str] = (), seed: int = 17
) -> Grown:  # fmt: skip
    """Draw about `add` more pairs (whole replies where the systems of `together` are drawn with each other).

    Strata are a system by how much the judge doubts (mean 4 p (1 - p) of a unit).  Stratum h gets n_h of the grown sample in
    proportion to N_h sqrt(doubt), never fewer than it has (Neyman's allocation: under calibration p (1 - p) is the expected
    squared residual of a unit).  The new ones are drawn at random within each; every pair of the stratum then has the
    probability n_h / N_h.  That is exact where the earlier sample was drawn with equal probabilities within strata, as
    `redline annotate sample` does up to the bounds of its bands, and near it for any that did not look at people's decisions.

    For a difference label the same replies for both systems: what the message adds to both then cancels.
    """
    if add < 1:
        raise UsageError("--add is at least one pair")
    units = _replies(frame, together) if together else _comparisons(frame, only)
    strata = _strata(units)
    places = list(strata.values())
    done = [sum(units[i].done for i in p) for p in places]
    each = max(len(set(together)), 1)
    total = min(sum(done) + -(-add // each), len(units))
    wanted = allocate([_weight([units[i] for i in p]) for p in places], [len(p) for p in places], done, total)
    rng = np.random.default_rng([seed, 5])
    chance: dict[int, float] = {}
    drawn: list[int] = []
    for p, before, after in zip(places, done, wanted, strict=True):
        open_ = np.array([i for i in p if not units[i].done], dtype=np.intp)
        drawn += [row for i in _some(open_, after - before, rng) for row in units[i].rows]
        chance |= {row: after / len(p) for i in p for row in units[i].rows}
    old = _labelled(frame, chance)
    new = sorted((_to_label(frame, row, chance[row]) for row in drawn if not frame.weights[row]), key=lambda x: x.id)
    counts = tuple((name, len(p), b, a) for (name, p), b, a in zip(strata.items(), done, wanted, strict=True))
    return Grown((*old, *new), len(new), counts)


def _comparisons(frame: LabelFrame, only: Sequence[str]) -> list[_Unit]:
    return [
        _Unit(c.cell, (i,), _doubt(frame, (i,)), len(c.draft) + len(c.reference), bool(frame.weights[i] > 0))
        for i, c in enumerate(frame.found)
        if not only or c.cell in only
    ]


def _replies(frame: LabelFrame, systems: Sequence[str]) -> list[_Unit]:
    units = []
    for found in frame.shared(systems):
        rows = tuple(found[name] for name in dict.fromkeys(systems))
        size = sum(len(frame.found[i].draft) + len(frame.found[i].reference) for i in rows)
        units.append(_Unit("together", rows, _doubt(frame, rows), size, bool((frame.weights[list(rows)] > 0).all())))
    if not units:
        raise UsageError("these systems have no reply that all of them are compared with")
    return units


def _doubt(frame: LabelFrame, rows: Sequence[int]) -> float:
    return uncertainty([v for i in rows for side in frame.verdicts[i] for v in side])


def _strata(units: Sequence[_Unit]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(units):
        groups[unit.group].append(i)
    strata = {}
    for group, places in sorted(groups.items()):
        ordered = sorted(places, key=lambda i: (units[i].doubt, i))
        for number, part in enumerate(np.array_split(np.array(ordered), min(BANDS, len(ordered))), start=1):
            strata[f"{group}|doubt {number} of {BANDS}"] = [int(i) for i in part]
    return strata


def _weight(units: Sequence[_Unit]) -> float:
    size = sum(u.size for u in units)
    return len(units) * float(np.sqrt(max(sum(u.doubt * u.size for u in units) / size, SUREST)))


def _some(places: NDArray[np.intp], count: int, rng: np.random.Generator) -> list[int]:
    return sorted(int(i) for i in rng.choice(places, count, replace=False)) if count > 0 else []


def _labelled(frame: LabelFrame, chance: dict[int, float]) -> list[PairToLabel]:
    """The labelled pairs as their file had them, with their new probability; those of no stratum keep theirs, because the
    annotators' logs are about all of them.
    """
    texts: dict[tuple[str, str], float] = {}
    for row, p in chance.items():
        if frame.weights[row] > 0:
            c = frame.found[row]
            texts[c.case, pair_digest(c.draft, c.reference)] = p
    found = []
    for label in frame.labels:
        then = texts.get((label.case, pair_digest(label.draft, label.reference)), label.probability)
        found.append(replace(_as_it_was(label), probability=then))
    return found


def _as_it_was(label: AnnotatedPair) -> PairToLabel:
    return PairToLabel(label.id, label.case, label.draft, label.reference, label.draft_source, label.reference_source)


def _to_label(frame: LabelFrame, row: int, chance: float) -> PairToLabel:
    c = frame.found[row]
    key = Candidate(c.case, c.cell, c.cell, c.clinician, c.draft, c.reference).key
    return PairToLabel(f"p{key[:12]}", c.case, c.draft, c.reference, c.cell, c.clinician, chance)
