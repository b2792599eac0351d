"""The judge card: what people found about a judge on some data, in a file that a run can be held to."""

from __future__ import annotations

import hashlib
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from redline.errors import InputError, Problem
from redline.scoring import Standing, Validity
from redline.units import UNITS_VERSION
from redline.validation.cards.parts import ContentSection, Elsewhere, Material, Named, ThemeSection, Verdicts
from redline.validation.cards.settings import Settings

__all__ = ["CARD", "JudgeCard", "read_card", "shipped_card"]

CARD = "card.json"
_HINT = "A judge card is the card.json that `redline validate` writes; name it or its folder."


class JudgeCard(BaseModel):
    """`content` and `themes_level` hold the figures; `verdict` says in one word a level what they allow.

    A card speaks for the judge with the signature that it names, on units cut as it says, and for nobody else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    form: Literal["judge-card:1"] = "judge-card:1"
    redline: str
    made_on: str
    judge: Named
    themes: Named | None
    material: Material
    verdict: Verdicts
    content: ContentSection
    themes_level: ThemeSection | None
    elsewhere: tuple[Elsewhere, ...] = ()
    settings: Settings
    draws: int
    seed: int

    @property
    def digest(self) -> str:
        """Of everything in the card."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def text(self) -> str:
        """The file's content."""
        return self.model_dump_json(indent=1) + "\n"

    def standing(self, content_signature: str, theme_signature: str) -> Validity:
        """What this card says of a run with these judges; another signature than the card's is unvalidated.

        Reasons are whole sentences, those of the content judge first.
        """
        content, why = self._level("content judge", self.judge, content_signature, self.verdict.content)
        themes, why_themes = self._level("theme classifier", self.themes, theme_signature, self.verdict.themes)
        if content is not Standing.UNVALIDATED:
            why += self.content.verdict.reasons
        if themes is not Standing.UNVALIDATED and self.themes_level is not None:
            why_themes += self.themes_level.verdict.reasons
        return Validity(content, themes, self.digest, (*why, *why_themes))

    def _level(
        self, what: str, named: Named | None, signature: str, verdict: Standing
    ) -> tuple[Standing, tuple[str, ...]]:
        if named is None:
            return Standing.UNVALIDATED, (f"The card {self.digest} says nothing of a {what}.",)
        if named.signature != signature:
            return Standing.UNVALIDATED, (
                f"The card {self.digest} speaks for the {what} {named.signature}, this run uses {signature}.",
            )
        if named.units and named.units != UNITS_VERSION:
            return Standing.UNVALIDATED, (
                f"The card {self.digest} was made on units {named.units}, this run cuts texts by {UNITS_VERSION}.",
            )
        return verdict, ()


def read_card(path: str | Path) -> JudgeCard:
    """The card in a file, or the `card.json` of a folder.  `InputError` where there is none, or what is wrong with it."""
    path = Path(path)
    place = path / CARD if path.is_dir() else path
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read as text"
        raise InputError.single(str(place), why, hint=_HINT) from None
    try:
        return JudgeCard.model_validate_json(text)
    except ValidationError as error:
        problems = [
            Problem(str(place), None, ".".join(map(str, e["loc"])) or None, _wrong(e["type"], e["msg"]))
            for e in error.errors(include_url=False, include_input=False)
        ]
        raise InputError(problems, hint=_HINT) from None


def _wrong(kind: str, message: str) -> str:
    return "is missing" if kind == "missing" else f"is no part of a judge card: {message}"


def shipped_card() -> JudgeCard:
    """The card of the encoder that ships with the package, made on the bundled test split."""
    with as_file(files("redline") / "resources" / "encoder" / "judge-card.json") as path:
        return read_card(path)
