"""What is compared with what: a draft (or what plays the draft) against one clinician's reply."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from redline.judging import Pair

__all__ = ["Comparison", "Kind"]


class Kind(StrEnum):
    """Why a row stands in the table."""

    SYSTEM = "system"
    FLOOR = "floor"  # what anybody gets for nothing
    CEILING = "ceiling"  # another clinician's reply plays the draft (IAP)
    OBSERVED = "observed"  # a draft against what its own reader made of it; never mixed with the others


@dataclass(frozen=True, slots=True)
class Comparison:
    """One draft against one reference reply; `cell` is the table row it counts for, `case` its cluster."""

    cell: str
    kind: Kind
    case: str
    clinician: str
    draft: tuple[str, ...]
    reference: tuple[str, ...]
    drafted_by: str | None = None

    @property
    def pair(self) -> Pair:
        """For the judge."""
        return Pair(f"{self.cell}|{self.case}|{self.clinician}", self.draft, self.reference)
