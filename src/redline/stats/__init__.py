"""Statistics of edit load: one resampling plan a table, intervals, paired contrasts."""

from redline.stats.bootstrap import Draws, Score, bootstrap, bootstrap_crossed
from redline.stats.contrasts import Contrast, NonInferiority, holm, non_inferiority, paired_contrast
from redline.stats.figures import clustered_figures
from redline.stats.intervals import MIN_CLUSTERS, Interval, interval, intervals, widening
from redline.stats.resampling import ResamplingPlan, group_clusters

__all__ = [
    "MIN_CLUSTERS",
    "Contrast",
    "Draws",
    "Interval",
    "NonInferiority",
    "ResamplingPlan",
    "Score",
    "bootstrap",
    "bootstrap_crossed",
    "clustered_figures",
    "group_clusters",
    "holm",
    "interval",
    "intervals",
    "non_inferiority",
    "paired_contrast",
    "widening",
]
