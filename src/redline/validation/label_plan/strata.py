"""What the next pairs are drawn from: strata by the judge's doubt, of replies whose pairs are drawn with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair, Candidate, pair_digest, uncertainty
from redline.annotation.sampling import SUREST
from redline.validation.label_plan.frame import LabelFrame

__all__ = ["Stratum", "candidate", "place_labels", "strata_of"]

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Replies alike in the judge's doubt about each of `systems`: `rows` (replies, systems) of the frame, those `asked` before.

    `weight` is N sqrt(doubt): the standard deviation of the stratum's total, if the judge is calibrated.
    """

    name: str
    systems: tuple[str, ...]
    rows: Places
    asked: NDArray[np.bool_]
    weight: float

    @property
    def size(self) -> int:
        """Replies, which is also pairs of each system."""
        return len(self.rows)

    @property
    def before(self) -> tuple[int, ...]:
        """Pairs of each system that were asked before."""
        return tuple(int(n) for n in self.asked.sum(axis=0))

    def cost(self, level: int) -> int:
        """New pairs that bring every system to `level` pairs."""
        return sum(max(level - n, 0) for n in self.before)


def strata_of(
    frame: LabelFrame, groups: Sequence[tuple[str, ...]], asked: NDArray[np.bool_], bands: int
) -> list[Stratum]:
    """Each group's replies, by the band of doubt of its first system, of its second, and so on.

    Bands are those of `redline annotate sample`: each a third (with `bands` 3) of **all** pairs of a system, so that pairs of
    one stratum were in one stratum of that sample as well, and had the same chance in it.
    """
    found = []
    for systems in groups:
        band = {name: _bands(frame, name, bands) for name in systems}
        cells: dict[tuple[str, ...], list[list[int]]] = defaultdict(list)
        for rows in _replies(frame, systems):
            cells[tuple(band[name][row] for name, row in zip(systems, rows, strict=True))].append(rows)
        for cell, members in sorted(cells.items()):
            places = np.array(members, dtype=np.intp)
            name = f"{' and '.join(systems)}|doubt {', '.join(cell)}"
            found.append(Stratum(name, systems, places, asked[places], _weight(frame, places)))
    return found


def place_labels(frame: LabelFrame) -> list[int | None]:
    """The row of each label of the frame, None where it has none: that of its texts and of its sources, where it names them."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    cases = {label.case for label in frame.labels}
    for i, c in enumerate(frame.found):
        if c.case in cases:
            rows[c.case, pair_digest(c.draft, c.reference)].append(i)
    return [_place(frame, x, rows.get((x.case, pair_digest(x.draft, x.reference)), [])) for x in frame.labels]


def _replies(frame: LabelFrame, systems: tuple[str, ...]) -> list[list[int]]:
    if len(systems) == 1:
        return [[int(row)] for row in frame.rows_of(systems[0])]
    return [[reply[name] for name in systems] for reply in frame.shared(systems)]


def _place(frame: LabelFrame, label: AnnotatedPair, rows: Sequence[int]) -> int | None:
    found = frame.found
    mine = [i for i in rows if label.draft_source in (found[i].cell, found[i].drafted_by)]
    if (
        not mine and label.draft_source not in frame.systems
    ):  # a system under another name, or none: it serves these texts
        mine = [i for i in rows if frame.weights[i] > 0]
    exact = [i for i in mine if found[i].clinician == label.reference_source]
    return next(iter(exact or mine), None)


def candidate(frame: LabelFrame, row: int) -> Candidate:
    """A row as `redline annotate sample` sees it: the same key gives the same id and the same order among equals."""
    c = frame.found[row]
    return Candidate(c.case, c.cell, c.cell, c.clinician, c.draft, c.reference)


def _bands(frame: LabelFrame, system: str, count: int) -> dict[int, str]:
    """Row to band, from the surest to the least sure; one band where the judge doubts all alike."""
    doubt = {int(i): _doubt(frame, [int(i)]) for i in frame.rows_of(system)}
    ordered = sorted(doubt, key=lambda i: (doubt[i], candidate(frame, i).key))
    if not ordered or doubt[ordered[0]] == doubt[ordered[-1]] or len(ordered) < 2 * count:
        count = 1
    parts = np.array_split(np.array(ordered), count)
    return {int(i): f"{number} of {count}" for number, part in enumerate(parts, start=1) for i in part}


def _doubt(frame: LabelFrame, rows: Sequence[int]) -> float:
    return uncertainty([v for i in rows for side in frame.verdicts[i] for v in side])


def _weight(frame: LabelFrame, places: Places) -> float:
    return len(places) * float(np.sqrt(max(_doubt(frame, [int(i) for i in places.ravel()]), SUREST)))
