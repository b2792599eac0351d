"""Preference sets: made by agents or from observed edits, checked, written and read."""

from redline.training.preference.agents import (
    Agent,
    AgentMaker,
    AnswerStore,
    Assignment,
    ChatAgent,
    ChatAgents,
    OfflineAgent,
    Produced,
    agent_maker,
)
from redline.training.preference.build import Build, build_sets, train_part
from redline.training.preference.check import REASONS, Check
from redline.training.preference.files import card_path, read_card, read_sets, sets_digest, write_card, write_sets
from redline.training.preference.interop import from_pairs, to_trl
from redline.training.preference.material import Material
from redline.training.preference.observed import ObservedPairs
from redline.training.preference.plan import PlanSettings
from redline.training.preference.report import BuildReport
from redline.training.preference.sets import PreferencePair, PreferenceSet, set_of_pairs
from redline.training.preference.show import difference, marked
from redline.training.preference.stats import PreferenceStats, preference_stats

__all__ = [
    "REASONS", "Agent", "AgentMaker", "AnswerStore", "Assignment", "Build", "BuildReport", "ChatAgent", "ChatAgents", "Check",
    "Material", "ObservedPairs", "OfflineAgent", "PlanSettings", "PreferencePair", "PreferenceSet", "PreferenceStats",
    "Produced", "agent_maker", "build_sets", "card_path", "difference", "from_pairs", "marked", "preference_stats",
    "read_card", "read_sets", "set_of_pairs", "sets_digest", "to_trl", "train_part", "write_card", "write_sets",
]  # fmt: skip
