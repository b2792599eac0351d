"""What a language model is asked for an assignment."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from redline.chat import ChatMessage
from redline.drafting.untrusted import quoted
from redline.records import digest
from redline.taxonomy import Taxonomy
from redline.templates import fill
from redline.training.preference.agents.contract import Assignment
from redline.training.preference.material import Material

__all__ = ["prompt_digest", "prompt_of"]

_EXAMPLES = 3


@lru_cache(maxsize=4)
def _read(name: str) -> str:
    return (files("redline.training.preference.agents") / "prompts" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _tasks() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(_read("tasks.yaml"))
    return found


def prompt_digest() -> str:
    """Of every prompt file."""
    return digest([_EXAMPLES, *(_read(name) for name in ("enhance.txt", "corrupt.txt", "tasks.yaml"))])


def prompt_of(assignment: Assignment, material: Material) -> tuple[ChatMessage, ...]:
    """Instructions in the system text, everything that people wrote behind it, quoted as data.

    A better version is shown how this clinician words the theme to other patients, in sentences that were de-identified.
    """
    a, taxonomy = assignment.answered, material.taxonomy
    template = _read("enhance.txt" if assignment.better else "corrupt.txt")
    body = [
        ("Chart summary", quoted("chart", a.case.chart.as_text() or "Nothing is known.")),
        ("Patient message", quoted("message", a.case.message)),
    ]
    examples = _examples(assignment, material) if assignment.better else []
    if examples:
        body.append(("How this clinician words the theme to other patients", quoted("examples", "\n".join(examples))))
    body.append(("Reply", quoted("reply", a.reply.text)))
    having = [a.passage.units[i] for i in a.passage.having(assignment.theme)]
    if having:
        body.append(("Its sentences that have the theme", quoted("sentences", "\n".join(having))))
    return (
        ChatMessage("system", fill(template, _slots(assignment, taxonomy)).strip()),
        ChatMessage("user", "\n\n".join(f"## {title}\n{text}" for title, text in body)),
    )


def _slots(assignment: Assignment, taxonomy: Taxonomy) -> dict[str, str]:
    theme, tasks = taxonomy[assignment.theme], _tasks()[assignment.kind]
    return {
        "theme": theme.name, "has": theme.has, "has_not": theme.has_not or "it does another job",
        "task": tasks.get("by_theme", {}).get(assignment.theme, tasks["task"]),
    }  # fmt: skip


def _examples(assignment: Assignment, material: Material) -> list[str]:
    return [d.text for d in material.similar(assignment.answered, assignment.theme)[:_EXAMPLES]]
