"""What a run learns: preference sets from a corpus or a file, split into training and validation by case."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from redline.corpus import Corpus
from redline.drafting import DraftContext, Prompted, Task, strategy
from redline.errors import UsageError
from redline.training.preference import PreferenceSet

__all__ = ["held_out", "sets_of_corpus", "some_cases"]


def sets_of_corpus(
    corpus: Corpus, strategy_name: str = "zero_shot", clinicians: Sequence[str] = ()
) -> list[PreferenceSet]:
    """One set a reply, with nothing but that reply in it: what supervised training learns.

    The prompt is the strategy's own, so that the model is asked as it was taught.  Only strategies that look at nothing
    but the case can be learned so far: an index of past replies would hold the very reply that is to be written.
    """
    chosen = strategy(strategy_name)
    if chosen.needs or not chosen.asks:
        raise UsageError(
            f"training prompts cannot be made by the strategy {strategy_name!r}, which looks at past replies or asks no "
            "model; use zero_shot or theme_guided"
        )
    found = []
    cases = corpus.by_id
    for reply in corpus.independent:
        case = cases[reply.case]
        if not clinicians or reply.clinician in clinicians:
            prepared = chosen.prepare(Task(case, reply.clinician), DraftContext())
            if isinstance(prepared, Prompted) and reply.text.strip():
                found.append(
                    PreferenceSet(
                        f"{case.id}/{reply.clinician}", prepared.messages, (reply.text,), own=0, case=case.id,
                        clinician=reply.clinician,
                    )
                )  # fmt: skip
    return found


def some_cases(sets: Iterable[PreferenceSet], count: int | None, seed: int) -> list[PreferenceSet]:
    """The sets of a seeded sample of `count` cases (None: all); a larger sample holds the smaller one."""
    sets = list(sets)
    cases = sorted({s.case or s.id for s in sets})
    random.Random(f"{seed} cases").shuffle(cases)
    kept = set(cases[:count])
    return [s for s in sets if (s.case or s.id) in kept]


def held_out(
    sets: Iterable[PreferenceSet], share: float, seed: int, most: int | None = None
) -> tuple[list[PreferenceSet], list[PreferenceSet]]:
    """(training, validation): a seeded share of the *cases* (sets without one count as a case each), at least one of
    several and at most `most`; the larger share holds the smaller one.
    """
    sets = list(sets)
    cases = sorted({s.case or s.id for s in sets})
    random.Random(f"{seed} validation").shuffle(cases)
    count = 0 if share <= 0 or len(cases) < 2 else min(max(1, round(share * len(cases))), most or len(cases))
    held = set(cases[:count])
    return [s for s in sets if (s.case or s.id) not in held], [s for s in sets if (s.case or s.id) in held]
