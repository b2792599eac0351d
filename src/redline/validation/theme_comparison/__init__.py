"""Themes of your clinicians beside the published ones and beside drafts, and whether the taxonomy needs revision."""

from redline.validation.theme_comparison.compare import ComparePlan, compare_themes
from redline.validation.theme_comparison.page import render_theme_comparison
from redline.validation.theme_comparison.result import ThemeComparison, Verdict
from redline.validation.theme_comparison.settings import RevisionRules
from redline.validation.theme_comparison.words import points as say_points
from redline.validation.theme_comparison.write import write_theme_comparison

__all__ = [
    "ComparePlan", "RevisionRules", "ThemeComparison", "Verdict", "compare_themes", "render_theme_comparison", "say_points",
    "write_theme_comparison",
]  # fmt: skip
