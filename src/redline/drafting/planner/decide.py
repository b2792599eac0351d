"""Write a theme, suggest it, or leave it out: whichever is expected to cost the clinician least.

With p the probability that the reply carries the theme and w, x, r the costs of writing, deleting and reading a unit:

    write       (1 - p) (r + x)     a sentence that is not wanted is read and deleted
    suggest     r                   the nudge is read, wanted or not
    leave out   p w                 a theme that is wanted is written by hand

A wanted sentence is read when the reply is sent, however it came about, so its reading is in none of the three.
"""

from __future__ import annotations

from typing import Protocol

from redline.drafting.contract import LEAVE_OUT, SUGGEST, WRITE

__all__ = ["UnitCosts", "costs", "decide", "threshold"]


class UnitCosts(Protocol):
    """What one unit costs to write, delete and read; `redline.scoring.EditCost` is one."""

    @property
    def write(self) -> float: ...

    @property
    def delete(self) -> float: ...

    @property
    def read(self) -> float: ...


def costs(p: float, cost: UnitCosts) -> dict[str, float]:
    """Expected cost of each decision, in units of writing where `cost.write` is 1.

    >>> from redline.scoring import EditCost
    >>> {name: round(value, 3) for name, value in costs(0.5, EditCost()).items()}
    {'leave_out': 0.5, 'suggest': 0.22, 'write': 0.16}
    """
    return {LEAVE_OUT: p * cost.write, SUGGEST: cost.read, WRITE: (1.0 - p) * (cost.read + cost.delete)}


def threshold(cost: UnitCosts) -> float:
    """p at which writing and leaving out cost the same: (r + x) / (r + x + w).

    >>> from redline.scoring import EditCost
    >>> round(threshold(EditCost()), 4)
    0.2424
    """
    once = cost.read + cost.delete
    return once / (once + cost.write)


def decide(p: float, low: float, high: float, cost: UnitCosts) -> str:
    """The decision of least expected cost, or *suggest* where clinicians disagree.

    `low` and `high` are the quartiles of the probability over clinicians who might be asked (for a clinician with
    past replies: over what is still possible of this one).  Where they lie on two sides of `threshold`, at least one in four
    would rather have the theme and one in four rather not, and no draft is right for both: a nudge is.  Of equal costs
    the one that puts less before the clinician is taken.

    At the default costs alone: leave out up to 0.22, write from 0.3125 on, suggest between.

    >>> from redline.scoring import EditCost
    >>> [decide(p, p, p, EditCost()) for p in (0.1, 0.25, 0.4)]
    ['leave_out', 'suggest', 'write']
    >>> decide(0.4, 0.1, 0.7, EditCost())
    'suggest'
    """
    if low < threshold(cost) < high:
        return SUGGEST
    expected = costs(p, cost)
    return min(expected, key=expected.__getitem__)
