"""Adaptation strategies: what is asked for a draft, and what becomes of the answer."""

from redline.drafting.check import check_strategy
from redline.drafting.context import DraftContext, Fit, MessageSearch, Planner, ThemePlan
from redline.drafting.contract import (
    LEAVE_OUT,
    SUGGEST,
    WRITE,
    NoDraft,
    Prepared,
    Prompted,
    Strategy,
    Task,
    Unfit,
    Written,
)
from redline.drafting.deidentify import deidentifier, deidentify
from redline.drafting.draft import NO_MODEL, Drafter
from redline.drafting.flags import FLAGS, CaseTexts
from redline.drafting.language import LANGUAGES
from redline.drafting.profile import ClinicianProfile, distil
from redline.drafting.registry import strategy, strategy_names
from redline.drafting.shorten import shorten

__all__ = [
    "FLAGS", "LANGUAGES", "LEAVE_OUT", "NO_MODEL", "SUGGEST", "WRITE", "CaseTexts", "ClinicianProfile", "DraftContext",
    "Drafter", "Fit", "MessageSearch", "NoDraft", "Planner", "Prepared", "Prompted", "Strategy", "Task", "ThemePlan", "Unfit",
    "Written", "check_strategy", "deidentifier", "deidentify", "distil", "shorten", "strategy", "strategy_names",
]  # fmt: skip
