"""What is known about the judge behind a number: the standing that a judge card gives it, or none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Standing", "Validity"]


class Standing(StrEnum):
    """Whether people have checked this judge on such data, and what they found."""

    VALID = "valid here"
    CORRECTED = "valid with correction"
    NOT_VALID = "not valid"
    UNVALIDATED = "unvalidated"

    @property
    def usable(self) -> bool:
        """Whether figures of this judge may be relied on, corrected or not.

        >>> [s.value for s in Standing if s.usable]
        ['valid here', 'valid with correction']
        """
        return self in (Standing.VALID, Standing.CORRECTED)


@dataclass(frozen=True, slots=True)
class Validity:
    """Standing of the content judge and of the theme classifier by the card `card` (its digest), and why.

    A card speaks for the judge with its very signature; any other judge is unvalidated whatever the card says.
    """

    content: Standing = Standing.UNVALIDATED
    themes: Standing = Standing.UNVALIDATED
    card: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def speaking(self) -> str | None:
        """The card where it speaks for the content judge: what a signature names.

        >>> Validity(Standing.UNVALIDATED, card="abc").speaking is None, Validity(Standing.NOT_VALID, card="abc").speaking
        (True, 'abc')
        """
        return None if self.content is Standing.UNVALIDATED else self.card

    @property
    def caution(self) -> str:
        """What to say above sentences that go by the judge alone; nothing where it is valid here.

        >>> Validity(Standing.CORRECTED).caution
        'Sentences that do not say corrected go by the judge alone, which is valid with correction.'
        """
        if self.content is Standing.VALID:
            return ""
        return f"Sentences that do not say corrected go by the judge alone, which is {self.content}."
