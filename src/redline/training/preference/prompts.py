"""The prompts that sets begin with: those of the drafting strategies, at full length."""

from __future__ import annotations

from dataclasses import dataclass, field

from redline.chat import ChatMessage
from redline.corpus import Corpus
from redline.drafting import DraftContext, NoDraft, Prompted, Strategy, Task, deidentify, distil, strategy
from redline.encoder import bundled_encoder
from redline.errors import UsageError
from redline.records import Case, digest
from redline.retrieval import MessageIndex, StaticEmbedder, past_messages
from redline.taxonomy import Taxonomy
from redline.training.preference.material import Label

__all__ = ["PromptMaker"]

_MADE_HERE = ("search", "profiles")


@dataclass(frozen=True)
class PromptMaker:
    """Asks `strategy` for its prompt, once a case where it drafts for everybody alike."""

    strategy: Strategy
    context: DraftContext = field(repr=False)
    _kept: dict[str, tuple[ChatMessage, ...] | None] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, name: str, corpus: Corpus, taxonomy: Taxonomy, label: Label, context: DraftContext | None = None
    ) -> PromptMaker:
        """The strategy `name` over what is learned from `corpus`, or over a `context` of the caller's.

        Similar messages and clinicians' profiles are made here; for anything else (the theme planner, which would be
        fitted on the very replies that are learned) a context has to be given.
        """
        found = strategy(name)
        if not found.asks:
            raise UsageError(f"the strategy {name!r} asks no model, so there is no prompt to learn replies to")
        if context is not None:
            return cls(found, context)
        missing = [n for n in found.needs if n not in _MADE_HERE]
        if missing:
            raise UsageError(
                f"the strategy {name!r} needs the {missing[0]}, which is not made here; "
                "call build_sets with a context of your own, or take zero_shot, theme_guided, rag or personal"
            )
        search = profiles = None
        if "search" in found.needs:
            search = MessageIndex.build(past_messages(corpus), StaticEmbedder(bundled_encoder()))
        if "profiles" in found.needs:
            profiles = distil(corpus.independent, label, deidentify, taxonomy.keys)
        return cls(found, DraftContext(taxonomy, search, profiles or {}, deidentify=deidentify))

    @property
    def digest(self) -> str:
        """Of everything but the corpus that can change a prompt."""
        c = self.context
        return digest([self.strategy.name, self.strategy.digest, c.k, c.language, c.taxonomy.keys])

    def prompt(self, case: Case, clinician: str) -> tuple[ChatMessage, ...] | None:
        """The conversation up to the reply; None where the strategy asks nothing for this task."""
        key = case.id
        if not self.strategy.personal and key in self._kept:
            return self._kept[key]
        prepared = self.strategy.prepare(Task(case, clinician), self.context)
        messages = prepared.messages if isinstance(prepared, Prompted) else None
        assert messages is not None or isinstance(prepared, NoDraft), "nothing is too long where there is no limit"
        if not self.strategy.personal:
            if len(self._kept) > 512:
                self._kept.clear()
            self._kept[key] = messages
        return messages
