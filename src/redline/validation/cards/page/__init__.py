"""The page of a judge card: one self-contained file, in the look of the report."""

from redline.validation.cards.page.lines import card_lines, place_words, summary
from redline.validation.cards.page.page import render_card
from redline.validation.cards.page.write import write_card

__all__ = ["card_lines", "place_words", "render_card", "summary", "write_card"]
