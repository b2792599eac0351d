"""The newest annotations against a judge card, by a sequential test."""

from redline.validation.drift.dates import corpus_dates, pair_dates
from redline.validation.drift.form import DriftReport, State
from redline.validation.drift.run import Newest, card_figures, run_drift
from redline.validation.drift.sequence import CardFigures, DriftPlan, drift_test

__all__ = [
    "CardFigures", "DriftPlan", "DriftReport", "Newest", "State", "card_figures", "corpus_dates", "drift_test", "pair_dates",
    "run_drift",
]  # fmt: skip
