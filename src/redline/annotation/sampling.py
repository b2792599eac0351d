"""A stratified set of comparisons for people to label, each with the exact probability that it was drawn with."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from redline.annotation.allocation import allocate, cap_messages
from redline.annotation.pivotal import fight
from redline.annotation.to_label import PairToLabel
from redline.errors import UsageError, did_you_mean
from redline.records import ThemeVerdict, Verdict, digest
from redline.taxonomy import Taxonomy

__all__ = ["ALLOCATIONS", "Candidate", "Design", "Sample", "draw_sample", "main_theme", "uncertainty"]

ALLOCATIONS = ("neyman", "proportional", "root")
BANDS = {1: ("all",), 2: ("surer", "less sure"), 3: ("sure", "between", "unsure")}
SHOWN = 8
"""Most systems that a note names."""
SUREST = 0.04
"""Least uncertainty that a stratum is taken to have (p = 0.01 or 0.99): a judge may be sure and wrong."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comparison that may be drawn: its texts, where they come from, and what it is stratified by.

    `group` is the system (or what else its pairs are counted by), `uncertainty` the judge's, `theme` the main one.
    """

    case: str
    group: str
    draft_source: str
    reference_source: str
    draft: tuple[str, ...]
    reference: tuple[str, ...]
    uncertainty: float = 0.0
    theme: str = ""

    @property
    def length(self) -> int:
        """Units of both sides: what labelling it costs."""
        return len(self.draft) + len(self.reference)

    @property
    def key(self) -> str:
        """Digest of everything but the judge's view: what order and ids are made of."""
        return digest([self.case, self.draft_source, self.reference_source, list(self.draft), list(self.reference)])


@dataclass(frozen=True, slots=True)
class Design:
    """How many pairs, shared out how, at least how many of each group, at most how many of a message."""

    pairs: int = 50
    allocation: str = "neyman"
    least: int = 5
    per_message: int | None = None
    seed: int = 17

    def __post_init__(self) -> None:
        if self.allocation not in ALLOCATIONS:
            raise UsageError(
                f"there is no allocation {self.allocation!r}; {did_you_mean(self.allocation, ALLOCATIONS, 'known')}"
            )
        if self.pairs < 1 or self.least < 0 or (self.per_message is not None and self.per_message < 1):
            raise UsageError("a sample has at least one pair, and a message gives at least one")


@dataclass(frozen=True, slots=True)
class Sample:
    """The drawn pairs in an order that tells nothing, and how they were drawn.

    `strata` are (stratum, population, drawn); `notes` say in words where the design could not be kept as asked.
    """

    pairs: tuple[PairToLabel, ...]
    strata: tuple[tuple[str, int, int], ...]
    themes: tuple[tuple[str, int, int], ...]
    population: int
    notes: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """For a file beside the pairs."""
        names = ("population", "drawn")
        return {
            "drawn": len(self.pairs), "population": self.population, "notes": list(self.notes),
            "strata": {name: dict(zip(names, counts, strict=True)) for name, *counts in self.strata},
            "themes": {name: dict(zip(names, counts, strict=True)) for name, *counts in self.themes},
        }  # fmt: skip


def uncertainty(verdicts: Sequence[Verdict]) -> float:
    """Mean of 4 p (1 - p) over units: 0 where the judge is sure of all, 1 where it knows nothing or failed.

    p (1 - p) is the variance of the judge's error in a unit, if its probabilities are calibrated.

    >>> from redline.records import Status
    >>> uncertainty([Verdict(Status.OK, 0.5, True), Verdict(Status.OK, 1.0, True), Verdict(Status.TIMEOUT), Verdict(Status.OK, 0.0, False)])
    0.5
    """  # noqa: E501
    each = [1.0 if v.p_edit is None else 4 * v.p_edit * (1 - v.p_edit) for v in verdicts]
    return sum(each) / len(each) if each else 0.0


def main_theme(verdicts: Sequence[ThemeVerdict], taxonomy: Taxonomy) -> str:
    """The theme of most units, the first of the taxonomy among equals; the residual one only where there is no other."""
    counts = Counter(key for v in verdicts for key in v.themes if key in taxonomy)
    named = {k: n for k, n in counts.items() if k != taxonomy.residual}
    if not named:
        return taxonomy.residual
    most = max(named.values())
    return taxonomy.order(k for k, n in named.items() if n == most)[0]


def draw_sample(candidates: Sequence[Candidate], design: Design) -> Sample:
    """Draw pairs: strata of group and judge uncertainty, spread over main theme and length within each.

    A stratum h of N_h pairs gives n_h of them, so each of its pairs has the probability n_h / N_h > 0, and a total over all
    pairs is estimated without bias by the sum over the drawn ones of value / probability (Horvitz and Thompson 1952).
    `neyman` makes n_h proportional to N_h sqrt(mean uncertainty of a unit): Neyman's allocation with costs in
    proportion to units (Cochran 1977, 5.5); `proportional` to N_h; `root` to sqrt(N_h).  Within a stratum the pairs are sorted by
    main theme and length and drawn by the pivotal method, so that near ones are seldom drawn together.  With `per_message`
    the pairs of a message fight first; then a stratum's number varies around its expectation.

    Deterministic by seed, whatever the order of the candidates.  Pairs without any unit are left out.
    """
    known = _numbered([c for c in candidates if c.length])
    if not known:
        raise UsageError(
            "there is no comparison to draw: the corpus has no draft with a reply, or the options leave none"
        )
    notes = [] if len(known) == len(candidates) else [f"{len(candidates) - len(known)} pairs without any unit left out"]
    wanted, strata = _wanted(known, design, notes)
    labels = [""] * len(known)
    for name, places in strata.items():
        for i in places:
            labels[i] = name
    chances = _chances(known, strata, wanted, design)
    drawn = _drawn(known, strata, chances, design)
    notes += _below_least(known, drawn, design) if list(strata) != ["all"] else []
    pairs = tuple(
        PairToLabel(id_, c.case, c.draft, c.reference, c.draft_source, c.reference_source, float(chances[i]), labels[i])
        for i, (id_, c) in enumerate(known)
        if i in drawn
    )
    return Sample(
        pairs, _counted(labels, drawn, list(strata)), _counted([c.theme for _, c in known], drawn), len(known), tuple(notes)
    )  # fmt: skip


def _below_least(known: list[tuple[str, Candidate]], drawn: set[int], design: Design) -> list[str]:
    """Where a group gives fewer pairs than asked for: too few are drawn, or it has no more, or messages are limited."""
    sizes = Counter(c.group for _, c in known)
    counts = Counter(known[i][1].group for i in drawn)
    short = {g: counts[g] for g in sorted(sizes) if counts[g] < design.least}
    if not short or len(drawn) == len(known):
        return []
    got = ", ".join(f"{group} {count:,}" for group, count in list(short.items())[:SHOWN])
    got += f" and {len(short) - SHOWN:,} more" if len(short) > SHOWN else ""
    needed = sum(min(design.least, size) for size in sizes.values())
    if needed > len(drawn):
        number = f"{len(sizes):,} systems" if len(sizes) > 1 else "1 system"
        return [f"--at-least {design.least:,} for {number} needs {needed:,} pairs; {len(drawn):,} are drawn: {got}"]
    if all(counts[g] == sizes[g] for g in short):
        return [f"fewer pairs than --at-least {design.least:,} there are of: {got}"]
    return [f"with at most {design.per_message} pairs a message, fewer than --at-least {design.least:,} of: {got}"]


def _numbered(candidates: Sequence[Candidate]) -> list[tuple[str, Candidate]]:
    """(id, candidate), sorted by id: a digest, so the order says nothing about a pair, and a pair has one id in all samples."""
    seen: Counter[str] = Counter()
    found = []
    for key, c in sorted(((c.key, c) for c in candidates), key=lambda x: (x[0], x[1].group)):
        seen[key] += 1
        found.append((f"p{key[:12]}" + (f"-{seen[key]}" if seen[key] > 1 else ""), c))
    return found


def _wanted(known: list[tuple[str, Candidate]], design: Design, notes: list[str]) -> tuple[int, dict[str, list[int]]]:
    """How many pairs to draw, and the strata."""
    room = len(known)
    if design.per_message is not None:
        sizes = Counter(c.case for _, c in known)
        room = sum(min(design.per_message, n) for n in sizes.values())
    wanted = min(design.pairs, room)
    if wanted < design.pairs:
        limit = "" if room == len(known) else f" with at most {design.per_message} a message"
        every = ": all of them, each with probability 1" if room == len(known) else ""
        notes.append(f"{design.pairs:,} pairs were asked for, there are {room:,}{limit}{every}")
    strata = _strata(known, wanted)
    if list(strata) == ["all"] and len({c.group for _, c in known}) > 1:
        notes.append("fewer pairs than systems: one stratum, and not every system can be drawn")
    return wanted, strata


def _strata(known: list[tuple[str, Candidate]], wanted: int) -> dict[str, list[int]]:
    """Name to places: each group in as many bands of uncertainty as leave two pairs a stratum."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, (_, c) in enumerate(known):
        groups[c.group].append(i)
    if len(groups) > wanted:
        return {"all": list(range(len(known)))}
    bands = next(b for b in (3, 2, 1) if b == 1 or 2 * b * len(groups) <= wanted)
    strata: dict[str, list[int]] = {}
    for group, places in sorted(groups.items()):
        found = sorted(places, key=lambda i: (known[i][1].uncertainty, known[i][0]))
        flat = known[found[0]][1].uncertainty == known[found[-1]][1].uncertainty
        names = BANDS[1 if flat or len(found) < 2 * bands else bands]
        for name, part in zip(names, np.array_split(np.array(found), len(names)), strict=True):
            strata[f"{group}|{name}"] = [int(i) for i in part]
    return strata


def _chances(
    known: list[tuple[str, Candidate]], strata: dict[str, list[int]], wanted: int, design: Design
) -> list[Fraction]:  # fmt: skip
    """The inclusion probability of every pair."""
    places = list(strata.values())
    sizes = [len(p) for p in places]
    weights = [_weight([known[i][1] for i in p], design.allocation) for p in places]
    least = [1] * len(places)
    groups: dict[str, list[int]] = defaultdict(list)
    for h, name in enumerate(strata):
        groups[name.rpartition("|")[0]].append(h)
    goal = _kept([sum(sizes[h] for h in members) for members in groups.values()], design.least, wanted)
    for members in groups.values():
        part = allocate([weights[h] for h in members], [sizes[h] for h in members], [1] * len(members), goal)
        for h, n in zip(members, part, strict=True):
            least[h] = n
    given = allocate(weights, sizes, least, wanted)
    chances = [Fraction()] * len(known)
    for p, n in zip(places, given, strict=True):
        for i in p:
            chances[i] = Fraction(n, len(p))
    if design.per_message is None:
        return chances
    messages: dict[str, list[int]] = defaultdict(list)
    for i, (_, c) in enumerate(known):
        messages[c.case].append(i)
    return cap_messages(chances, list(messages.values()), design.per_message)


def _kept(sizes: Sequence[int], least: int, wanted: int) -> int:
    """The largest number up to `least` that every group can give, or all that it has, within `wanted`."""
    return next(
        goal for goal in range(min(least, max(sizes)), -1, -1) if sum(min(goal, size) for size in sizes) <= wanted
    )


def _weight(members: Sequence[Candidate], allocation: str) -> float:
    if allocation == "proportional":
        return float(len(members))
    if allocation == "root":
        return math.sqrt(len(members))
    units = sum(c.length for c in members)
    mean = sum(c.uncertainty * c.length for c in members) / units
    return len(members) * math.sqrt(max(mean, SUREST))


def _drawn(
    known: list[tuple[str, Candidate]], strata: dict[str, list[int]], chances: Sequence[Fraction], design: Design
) -> set[int]:  # fmt: skip
    """Places of the drawn pairs."""
    whole = math.lcm(*(c.denominator for c in set(chances)))
    weights = [c.numerator * (whole // c.denominator) for c in chances]
    random_ = random.Random(f"redline annotate sample:{design.seed}")
    order = [i for places in strata.values() for i in _spread(places, known, random_)]
    if design.per_message is not None:
        messages: dict[str, list[int]] = defaultdict(list)
        for i in order:
            messages[known[i][1].case].append(i)
        for places in messages.values():
            fight(places, weights, whole, random_)
    fight(order, weights, whole, random_)
    return {i for i, w in enumerate(weights) if w == whole}


def _spread(places: Sequence[int], known: list[tuple[str, Candidate]], random_: random.Random) -> list[int]:
    """Sorted by main theme, within a theme by length, up and down in turns: neighbours are alike."""
    shuffled = random_.sample(list(places), len(places))
    themes = {theme: n for n, theme in enumerate(sorted({known[i][1].theme for i in places}))}
    sign = {theme: 1 - 2 * (n % 2) for theme, n in themes.items()}

    def key(i: int) -> tuple[int, int]:
        c = known[i][1]
        return themes[c.theme], sign[c.theme] * c.length

    return sorted(shuffled, key=key)


def _counted(
    labels: Sequence[str], drawn: set[int], names: Sequence[str] | None = None
) -> tuple[tuple[str, int, int], ...]:
    all_, taken = Counter(labels), Counter(labels[i] for i in drawn)
    return tuple((name, all_[name], taken[name]) for name in (names or sorted(all_)))
