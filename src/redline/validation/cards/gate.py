"""What a judge card lets a run say: the standing of its judges, and whether it may be made at all."""

from __future__ import annotations

from pathlib import Path

from redline.errors import UsageError
from redline.judging import ContentJudge, ThemeJudge
from redline.scoring import Standing, Validity
from redline.validation.cards.card import read_card, shipped_card

__all__ = ["judge_validity", "refuse_unvalidated"]


def judge_validity(
    content: ContentJudge, themes: ThemeJudge, card: str | Path | None = None, *, bundled: bool = False
) -> Validity:
    """The standing of two judges by the card in `card` (a file or the folder of one).

    A card speaks for the data that it was made on, so without one a judge is unvalidated; only for the bundled corpus the
    shipped judge's own card is taken.  `InputError` where the card cannot be read.
    """
    if card is None and not bundled:
        return Validity()
    found = shipped_card() if card is None else read_card(card)
    return found.standing(content.signature, themes.signature)


def refuse_unvalidated(validity: Validity, *, labelled: bool) -> None:
    """Raise `UsageError` unless the judges may be relied on; `labelled` says whether figures are corrected by people's labels.

    The content judge must be valid here, or valid with correction and corrected.  A theme classifier that a card calls
    not valid is refused as well; one that no card speaks of is not, and every table says so.
    """
    why = "".join(f" {reason}" for reason in validity.reasons)
    if not validity.content.usable:
        raise UsageError(
            f"a judge card is required, and the content judge is {validity.content.value}.{why} Run `redline validate` with this "
            "judge on pairs of yours, and name its folder as the card."
        )
    if validity.content is Standing.CORRECTED and not labelled:
        raise UsageError(
            f"the judge card calls the content judge valid with correction, and there are no labels to correct with.{why} Name "
            "annotated pairs of this corpus (`redline annotate sample` draws them)."
        )
    if validity.themes is Standing.NOT_VALID:
        raise UsageError(f"a judge card is required, and it calls the theme classifier not valid.{why}")
