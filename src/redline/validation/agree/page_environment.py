"""Templates of this room's pages; they share the report's style sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, select_autoescape

__all__ = ["page_environment"]


def page_environment(part: str, filters: Mapping[str, Callable[..., str]]) -> Environment:
    """Environment for the templates of `redline.validation.<part>`; every text is escaped, and `report.css` can be included."""
    environment: Environment = Environment(
        loader=ChoiceLoader([PackageLoader(f"redline.validation.{part}"), PackageLoader("redline.report")]),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    added: dict[str, Any] = dict(filters)
    environment.filters |= added
    return environment
