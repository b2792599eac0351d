"""Text templates: prompts are files, slots are filled in one pass, and what is filled in is data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

__all__ = ["fill", "read_template"]

_SLOT = re.compile(r"\{\{(\w+)\}\}")


@lru_cache(maxsize=64)
def read_template(room: str, name: str) -> str:
    """The prompt file `name`.txt of a room, for instance `read_template("judging", "content")`."""
    return (files("redline") / room / "prompts" / f"{name}.txt").read_text(encoding="utf-8")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Every `{{name}}` of the template replaced in one pass: a value that contains a slot pulls nothing in.

    >>> fill("{{a}} and {{b}}", {"a": "{{b}}", "b": "two"})
    '{{b}} and two'
    """
    return _SLOT.sub(lambda found: values[found.group(1)], template)
