"""Agreement between clinicians (IAP) and between annotators, whose disagreement it is, and what adaptation could gain."""

from redline.validation.agree.page import render_agreement
from redline.validation.agree.reply_themes import ThemeLabels
from redline.validation.agree.result import Agreement
from redline.validation.agree.run import AgreePlan, agree, reply_comparisons
from redline.validation.agree.words import shown as say_figure
from redline.validation.agree.write import write_agreement

__all__ = [
    "AgreePlan", "Agreement", "ThemeLabels", "agree", "render_agreement", "reply_comparisons", "say_figure", "write_agreement",
]  # fmt: skip
