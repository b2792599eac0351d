"""A corpus to preference sets: asked of the agents, checked, put together; block by block, so that memory stays small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from redline.corpus import Corpus
from redline.drafting import DraftContext
from redline.errors import UsageError
from redline.records import Case, Reply
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.training.preference.agents import MISPLACE, OVERDO, STRENGTHEN, Agent, AgentMaker, Assignment
from redline.training.preference.check import Check, Made
from redline.training.preference.material import Answered, Material
from redline.training.preference.observed import ObservedPairs, PairTexts
from redline.training.preference.plan import PlanSettings, assignments
from redline.training.preference.prompts import PromptMaker
from redline.training.preference.report import BuildReport, Tally
from redline.training.preference.sets import PreferenceSet, set_of_pairs

__all__ = ["Build", "build_sets", "train_part"]

_BLOCK = 256
BORROWED = (MISPLACE, OVERDO)
"""Kinds for which there are many sentences to try."""
_TEST = "test"

Tell = Callable[[str, int, int], None]


def train_part(corpus: Corpus, split: str | None = "train") -> Corpus:
    """The part of `corpus` that sets may be made of: `split`, or everything where the corpus has no splits.

    `UsageError` for the test split, and for a split that is not there or holds no reply.
    """
    if split == _TEST:
        raise UsageError(
            "the split 'test' is there to report figures on; sets made of it would make every figure worthless. "
            "Build from another split (`redline corpus split` makes one)."
        )
    splits = sorted({c.split for c in corpus.cases if c.split is not None})
    part = corpus.only(split=split) if splits and split is not None else corpus
    if any(c.split == _TEST for c in part.cases):
        part = part.only(cases=[c.id for c in part.cases if c.split != _TEST])
    if not part.replies:
        held = f"; it has {', '.join(splits)}" if splits else ""
        raise UsageError(f"the corpus has no reply in split {split!r} to make preference sets of{held}")
    return part


@dataclass(frozen=True)
class _Job:
    """Everything that one clinician sent to one case."""

    case: Case
    clinician: str
    own: Answered | None
    edited: tuple[Reply, ...]


@dataclass(frozen=True)
class Build:
    """A prepared build.  `sets()` makes the sets one after the other; `report()` says what came of those made so far."""

    material: Material = field(repr=False)
    agent: Agent | None
    check: Check = field(repr=False)
    prompts: PromptMaker
    observed: ObservedPairs = field(repr=False)
    jobs: tuple[_Job, ...] = field(repr=False)
    settings: PlanSettings = PlanSettings()
    tell: Tell = lambda what, done, total: None
    _tally: Tally = field(default_factory=Tally, repr=False)

    @classmethod
    def of(
        cls, corpus: Corpus, agents: AgentMaker | None, check: Check, *, strategy: str = "zero_shot", seed: int = 17,
        settings: PlanSettings | None = None, observed: ObservedPairs | None = None, taxonomy: Taxonomy | None = None,
        context: DraftContext | None = None, tell: Tell | None = None,
    ) -> Build:  # fmt: skip
        """Labels and indexes the corpus; `agents` None makes observed and zero-shot pairs alone."""
        if any(c.split == _TEST for c in corpus.cases):
            raise UsageError("the corpus holds cases of the split 'test'; take `train_part(corpus)`")
        taxonomy = taxonomy or default_taxonomy()
        _check_themes(taxonomy, check)
        material = Material.of(corpus, check.label, taxonomy)
        made = PromptMaker.of(strategy, corpus, taxonomy, check.label, context)
        return cls(
            material, agents(material, seed) if agents else None, check, made, observed or ObservedPairs.of(corpus),
            _jobs(corpus, material), settings or PlanSettings(), tell or (lambda what, done, total: None),
        )  # fmt: skip

    def assignments(self) -> Iterator[Assignment]:
        """Everything that the agents will be asked for."""
        for job in self.jobs:
            yield from self._planned(job)

    def sets(self) -> Iterator[PreferenceSet]:
        """One set a (case, clinician), in the order of the corpus; a set without a pair is made too."""
        for start in range(0, len(self.jobs), _BLOCK):
            block = self.jobs[start : start + _BLOCK]
            yield from self._block(block)
            self.tell("sets", start + len(block), len(self.jobs))

    def report(self) -> BuildReport:
        """Of the sets made so far."""
        return self._tally.report(self.material.themes)

    def describe(self) -> dict[str, Any]:
        """What the build is made with, for the card."""
        agent = None if self.agent is None else {"name": self.agent.name, "digest": self.agent.digest}
        return {
            "strategy": self.prompts.strategy.name, "prompts": self.prompts.digest, "agents": agent,
            "check": self.check.signature,
            "plan": {k: getattr(self.settings, k) for k in self.settings.__dataclass_fields__},
            "weights": {"observed_edit": self.observed.edit_weight, "zero_shot": self.observed.zero_shot_weight},
        }  # fmt: skip

    def _planned(self, job: _Job) -> list[Assignment]:
        if self.agent is None or job.own is None:
            return []
        return assignments(job.own, self.material, self.agent.kinds, self.settings)

    def _block(self, block: Sequence[_Job]) -> Iterator[PreferenceSet]:
        asked = [a for job in block for a in self._planned(job)]
        self._tally.asked.update(a.kind for a in asked)
        kept: dict[int, list[Made]] = {}
        attempts = self.agent.attempts if self.agent else 0
        for attempt in range(attempts):
            asked = self._attempt(asked, kept, last=attempt + 1 == attempts)
        for job in block:
            found = self._set(job, kept.get(id(job.own), []))
            if found is not None:
                yield found

    def _attempt(self, asked: Sequence[Assignment], kept: dict[int, list[Made]], *, last: bool) -> list[Assignment]:
        """Ask, check, and put what passes into `kept`; what is worth another attempt comes back."""
        assert self.agent is not None
        made, again = [], []
        for a, p in zip(asked, self.agent.write(asked) if asked else (), strict=True):
            if p.why:
                self._tally.dropped[a.kind, p.why] += 1
            else:
                made.append(Made.of(a, p.text))
        for m, why in zip(made, self.check.reasons(made), strict=True):
            a = m.assignment
            if not why:
                kept.setdefault(id(a.answered), []).append(m)
            elif a.kind in BORROWED and not last:
                again.append(replace(a, attempt=a.attempt + 1))
            else:
                self._tally.dropped[a.kind, why] += 1
        return again

    def _set(self, job: _Job, made: Sequence[Made]) -> PreferenceSet | None:
        prompt = self.prompts.prompt(job.case, job.clinician)
        if prompt is None:
            self._tally.skipped["no_prompt"] += 1
            return None
        own = job.own.reply.text if job.own else job.edited[0].text
        pairs = self._agents_pairs(own, made)
        replies = [*([job.own.reply] if job.own else []), *job.edited]
        for reply in replies:
            source = self.observed.zero_shot if reply.started_from is None else self.observed.edits
            for pair, what in source(reply):
                self._tally.observed[what] += 1
                pairs += [] if pair is None else [pair]
        found = set_of_pairs(
            f"{job.case.id}/{job.clinician}", prompt, pairs, own=own, case=job.case.id, clinician=job.clinician
        )
        self._count(job, found)
        return found

    def _agents_pairs(self, own: str, made: Sequence[Made]) -> list[PairTexts]:
        """Better versions over the reply, the reply over worse ones, and a strengthened theme over its own worse ones."""
        pairs: list[PairTexts] = []
        seen = {own}
        better: dict[str, str] = {}
        for m in sorted(made, key=lambda m: not m.assignment.better):
            a = m.assignment
            if m.text in seen:
                self._tally.dropped[a.kind, "duplicate"] += 1
                continue
            seen.add(m.text)
            self._tally.made[a.kind, a.theme] += 1
            if a.better:
                pairs.append((m.text, own, a.theme, 1.0, "enhancement"))
                if a.kind == STRENGTHEN:
                    better[a.theme] = m.text
            else:
                pairs.append((own, m.text, a.theme, 1.0, "corruption"))
                if a.theme in better:
                    pairs.append((better[a.theme], m.text, a.theme, 1.0, "enhancement"))
        return pairs

    def _count(self, job: _Job, found: PreferenceSet) -> None:
        tally = self._tally
        tally.sets += 1
        tally.empty += not found.pairs
        tally.pairs += len(found.pairs)
        tally.themes |= {p.theme for p in found.pairs if p.theme is not None}
        tally.present |= job.own.passage.present if job.own else set()


def build_sets(
    corpus: Corpus, agents: AgentMaker | None, check: Check, strategy: str = "zero_shot", seed: int = 17, **more: Any
) -> tuple[tuple[PreferenceSet, ...], BuildReport]:
    """All sets of `corpus` (see `train_part`) in memory, and the report; `more` are the further options of `Build.of`."""
    build = Build.of(corpus, agents, check, strategy=strategy, seed=seed, **more)
    sets = tuple(build.sets())
    return sets, build.report()


def _check_themes(taxonomy: Taxonomy, check: Check) -> None:
    known = getattr(check.judges.themes, "themes", None)
    missing = [] if known is None else [k for k in taxonomy.keys if k not in known]
    if missing:
        raise UsageError(
            f"the theme classifier does not know the theme {missing[0]!r}, so no reply could be checked for it; "
            "take a classifier that was trained on this taxonomy (--themes encoder:FOLDER)"
        )


def _jobs(corpus: Corpus, material: Material) -> tuple[_Job, ...]:
    found: dict[tuple[str, str], _Job] = {
        (a.case.id, a.clinician): _Job(a.case, a.clinician, a, ()) for a in material.answered
    }
    for reply in corpus.observed:
        if reply.text.strip():
            key = (reply.case, reply.clinician)
            job = found.get(key) or _Job(corpus.by_id[reply.case], reply.clinician, None, ())
            found[key] = replace(job, edited=(*job.edited, reply))
    return tuple(found.values())
