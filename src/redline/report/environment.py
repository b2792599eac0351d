"""Templates of a page: every text is escaped, and all pages share the report's style sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, select_autoescape

__all__ = ["page_environment"]


def page_environment(package: str, filters: Mapping[str, Callable[..., str]]) -> Environment:
    """Environment for the templates that lie in `package`; what it does not have comes from `redline.report`.

    >>> environment = page_environment("redline.report", {"loud": str.upper})
    >>> environment.from_string("{{ '<b>' | loud }}").render()
    '&lt;B&gt;'
    """
    packages = dict.fromkeys((package, "redline.report"))
    environment: Environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in packages]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    added: dict[str, Any] = dict(filters)
    environment.filters |= added
    return environment
