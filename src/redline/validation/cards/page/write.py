"""A card as a folder: `card.json` for programs, `card.html` for people."""

from __future__ import annotations

from pathlib import Path

from redline.files import write_text
from redline.taxonomy import Taxonomy
from redline.validation.cards.card import CARD, JudgeCard
from redline.validation.cards.page.page import render_card

__all__ = ["write_card"]


def write_card(card: JudgeCard, folder: str | Path, taxonomy: Taxonomy | None = None) -> None:
    """Write both files, each whole or not at all; the page first, so that a card is never without it.

    `taxonomy` names the themes on the page.
    """
    page = render_card(card, taxonomy)
    write_text(Path(folder) / "card.html", page)
    write_text(Path(folder) / CARD, card.text())
