"""How many more annotations, and which, for a wanted width or difference of corrected figures."""

from redline.validation.label_plan.form import LabelPlan
from redline.validation.label_plan.frame import LabelFrame, make_frame
from redline.validation.label_plan.next_pairs import Grown, grow_sample
from redline.validation.label_plan.plan import LabelGoal, contrasts_of, plan_labels

__all__ = [
    "Grown", "LabelFrame", "LabelGoal", "LabelPlan", "contrasts_of", "grow_sample", "make_frame", "plan_labels",
]  # fmt: skip
