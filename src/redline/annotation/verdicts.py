"""Annotations as verdicts: people are judges, and their verdicts stand in the store under the names that runs ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from redline.annotation.decisions import Made
from redline.annotation.theme_labels import Labelled
from redline.judging import Direction, HumanJudge, Runner, ThemeQuestion, VerdictStore, pair_questions
from redline.judging.human import HumanThemeJudge
from redline.judging.questions import ContentQuestion
from redline.records import Status, ThemeVerdict, Verdict
from redline.taxonomy import Taxonomy
from redline.units import normalise_unit

__all__ = ["annotator_judge", "store_annotations", "store_theme_labels"]


def annotator_judge(name: str | None, made: Iterable[Made]) -> HumanJudge:
    """The judge `human:NAME` of one annotator's decisions, or with None `human` of everybody's; its signature changes with them.

    The same as `HumanJudge.from_files` makes of the file of these decisions.
    """
    votes: dict[tuple[Direction, tuple[str, ...], tuple[str, ...], int], list[float]] = defaultdict(list)
    for one in made:
        if name is not None and one.annotation.annotator != name:
            continue
        draft, reference = (tuple(normalise_unit(u) for u in units) for _, units in one.pair.sides())
        for i, mark in enumerate(one.annotation.deleted):
            if mark is not None:
                votes[Direction.DELETE, draft, reference, i].append(float(mark))
        for i, mark in enumerate(one.annotation.added):
            if mark is not None:
                votes[Direction.ADD, reference, draft, i].append(float(mark))
    return HumanJudge.of(votes, _judge_name(name))


def store_annotations(made: Sequence[Made], store: VerdictStore) -> dict[str, int]:
    """Write every decision into `store`: those of all as the judge `human`, those of each annotator as `human:NAME`.

    Returns how many verdicts each judge (by signature) has there.  Undecided units are `missing`, which is never stored.
    """
    pairs = {one.pair.id: one.pair.pair for one in made}
    asked = [q for pair in pairs.values() for q in pair_questions(pair)]
    counts = {}
    for name in (None, *dict.fromkeys(one.annotation.annotator for one in made)):
        judge = annotator_judge(name, made)
        runner: Runner[ContentQuestion, Verdict] = Runner(judge, store)
        counts[judge.signature] = sum(v.p_edit is not None for v in runner.run(asked))
    return counts


def store_theme_labels(made: Sequence[Labelled], store: VerdictStore, taxonomy: Taxonomy) -> dict[str, int]:
    """Write every theme label of whole texts into `store`, as `store_annotations` does with decisions."""
    whole = [one for one in made if not one.undecided]
    texts = {one.text.id: one.text.units for one in whole}
    asked = [ThemeQuestion(units, i) for units in texts.values() for i in range(len(units))]
    counts = {}
    for name in (None, *dict.fromkeys(one.annotator for one in whole)):
        votes: dict[tuple[tuple[str, ...], int], list[tuple[str, ...]]] = defaultdict(list)
        for one in whole:
            if name in (None, one.annotator):
                own = tuple(normalise_unit(u) for u in one.text.units)
                for i, keys in enumerate(one.themes):
                    votes[own, i].append(keys or ())
        judge = HumanThemeJudge.of(votes, taxonomy, _judge_name(name))
        runner: Runner[ThemeQuestion, ThemeVerdict] = Runner(judge, store)
        counts[judge.signature] = sum(v.status is Status.OK for v in runner.run(asked))
    return counts


def _judge_name(name: str | None) -> str:
    return "human" if name is None else f"human:{name}"
