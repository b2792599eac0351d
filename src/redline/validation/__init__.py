"""Trust in the judge: validation against people, agreement between people, drift, and what to annotate next."""

from redline.validation.cards.card import JudgeCard, read_card, shipped_card
from redline.validation.cards.page import card_lines, render_card, write_card
from redline.validation.cards.settings import Settings
from redline.validation.figure import Figure, figure
from redline.validation.judge.validate import About, Asked, elsewhere, validate

__all__ = [
    "About",
    "Asked",
    "Figure",
    "JudgeCard",
    "Settings",
    "card_lines",
    "elsewhere",
    "figure",
    "read_card",
    "render_card",
    "shipped_card",
    "validate",
    "write_card",
]
