"""What people are asked to label: pairs and texts before anybody decided about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from redline.judging import Pair
from redline.judging.human import pair_digest
from redline.records import digest
from redline.units import normalise_unit

__all__ = ["PairToLabel", "TextToLabel", "texts_of"]


@dataclass(frozen=True, slots=True)
class PairToLabel:
    """A draft and a reference as units.  `probability` is the one with which it was drawn, `stratum` from what.

    An annotator is shown the texts alone: sources, stratum and probability would tell whose draft it is.
    """

    id: str
    case: str
    draft: tuple[str, ...]
    reference: tuple[str, ...]
    draft_source: str = ""
    reference_source: str = ""
    probability: float | None = None
    stratum: str = ""

    @property
    def pair(self) -> Pair:
        """As judges take it."""
        return Pair(self.id, self.draft, self.reference)

    @property
    def digest(self) -> str:
        """What a decision about this pair is made on (`pair_digest`)."""
        return pair_digest(self.draft, self.reference)

    def sides(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(name, units) of each side, in the order of the questions."""
        return ("draft", self.draft), ("reference", self.reference)

    def row(self) -> dict[str, Any]:
        """A line of the corpus' `pairs_*` form."""
        found: dict[str, Any] = {
            "id": self.id, "case": self.case, "draft": list(self.draft), "reference": list(self.reference),
            "draft_source": self.draft_source, "reference_source": self.reference_source,
            "probability": self.probability, "stratum": self.stratum, "digest": self.digest,
        }  # fmt: skip
        return {k: v for k, v in found.items() if v not in ("", None)}


@dataclass(frozen=True, slots=True)
class TextToLabel:
    """A text whose sentences get themes."""

    id: str
    case: str
    units: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What a label of this text is made on: digest of its units in normal form."""
        return digest([normalise_unit(u) for u in self.units])

    def sides(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(name, units) of its only side."""
        return (("text", self.units),)

    def row(self) -> dict[str, Any]:
        """A line of the corpus' `theme_texts` form."""
        return {"text_id": self.id, "case": self.case, "sentences": list(self.units)}


def texts_of(pairs: Iterable[PairToLabel]) -> list[TextToLabel]:
    """The distinct drafts and replies of `pairs` under the corpus' ids: `case:clinician`, or `case:model:strategy`.

    Two texts under one id (a system's drafts for two clinicians) are numbered.  In the order of a digest, so that neither the
    order nor a neighbour says whose a text is.  A text has no probability of its own: it is there when any of its pairs is.
    """
    found: dict[str, TextToLabel] = {}
    for pair in pairs:
        for source, units in ((pair.draft_source, pair.draft), (pair.reference_source, pair.reference)):
            base = id_ = f"{pair.case}:{source.replace('/', ':')}"
            number = 1
            while id_ in found and found[id_].units != units:
                number += 1
                id_ = f"{base}#{number}"
            if units:
                found[id_] = TextToLabel(id_, pair.case, units)
    return sorted(found.values(), key=lambda t: (t.digest, t.id))
