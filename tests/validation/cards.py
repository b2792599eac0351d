"""A judge card with the figures that a test is about, and nothing in the others, whatever else a card holds."""

import types
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from redline.units import UNITS_VERSION
from redline.validation.cards.card import JudgeCard
from redline.validation.cards.parts import ThemeSection
from redline.validation.figure import Figure


def figure(estimate: float, half: float, n: int = 1_000, clusters: int = 100) -> dict[str, Any]:
    return Figure(estimate=estimate, low=estimate - half, high=estimate + half, n=n, clusters=clusters).model_dump()


def blank(kind: Any) -> Any:
    """The emptiest value of a type, as JSON."""
    if get_origin(kind) in (Union, types.UnionType):
        return None if type(None) in get_args(kind) else blank(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: blank(f.annotation) for name, f in kind.model_fields.items() if f.is_required()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    return {str: "", int: 0, float: 0.0, bool: False}.get(kind, {} if get_origin(kind) is dict else [])


def card(
    signature: str, *, error: dict[str, Any], bias: dict[str, Any], verdict: str = "valid here",
) -> dict[str, Any]:  # fmt: skip
    """As a JSON object; `error` and `bias` are those of messages."""
    known = blank(JudgeCard)
    known["judge"] = {"name": "j", "signature": signature, "units": UNITS_VERSION}
    known["verdict"]["content"] = known["content"]["verdict"]["standing"] = verdict
    known["content"]["error"], known["content"]["bias"] = error, bias
    return known


def with_themes(known: dict[str, Any], signature: str, *, error: dict[str, Any], bias: dict[str, Any]) -> None:
    """The same card with a theme level."""
    known["themes"] = {"name": "t", "signature": signature, "units": UNITS_VERSION}
    known["verdict"]["themes"] = "valid here"
    known["themes_level"] = blank(ThemeSection) | {"error": error, "bias": bias}
