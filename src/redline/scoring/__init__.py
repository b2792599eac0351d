"""Verdicts to edit load: scores at two levels, floors and ceiling, cost model, intervals and findings."""

from redline.scoring.comparison import Comparison, Kind
from redline.scoring.corrected import CorrectedTable, TableCorrection, corrected_table
from redline.scoring.cost import EditCost
from redline.scoring.findings import Finding, find
from redline.scoring.layout import Layout
from redline.scoring.loads import Judged, content_load, statistics, theme_load, theme_set, theme_unknown, unjudged
from redline.scoring.measures import Measures
from redline.scoring.paired import TableContrast
from redline.scoring.readability import reading_grade, word_count
from redline.scoring.rows import BOILERPLATE, CEILING, EMPTY, Rows, comparisons, observed_comparisons
from redline.scoring.run import Judges, judge_comparisons, judge_pairs
from redline.scoring.score import Plan, Scored, check_themes, clinician_matrix, score_corpus
from redline.scoring.signature import Signature
from redline.scoring.table import Cell, ScoreTable, make_table
from redline.scoring.validity import Standing, Validity

__all__ = [
    "BOILERPLATE",
    "CEILING",
    "EMPTY",
    "Cell",
    "Comparison",
    "CorrectedTable",
    "EditCost",
    "Finding",
    "Judged",
    "Judges",
    "Kind",
    "Layout",
    "Measures",
    "Plan",
    "Rows",
    "ScoreTable",
    "Scored",
    "Signature",
    "Standing",
    "TableContrast",
    "TableCorrection",
    "Validity",
    "check_themes",
    "clinician_matrix",
    "comparisons",
    "content_load",
    "corrected_table",
    "find",
    "judge_comparisons",
    "judge_pairs",
    "make_table",
    "observed_comparisons",
    "reading_grade",
    "score_corpus",
    "statistics",
    "theme_load",
    "theme_set",
    "theme_unknown",
    "unjudged",
    "word_count",
]
