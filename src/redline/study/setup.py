"""The context of a corpus: what its strategies look at, made when a cell needs it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from redline.chat import ChatModel
from redline.corpus import Corpus
from redline.drafting import CaseTexts, ClinicianProfile, DraftContext, Fit, Strategy, deidentifier, distil
from redline.drafting.planner import ThemePlanner
from redline.encoder import bundled_encoder
from redline.errors import InputError, UsageError
from redline.files import write_text
from redline.judging import ThemeQuestion, shared_encoder, theme_judge
from redline.records import digest
from redline.retrieval import MessageIndex, PastMessage, StaticEmbedder, past_messages
from redline.scoring import EditCost
from redline.study.grid import check_tasks
from redline.study.place import StudyPlace
from redline.study.spec import CorpusSpec

__all__ = ["CorpusSetup", "label_units"]


def label_units(units: Sequence[str]) -> list[tuple[str, ...]]:
    """Themes of units that nobody labelled, by the bundled classifier."""
    own = tuple(units)
    verdicts = theme_judge().judge([ThemeQuestion(own, i) for i in range(len(own))])
    return [v.themes for v in verdicts]


@dataclass(frozen=True)
class CorpusSetup:
    """Index, profiles, planner and forbidden texts of one corpus of a study."""

    place: StudyPlace
    spec: CorpusSpec

    @cached_property
    def corpus(self) -> Corpus:
        """The cases asked about."""
        return self.place.corpus(self.spec)

    @cached_property
    def learned(self) -> Corpus:
        """The cases learned from."""
        return self.place.learned(self.spec)

    @cached_property
    def learned_digest(self) -> str:
        """Changes with everything that a context is made of; known without making it."""
        spec = self.place.spec
        costs = [spec.score.delete_cost, spec.score.read_cost]  # the planner decides by them
        return digest(
            [
                self.learned.digest,
                bundled_encoder().digest,
                StaticEmbedder(bundled_encoder()).digest,
                self.place.taxonomy_digest,
                spec.drafting.deidentify,
                costs,
            ]
        )

    def check(self, strategy: Strategy, *, personal: bool = False) -> None:
        """Raise `UsageError` where there is nothing to learn from for a strategy that must, or nobody to draft for."""
        if strategy.needs and not self.learned.independent:
            where = self.spec.learn or self.spec.path
            split = self.spec.learn_split or ("train" if self.spec.learn is None else None)
            raise UsageError(
                f"corpus {self.spec.name!r}: the strategy {strategy.name!r} learns from past replies, and there is none in "
                + (f"split {split!r} of {where}" if split else where)
                + " besides those to the messages asked about. Name some with `learn` or `learn_split` (--learn, --learn-split)."
            )
        check_tasks(self.corpus, strategy, self.spec, personal=personal)

    def context(self, strategy: Strategy, model: ChatModel | None) -> DraftContext:
        """What `strategy` may look at; parts that it does not need are not made."""
        drafting, needs = self.place.spec.drafting, strategy.needs
        fit = Fit(model.window, drafting.max_tokens, model.tokens) if model is not None else Fit()
        return DraftContext(
            taxonomy=self.place.taxonomy,
            search=self._index if "search" in needs else None,
            profiles=self._profiles if "profiles" in needs else {},
            planner=self._planner if "planner" in needs else None,
            k=drafting.k,
            deidentify=deidentifier(drafting.deidentify),
            fit=fit,
            language=drafting.language,
        )

    @cached_property
    def texts(self) -> CaseTexts:
        """Texts that must not reappear in another patient's draft: messages, charts and replies of all cases."""
        found = []
        for corpus in (self.learned, self.corpus):
            shown = {c.id: f"{c.message}\n{c.chart.as_text()}" for c in corpus.cases}
            found += [PastMessage(case, "", text, "") for case, text in shown.items()]
            found += [PastMessage(r.case, r.clinician, "", r.text) for r in corpus.independent]
        return CaseTexts.of(found)

    @cached_property
    def _index(self) -> MessageIndex:
        """Of what is learned from; kept in the study's folder, since embedding 100,000 messages takes a minute or two."""
        embed, folder = StaticEmbedder(bundled_encoder()), self.place.folder / "index" / self.spec.name
        note = folder / "learned.txt"
        if note.exists() and note.read_text(encoding="utf-8") == self.learned_digest:
            with suppress(InputError):  # damaged: made again
                return MessageIndex.load(folder, embed)
        index = MessageIndex.build(past_messages(self.learned), embed)
        if self.place.store_path.exists():  # a plan in memory leaves nothing behind
            shutil.rmtree(folder, ignore_errors=True)
            index.save(folder)
            write_text(note, self.learned_digest)
        return index

    @cached_property
    def _profiles(self) -> dict[str, ClinicianProfile]:
        step = deidentifier(self.place.spec.drafting.deidentify)
        return distil(self.learned.independent, label_units, step, self.place.taxonomy.keys)

    @cached_property
    def _planner(self) -> ThemePlanner:
        score = self.place.spec.score
        cost = EditCost(1.0, score.delete_cost, score.read_cost)
        return ThemePlanner.fit(
            self.learned, shared_encoder(bundled_encoder()), cost, taxonomy=self.place.taxonomy, label=label_units
        )
