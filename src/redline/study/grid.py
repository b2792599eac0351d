"""The grid: which model drafts with which strategy for which corpus, and the tasks of each cell."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from redline.corpus import Corpus
from redline.drafting import NO_MODEL, Strategy, Task, strategy
from redline.errors import UsageError
from redline.study.spec import CorpusSpec, ModelSpec, StudySpec

__all__ = ["CellSpec", "cells_of", "check_tasks", "sampled", "tasks_of"]


@dataclass(frozen=True)
class CellSpec:
    """One cell; `model` is None where the strategy asks none."""

    corpus: CorpusSpec
    model: ModelSpec | None
    strategy: str
    model_name: str

    @property
    def id(self) -> str:
        """Stands in messages, progress and the store.

        >>> CellSpec(CorpusSpec(name="a", path="b"), None, "retrieval_reply", "no-model").id
        'a/no-model/retrieval_reply'
        """
        return f"{self.corpus.name}/{self.model_name}/{self.strategy}"

    @property
    def system(self) -> str:
        """Row name in tables."""
        return f"{self.model_name}/{self.strategy}"


def cells_of(spec: StudySpec, names: dict[str, str]) -> list[CellSpec]:
    """Every cell, corpora outermost; `names` gives each model's name in tables by its title.

    A strategy that asks no model has one cell a corpus.  A model's own `strategies` may name some that the study does
    not list for all.
    """
    listed = [strategy(name) for name in spec.strategies]
    found = []
    for corpus in spec.corpora:
        for model in spec.models:
            wanted = [strategy(n) for n in model.strategies] if model.strategies is not None else listed
            for one in wanted:
                if one.asks:
                    found.append(CellSpec(corpus, model, one.name, names[model.title]))
                elif model.strategies is not None:
                    raise UsageError(
                        f"the strategy {one.name!r} asks no model; list it under `strategies`, not under a model"
                    )
        found += [CellSpec(corpus, None, one.name, NO_MODEL) for one in listed if not one.asks]
    if not found:
        raise UsageError(
            "no cell to draft: these strategies ask a language model and none is named (--model, or [[models]] in a study); "
            "retrieval_reply and pooled_reply need none"
        )
    if len({c.id for c in found}) < len(found):
        raise UsageError("two cells of the study have the same name; give the models different names")
    return found


def sampled(corpus: Corpus, spec: CorpusSpec, seed: int) -> Corpus:
    """The cases that the study asks for: of the split, and a seeded sample of them where `cases` says how many.

    A corpus that already has fewer is taken whole; the sample of a larger number contains that of a smaller one.
    """
    found = corpus if spec.split is None else corpus.only(split=spec.split)
    if not found.cases:
        raise UsageError(f"corpus {spec.name!r}: no case" + (f" in split {spec.split!r}" if spec.split else ""))
    if spec.cases is None or spec.cases >= len(found.cases):
        return found
    ids = sorted(c.id for c in found.cases)
    random.Random(f"{seed}:{spec.name}").shuffle(ids)
    return found.only(cases=ids[: spec.cases])


def tasks_of(
    corpus: Corpus, one: Strategy, clinicians: tuple[str, ...] = (), *, personal: bool = False
) -> Iterator[Task]:
    """One task a case, or one a case and clinician: the named `clinicians`, else those who answered it on their own.

    The second for a strategy that is personal, and for every strategy where the model is (`personal`).
    """
    answered: dict[str, list[str]] = {}
    for reply in corpus.independent:
        answered.setdefault(reply.case, []).append(reply.clinician)
    for case in corpus.cases:
        if not (one.personal or personal):
            yield Task(case)
        else:
            yield from (Task(case, who) for who in dict.fromkeys(clinicians or answered.get(case.id, ())))


def check_tasks(corpus: Corpus, one: Strategy, spec: CorpusSpec, *, personal: bool = False) -> None:
    """Raise `UsageError` where a personal strategy, or a `personal` model, has nobody to draft for."""
    if (one.personal or personal) and not spec.clinicians and not corpus.independent:
        what = repr(one.name) if one.personal else "a model with an adapter for each clinician"
        raise UsageError(
            f"corpus {spec.name!r}: {what} drafts for a clinician, and nobody answered these messages; say for whom "
            "with `clinicians` in the study, or --clinician"
        )
