"""Prediction-powered estimates: a few comparisons labelled by people correct the judge's figures of all of them."""

from redline.stats.predictive.contrast import CorrectedContrast, corrected_contrasts
from redline.stats.predictive.estimate import FEW_ERRORS, MIN_LABELLED, NOT_NARROWER, Corrected, corrected_estimates
from redline.stats.predictive.sums import LabelledSums, labelled_sums, threefold
from redline.stats.predictive.tuning import Influences, Tuning, influences, tune
from redline.stats.predictive.variance import VarianceModel, variance_model

__all__ = [
    "FEW_ERRORS",
    "MIN_LABELLED",
    "NOT_NARROWER",
    "Corrected",
    "CorrectedContrast",
    "Influences",
    "LabelledSums",
    "Tuning",
    "VarianceModel",
    "corrected_contrasts",
    "corrected_estimates",
    "influences",
    "labelled_sums",
    "threefold",
    "tune",
    "variance_model",
]
