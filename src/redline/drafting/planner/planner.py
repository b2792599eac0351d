"""The theme planner: which themes would this clinician's reply to this message carry, and what follows for a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from redline.drafting.context import ThemePlan
from redline.drafting.planner.decide import UnitCosts, decide
from redline.drafting.planner.features import SentenceEncoder
from redline.drafting.planner.model import PROBE, Model, Spread, fit_model
from redline.drafting.planner.past import Labels, Past, read_past
from redline.drafting.planner.store import read_model, write_model
from redline.errors import UsageError
from redline.records import Case, digest
from redline.taxonomy import Taxonomy, default_taxonomy

__all__ = ["ThemePlanner"]

_SAME = 0.99  # cosine of the probe's vectors: rounding between machines stays far above, another encoder far below


@dataclass(frozen=True)
class ThemePlanner:
    """Learnt from past replies by `fit`; a `redline.drafting.Planner`.

    There is no update: new replies mean a new fit, which takes seconds for hundreds of replies and needs no tuning.

    >>> from redline.corpus import Corpus
    >>> from redline.scoring import EditCost
    >>> class Flat:
    ...     def sentence_vectors(self, units):
    ...         return np.ones((len(units), 2), dtype=np.float32)
    >>> planner = ThemePlanner.fit(Corpus("nothing yet", ()), Flat(), EditCost())
    >>> plan = planner.plan(Case("a", "Can I stop the pill?"), None)
    >>> plan.p["empathy"], plan.decisions["empathy"], "other" in plan.p
    (0.85, 'suggest', False)
    """

    model: Model
    encoder: SentenceEncoder
    cost: UnitCosts

    @classmethod
    def fit(
        cls,
        past: Past,
        encoder: SentenceEncoder,
        cost: UnitCosts,
        *,
        taxonomy: Taxonomy | None = None,
        label: Labels | None = None,
    ) -> ThemePlanner:
        """From the independent replies of `past`, those to *other* messages than the ones that will be asked about.

        `label` is a theme classifier for replies without theme labels (`UsageError` where it is needed and missing).
        Without any reply the plan is the taxonomy's published frequencies (0.5 where none is), everything suggested.
        """
        taxonomy = taxonomy or default_taxonomy()
        published = {
            t.key: None if t.published is None else float(np.mean(t.published))
            for t in taxonomy.themes
            if t.key != taxonomy.residual
        }
        return cls(fit_model(read_past(past, tuple(published), label), published, encoder), encoder, cost)

    @cached_property
    def digest(self) -> str:
        """Of everything that can move a plan: what was learnt, and the costs."""
        return digest([self.model.digest, self.cost.write, self.cost.delete, self.cost.read])

    @property
    def themes(self) -> tuple[str, ...]:
        """The planned themes: all of the taxonomy but the residual one."""
        return self.model.themes

    def predict(self, cases: Sequence[Case], clinician: str | None) -> Spread:
        """Probabilities (cases, themes) in the order of `themes`, with quartiles; one batch for many messages."""
        return self.model.predict(cases, clinician, self.encoder)

    def plan(self, case: Case, clinician: str | None) -> ThemePlan:
        """For one message; `clinician` None or unknown means clinicians in general."""
        found = self.predict([case], clinician)
        decisions = {
            theme: decide(float(found.p[0, i]), float(found.low[0, i]), float(found.high[0, i]), self.cost)
            for i, theme in enumerate(self.themes)
        }
        return ThemePlan({t: float(p) for t, p in zip(self.themes, found.p[0], strict=True)}, decisions)

    def save(self, path: str | Path) -> None:
        """Write what was learnt to one file (numbers, theme keys, clinicians' ids), whole or not at all."""
        write_model(self.model, path)

    @classmethod
    def load(cls, path: str | Path, encoder: SentenceEncoder, cost: UnitCosts) -> ThemePlanner:
        """Read a saved planner; `InputError` for any other file, `UsageError` for another encoder than it was fitted with."""
        model = read_model(path)
        probe = np.asarray(encoder.sentence_vectors([PROBE])[0], dtype=np.float64)
        if probe.shape != model.probe.shape or float(probe @ model.probe) < _SAME * float(
            np.linalg.norm(probe) * np.linalg.norm(model.probe)
        ):
            raise UsageError(f"{path} was fitted with another encoder; fit the planner again with this one")
        return cls(model, encoder, cost)
