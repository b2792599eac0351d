"""`retrieval_reply`: no language model, the clinician's own reply to the most similar past message.

The baseline that everything must beat.  What it writes was written for another patient and is flagged so.
"""

from __future__ import annotations

from dataclasses import dataclass

from redline.drafting.context import DraftContext
from redline.drafting.contract import NoDraft, Prepared, Task, Written
from redline.drafting.flags import PAST_REPLY
from redline.drafting.rag import find_similar

__all__ = ["PooledReply", "RetrievalReply"]


@dataclass(frozen=True)
class RetrievalReply:
    """The nearest past reply of this clinician, de-identified; no draft where they have none."""

    name: str = "retrieval_reply"
    personal: bool = True
    asks: bool = False
    needs: tuple[str, ...] = ("search",)
    digest: str = "retrieval_reply@1"

    def prepare(self, task: Task, context: DraftContext) -> Prepared:
        """The nearest reply, or none."""
        hits = find_similar(task, context, 1, own=self.personal)
        if not hits:
            return NoDraft("no past reply of this clinician is known" if self.personal else "no past message was found")
        return Written(context.deidentify(hits[0].past.reply), (hits[0].past.case,), flags=(PAST_REPLY,))


@dataclass(frozen=True)
class PooledReply(RetrievalReply):
    """The nearest past reply of any clinician: what knowing the clinician is worth can be read off the difference."""

    name: str = "pooled_reply"
    personal: bool = False
    digest: str = "pooled_reply@1"
