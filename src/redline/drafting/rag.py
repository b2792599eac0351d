"""`rag`: the most similar past messages with their replies as examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redline.drafting.context import DraftContext
from redline.drafting.contract import NoDraft, Task
from redline.drafting.parts import Addition
from redline.drafting.prompt import Section
from redline.drafting.untrusted import quoted
from redline.records import digest
from redline.retrieval import Hit, Query
from redline.templates import read_template

__all__ = ["Rag", "examples_section", "find_similar"]


def find_similar(task: Task, context: DraftContext, k: int, *, own: bool) -> list[Hit]:
    """At most `k` past messages like the task's, before it in time where that is known; `own`: this clinician's only."""
    if context.search is None:
        return []
    clinician = task.clinician if own else None
    return context.search.search(Query(task.case.message, task.case.id, clinician, task.case.received), k)


def examples_section(hits: Sequence[Hit], context: DraftContext) -> Section:
    """Messages and replies of other patients, de-identified and marked as data, the most similar first."""
    examples = tuple(
        quoted("earlier-message", context.deidentify(h.past.message))
        + "\n"
        + quoted("earlier-reply", context.deidentify(h.past.reply))
        for h in hits
    )
    return Section("Past replies", read_template("drafting", "rag").strip(), examples)


@dataclass(frozen=True)
class Rag:
    """`context.k` examples, whoever wrote them; no draft where nothing was found."""

    name: str = "rag"
    personal: bool = False
    needs: tuple[str, ...] = ("search",)

    @property
    def digest(self) -> str:
        return digest(read_template("drafting", "rag"))

    def add(self, task: Task, context: DraftContext) -> Addition | NoDraft:
        """The examples for this message."""
        hits = find_similar(task, context, context.k, own=False)
        if not hits:
            return NoDraft("no past message could be found to learn from")
        return Addition((examples_section(hits, context),), tuple(h.past.case for h in hits))
