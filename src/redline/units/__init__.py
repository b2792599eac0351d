"""Text to sentence units with character offsets.

A unit is what a clinician keeps, deletes or adds in one go: a sentence, a list item, a greeting line.
The rules are version-stamped (`UNITS_VERSION`), because a change of rules can move every score.
"""

from redline.units.normalise import distinct_units, normalise_unit, strip_marker
from redline.units.split import UNITS_VERSION, split_units, unit_texts

__all__ = ["UNITS_VERSION", "distinct_units", "normalise_unit", "split_units", "strip_marker", "unit_texts"]
