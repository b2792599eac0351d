"""Which themes a clinician's reply would carry, learnt from past replies; and write, suggest or leave out for each."""

from redline.drafting.planner.calibrate import Calibration, calibrate
from redline.drafting.planner.decide import UnitCosts, costs, decide, threshold
from redline.drafting.planner.features import PLAIN, FeatureMap, SentenceEncoder
from redline.drafting.planner.model import Model, Spread
from redline.drafting.planner.past import Labels, Past
from redline.drafting.planner.planner import ThemePlanner

__all__ = [
    "PLAIN", "Calibration", "FeatureMap", "Labels", "Model", "Past", "SentenceEncoder", "Spread", "ThemePlanner", "UnitCosts",
    "calibrate", "costs", "decide", "threshold",
]  # fmt: skip
