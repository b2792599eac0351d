"""Agreement between raters; every figure is a function of summed per-unit statistics, so that messages can be resampled."""

from redline.stats.agreement.distances import DISTANCES, jaccard_distance, masi_distance, nominal_distance
from redline.stats.agreement.limits import limits
from redline.stats.agreement.nominal import NominalAgreement
from redline.stats.agreement.pairs import PAIR_FIGURES, PairAgreement, confusion_rows, pair_figures
from redline.stats.agreement.sets import LabelSets, SetAgreement
from redline.stats.agreement.themes import PRESENCE, theme_agreement, theme_codes

__all__ = [
    "DISTANCES",
    "PAIR_FIGURES",
    "PRESENCE",
    "LabelSets",
    "NominalAgreement",
    "PairAgreement",
    "SetAgreement",
    "confusion_rows",
    "jaccard_distance",
    "limits",
    "masi_distance",
    "nominal_distance",
    "pair_figures",
    "theme_agreement",
    "theme_codes",
]
