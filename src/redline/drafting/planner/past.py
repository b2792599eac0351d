"""Past replies as what the planner learns from: which reply to which message by whom carried which themes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from redline.errors import UsageError
from redline.records import Case, Reply
from redline.units import unit_texts

__all__ = ["Labels", "Past", "Replies", "read_past"]

Labels = Callable[[Sequence[str]], Sequence[Collection[str]]]
"""Sentence units to the themes of each: a theme classifier."""


class Past(Protocol):
    """Cases and the replies to them; `redline.corpus.Corpus` is one."""

    @property
    def cases(self) -> tuple[Case, ...]: ...

    @property
    def replies(self) -> tuple[Reply, ...]: ...


@dataclass(frozen=True)
class Replies:
    """`cases` (distinct), `case` and `clinician` (replies,) as numbers, `clinicians` sorted, `present` (replies, themes)
    1 where the reply carries the theme.
    """

    cases: tuple[Case, ...]
    case: NDArray[np.intp]
    clinician: NDArray[np.intp]
    clinicians: tuple[str, ...]
    present: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.case)


def read_past(past: Past, themes: Sequence[str], label: Labels | None) -> Replies:
    """The independent replies of `past`; one that was edited out of a draft says what the draft carried, and stays out.

    A reply without theme labels is labelled by `label`; `UsageError` where there is none.
    """
    kept = [r for r in past.replies if r.started_from is None]
    known = {c.id: c for c in past.cases}
    lost = sorted({r.case for r in kept} - set(known))
    if lost:
        raise UsageError(f"{len(lost)} past replies answer cases that are not there, the first is {lost[0]!r}")
    without = sum(r.themes is None for r in kept)
    if without and label is None:
        raise UsageError(
            f"{without} of {len(kept)} past replies have no theme labels; give a theme classifier as `label`, or labelled replies"
        )
    found = [_themes(r, label) for r in kept]
    cases = tuple({r.case: known[r.case] for r in kept}.values())
    number = {c.id: i for i, c in enumerate(cases)}
    clinicians = tuple(sorted({r.clinician for r in kept}))
    return Replies(
        cases,
        np.asarray([number[r.case] for r in kept], dtype=np.intp),
        np.asarray([clinicians.index(r.clinician) for r in kept], dtype=np.intp),
        clinicians,
        np.asarray([[float(t in f) for t in themes] for f in found]).reshape(len(kept), len(themes)),
    )


def _themes(reply: Reply, label: Labels | None) -> frozenset[str]:
    themes: Sequence[Collection[str]] | None = reply.themes
    if themes is None and label is not None:
        units = reply.units if reply.units is not None else unit_texts(reply.text)
        themes = label(units) if units else ()
    return frozenset(t for unit in themes or () for t in unit)
