"""What a draft saves: the reading-cost model.

Edit-F1 compares with deleting the whole draft and retyping the whole reply.  The honest baseline is writing
from scratch, and reading has a cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from redline.errors import UsageError
from redline.records import EditLoad

__all__ = ["EditCost"]


@dataclass(frozen=True, slots=True)
class EditCost:
    """Costs per unit, in writing one unit = 1.

    `read` is typing speed over reading speed, 52 over 238 words a minute (Dhakal et al. 2018; Brysbaert 2019);
    `delete` is our assumption.  Both are printed beside every figure made from them, and can be set.
    """

    write: float = 1.0
    delete: float = 0.1
    read: float = 0.22

    def __post_init__(self) -> None:
        known = all(map(math.isfinite, (self.write, self.delete, self.read)))
        if not known or self.write <= 0 or self.delete < 0 or self.read < 0:
            raise UsageError(
                "costs are numbers, positive (write) or not negative (delete, read); got "
                f"{self.write:g}, {self.delete:g}, {self.read:g}"
            )

    @property
    def break_even(self) -> float:
        """Precision above which a draft pays: (delete + read) / (delete + write).

        >>> round(EditCost().break_even, 3)
        0.291
        """
        return (self.delete + self.read) / (self.delete + self.write)

    def saved(self, load: EditLoad) -> float:
        """Units of writing saved: carried reference units, less reading the draft and deleting what goes.

        >>> round(EditCost().saved(EditLoad(draft_units=8, deletions=6, reference_units=4, additions=3)), 2)
        -1.36
        """
        carried = load.reference_units - load.additions
        return carried - (self.read * load.draft_units + self.delete * load.deletions) / self.write
