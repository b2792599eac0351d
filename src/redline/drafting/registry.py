"""Names of strategies, as a person writes them, to strategies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points

from redline.drafting.composed import Composed
from redline.drafting.contract import Strategy
from redline.drafting.parts import Part
from redline.drafting.personal import Personal
from redline.drafting.planned import Planned
from redline.drafting.rag import Rag
from redline.drafting.retrieval_reply import PooledReply, RetrievalReply
from redline.drafting.theme_guided import ThemeGuided
from redline.errors import UsageError, did_you_mean

__all__ = ["strategy", "strategy_names"]

_PARTS: Mapping[str, Callable[[], Part]] = {
    "theme_guided": ThemeGuided, "rag": Rag, "planned": Planned, "personal": Personal,
}  # fmt: skip
_WHOLE: Mapping[str, Callable[[], Strategy]] = {
    "zero_shot": Composed, "retrieval_reply": RetrievalReply, "pooled_reply": PooledReply,
}  # fmt: skip
_ENTRY = "redline.strategies"


def strategy_names() -> tuple[str, ...]:
    """Built-in strategies and those of installed packages (entry points `redline.strategies`)."""
    return (*_WHOLE, *_PARTS, *sorted(e.name for e in entry_points(group=_ENTRY)))


def strategy(name: str) -> Strategy:
    """The strategy that `name` names; parts are joined with a plus sign.

    >>> strategy("theme_guided+rag").name, strategy("retrieval_reply").asks
    ('theme_guided+rag', False)
    """
    if name in _WHOLE:
        return _WHOLE[name]()
    for entry in entry_points(group=_ENTRY):
        if entry.name == name:
            made: Strategy = entry.load()()
            return made
    names = [part.strip() for part in name.split("+")]
    for part in names:
        if part not in _PARTS:
            raise UsageError(f"there is no strategy {part!r}{_hint(part, len(names) > 1)}")
    if len(set(names)) < len(names):
        raise UsageError(f"the strategy {name!r} names a part twice")
    return Composed(tuple(_PARTS[part]() for part in names))


def _hint(name: str, composed: bool) -> str:
    if composed and name in _WHOLE:
        return f" to compose with; parts that can be joined: {', '.join(_PARTS)}"
    return f"; {did_you_mean(name, strategy_names(), 'strategies')}"
