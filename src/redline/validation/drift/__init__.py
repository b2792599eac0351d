"""The newest annotations against a judge card, by a sequential test."""

from redline.validation.drift.dates import corpus_dates, dates_of
from redline.validation.drift.form import DriftLevel, DriftReport, State
from redline.validation.drift.run import Checked, Newest, card_figures, check_drift, check_theme_drift, run_drift
from redline.validation.drift.sequence import CardFigures, DriftPlan, drift_test

__all__ = [
    "CardFigures", "Checked", "DriftLevel", "DriftPlan", "DriftReport", "Newest", "State", "card_figures", "check_drift",
    "check_theme_drift", "corpus_dates", "dates_of", "drift_test", "run_drift",
]  # fmt: skip
