"""Asking a judge and a theme classifier about everything that people decided, each distinct question once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from redline.annotation import AnnotatedPair, ThemedText
from redline.judging import ThemeQuestion, is_paid, pair_questions
from redline.records import ThemeVerdict, Verdict
from redline.scoring import Judges
from redline.validation.judge.stability import Again, ask_again, stability_sample

__all__ = ["THEMED_PAIRS", "Answers", "ask"]

Units = tuple[str, ...]
_AT_ONCE = 1_000
THEMED_PAIRS = 30
"""Slices by theme need no more pairs than this, and a classifier costs its time too."""


@dataclass(frozen=True)
class Answers:
    """Verdicts of each pair's units (draft first), in order; the themes of the texts that the classifier was asked about; and
    what the judge said when it was asked again, about the pairs of `sample`.
    """

    content: tuple[tuple[Verdict, ...], ...]
    themes: dict[Units, tuple[ThemeVerdict, ...]]
    sample: tuple[int, ...]
    again: Again


def ask(
    judges: Judges, pairs: Sequence[AnnotatedPair], texts: Sequence[ThemedText], *, seed: int, stability: int,
    themed: int,
) -> Answers:  # fmt: skip
    """Content verdicts of `pairs`; themes of `texts`, and of the texts of `themed` pairs (drawn by the seed) that nobody
    labelled; and `stability` pairs asked again.

    Pairs are asked some thousand units at a time.  What does not cost money runs side by side: the themes of some pairs while
    the content of the next is judged, when an encoder has their vectors at hand, so that no core waits.
    """
    quiet = replace(judges, progress=None)
    sliced = _sliced(pairs, texts, themed, seed)
    sample = stability_sample(pairs, stability, seed)
    some_again = [pairs[i] for i in sample]
    paid = is_paid(judges.content) or is_paid(judges.themes)
    content: list[tuple[Verdict, ...]] = []
    jobs: list[tuple[list[Units], Future[list[ThemeVerdict]]]] = []
    with _beside(paid) as beside:
        portions = list(_portions(pairs))
        again: Future[Again] | None = None
        labelled = list(dict.fromkeys(t.units for t in texts))
        jobs.append((labelled, beside.submit(_themes, quiet, labelled)))
        for number, some in enumerate(portions, start=1):
            verdicts = iter(quiet.content_runner().run([q for p in some for q in pair_questions(p.pair)]))
            content += [tuple(next(verdicts) for _ in (*p.draft, *p.reference)) for p in some]
            own = [t for t in dict.fromkeys(t for p in some for t in (p.draft, p.reference)) if sliced.pop(t, False)]
            jobs.append((own, beside.submit(_themes, quiet, own)))
            if number == max(len(portions) - 1, 1):  # nearly all vectors are there, and there is still work beside it
                again = beside.submit(ask_again, quiet, some_again, seed)
            _tell(judges, "content", len(content), len(pairs))
        themes: dict[Units, tuple[ThemeVerdict, ...]] = {}
        for number, (own, job) in enumerate(jobs, start=1):
            answers = iter(job.result())
            themes |= {text: tuple(next(answers) for _ in text) for text in own}
            _tell(judges, "themes", number, len(jobs))
        told = again.result() if again else {}
    return Answers(tuple(content), themes, tuple(sample), told)


def _sliced(pairs: Sequence[AnnotatedPair], texts: Sequence[ThemedText], themed: int, seed: int) -> dict[Units, bool]:
    """Texts whose themes are asked for the slices."""
    labelled = {t.units for t in texts}
    drawn = random.Random(f"themes:{seed}").sample(range(len(pairs)), min(themed, len(pairs)))
    return {t: True for i in drawn for t in (pairs[i].draft, pairs[i].reference) if t not in labelled}


def _themes(judges: Judges, texts: Sequence[Units]) -> list[ThemeVerdict]:
    return judges.theme_runner().run([ThemeQuestion(t, i) for t in texts for i in range(len(t))])


def _tell(judges: Judges, what: str, done: int, total: int) -> None:
    if judges.progress:
        judges.progress(what, done, total)


class _Here(Executor):
    """Work done at once, by who asks for it: a judge that costs money keeps its own number of calls in flight."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@contextmanager
def _beside(paid: bool) -> Iterator[Executor]:
    with _Here() if paid else ThreadPoolExecutor(1) as executor:
        yield executor


def _portions(pairs: Sequence[AnnotatedPair]) -> Iterator[list[AnnotatedPair]]:
    """Pairs in order, at most some thousand units at a time."""
    some: list[AnnotatedPair] = []
    size = 0
    for pair in pairs:
        units = len(pair.draft) + len(pair.reference)
        if some and size + units > _AT_ONCE:
            yield some
            some, size = [], 0
        some.append(pair)
        size += units
    if some:
        yield some
