"""Agents: what writes better and worse versions of a reply."""

from redline.training.preference.agents.answers import AnswerStore
from redline.training.preference.agents.chat import ChatAgent, ChatAgents
from redline.training.preference.agents.contract import (
    BLUNT,
    CORRUPTIONS,
    DROP,
    ENHANCE,
    MISPLACE,
    OVERDO,
    STRENGTHEN,
    Agent,
    AgentMaker,
    Assignment,
    Produced,
)
from redline.training.preference.agents.offline import OfflineAgent
from redline.training.preference.agents.registry import agent_maker

__all__ = [
    "BLUNT", "CORRUPTIONS", "DROP", "ENHANCE", "MISPLACE", "OVERDO", "STRENGTHEN", "Agent", "AgentMaker", "AnswerStore",
    "Assignment", "ChatAgent", "ChatAgents", "OfflineAgent", "Produced", "agent_maker",
]  # fmt: skip
