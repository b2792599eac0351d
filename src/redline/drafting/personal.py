"""`personal`: the clinician's own past replies as examples, and the profile distilled from them."""

from __future__ import annotations

from dataclasses import dataclass

from redline.drafting.context import DraftContext
from redline.drafting.contract import NoDraft, Task
from redline.drafting.parts import Addition
from redline.drafting.prompt import Section
from redline.drafting.rag import examples_section, find_similar
from redline.drafting.untrusted import quoted
from redline.records import digest
from redline.templates import fill, read_template

__all__ = ["Personal"]


@dataclass(frozen=True)
class Personal:
    """No draft for a clinician of whom no past reply is known: a profile of nobody would be somebody else's."""

    name: str = "personal"
    personal: bool = True
    needs: tuple[str, ...] = ("search", "profiles")

    @property
    def digest(self) -> str:
        return digest([read_template("drafting", "personal"), read_template("drafting", "rag")])

    def add(self, task: Task, context: DraftContext) -> Addition | NoDraft:
        """The profile, then the clinician's replies to the most similar messages."""
        profile = context.profiles.get(task.clinician or "")
        if profile is None:
            return NoDraft("no past reply of this clinician is known")
        text = quoted("style", profile.as_text(context.taxonomy))
        hits = find_similar(task, context, context.k, own=True)
        style = Section("Style", fill(read_template("drafting", "personal"), {"profile": text}).strip())
        return Addition(
            (style, examples_section(hits, context)) if hits else (style,), tuple(h.past.case for h in hits)
        )
