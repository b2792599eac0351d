"""Names of agents, as a person writes them, to what makes them."""

from __future__ import annotations

from pathlib import Path

from redline.chat import ModelOptions, Sampling, chat_model
from redline.errors import UsageError
from redline.judging import Budget
from redline.training.preference.agents.answers import AnswerStore
from redline.training.preference.agents.chat import ChatAgents
from redline.training.preference.agents.contract import AgentMaker
from redline.training.preference.agents.offline import OfflineAgent

__all__ = ["FORMS", "agent_maker"]

FORMS = {
    "offline": "offline",
    "llm": "llm:MODEL, with MODEL as in `redline draft --model`: llm:openai:NAME@http://HOST:PORT/v1, llm:hf:FOLDER, llm:tiny",
    "none": "none",
}
"""How each kind of agent is written."""


def agent_maker(
    spec: str, options: ModelOptions | None = None, answers: str | Path = ":memory:", sampling: Sampling | None = None,
    budget: Budget | None = None,
) -> AgentMaker | None:  # fmt: skip
    """What makes the agents that `spec` names; None for `none` (observed and zero-shot pairs alone).

    `answers` is the file that a language model's answers are kept in; it is opened only where there is a model.
    """
    name, _, rest = spec.partition(":")
    if spec == "offline":
        return OfflineAgent
    if spec == "none":
        return None
    if name == "llm" and rest:
        model = chat_model(rest, options)
        return ChatAgents(model, AnswerStore(answers), sampling or Sampling(max_tokens=600), budget or Budget())
    raise UsageError(f"there are no agents {spec!r}; write one of: " + "; ".join(FORMS.values()))
