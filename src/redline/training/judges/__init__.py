"""What a language-model judge and a theme classifier learn from, and how well they have learned it.  No torch here."""

from redline.training.judges.bundled import bundled_pairs, bundled_themes, refuse_test_split, themed_replies
from redline.training.judges.figures import JudgeQuality, ThemeQuality
from redline.training.judges.held_out import judge_quality, theme_quality
from redline.training.judges.material import Material, judge_sets, prepare, theme_sets
from redline.training.judges.sample import PAPER_PAIRS, Sample, sample

__all__ = [
    "PAPER_PAIRS", "JudgeQuality", "Material", "Sample", "ThemeQuality",
    "bundled_pairs", "bundled_themes", "judge_quality", "judge_sets", "prepare", "refuse_test_split",
    "sample", "theme_quality", "theme_sets", "themed_replies",
]  # fmt: skip
