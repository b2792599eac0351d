"""How far the judge is from people in every patient message: the values that a card and a drift test are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.annotation import AnnotatedPair, ThemedText, edit_share
from redline.records import Status, ThemeVerdict, Verdict
from redline.stats import clustered_figures
from redline.taxonomy import Taxonomy
from redline.validation.figure import Figure, figure

__all__ = ["MessageErrors", "error_figures", "message_errors", "theme_errors"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MessageErrors:
    """One value a message (case), in the order in which the messages were given: each array (n,).

    `error`: mean over the message's units of \\|h - s\\|, where h is the judge's yes/no and s the share of its annotators who
    edit the unit: the chance that the judge disagrees with one of them, in [0, 1].  `bias`: mean of p - s, where p is
    the judge's probability: edits a unit that it counts too many, in [-1, 1].  `theme_errors` has the same of sets of themes.
    `units` both rest on; `failed` units the judge or the annotators left undecided are in neither.  `compared` pairs or texts.
    """

    cases: tuple[str, ...]
    error: Floats
    bias: Floats
    units: Floats
    failed: int
    compared: int

    def at(self, places: Sequence[int]) -> MessageErrors:
        """These messages, in this order."""
        i = np.asarray(places, dtype=np.intp)
        cases = tuple(self.cases[j] for j in places)
        return MessageErrors(cases, self.error[i], self.bias[i], self.units[i], self.failed, self.compared)


def message_errors(pairs: Sequence[AnnotatedPair], verdicts: Mapping[str, Sequence[Verdict]]) -> MessageErrors:
    """Errors of the messages of `pairs`; `verdicts[pair.id]` are those of `pair_questions(pair.pair)`, in order.

    A message without any decided unit has no value and is left out.
    """
    sums: dict[str, Floats] = defaultdict(lambda: np.zeros(3))
    failed = 0
    for pair in pairs:
        shares = [edit_share(unit) for side in _marks(pair) for unit in zip(*side, strict=True)]
        for verdict, share in zip(verdicts[pair.id], shares, strict=True):
            if verdict.p_edit is None or share is None:
                failed += 1
            else:
                sums[pair.case] += (abs(float(bool(verdict.hard)) - share), verdict.p_edit - share, 1.0)
    return _of_messages(sums, failed, len(pairs))


def theme_errors(
    texts: Sequence[ThemedText], answers: Mapping[tuple[str, ...], Sequence[ThemeVerdict]], taxonomy: Taxonomy
) -> MessageErrors:  # fmt: skip
    """Errors of the messages of labelled `texts`; `answers` are the classifier's verdicts of each text's units.

    Of a unit to which the classifier gives the themes J and an annotator H: error 1 - |J and H| / |J or H| (Jaccard distance),
    bias (|J without H| - |H without J|) / |J or H|: themes too many.  Means over the unit's annotators, then as for edits.
    """
    sums: dict[str, Floats] = defaultdict(lambda: np.zeros(3))
    failed = 0
    for text in texts:
        for i, verdict in enumerate(answers[text.units]):
            if verdict.status is not Status.OK:
                failed += 1
                continue
            mine = taxonomy.as_set(verdict.themes)
            apart = [_apart(mine, taxonomy.as_set(labels[i])) for labels in text.labels]
            sums[text.case] += (*np.mean(apart, axis=0), 1.0)
    return _of_messages(sums, failed, len(texts))


def _apart(judge: frozenset[str], person: frozenset[str]) -> tuple[float, float]:
    every = len(judge | person)
    return len(judge ^ person) / every, (len(judge - person) - len(person - judge)) / every


def _of_messages(sums: Mapping[str, Floats], failed: int, compared: int) -> MessageErrors:
    table = np.array(list(sums.values())).reshape(-1, 3)
    return MessageErrors(
        tuple(sums), table[:, 0] / table[:, 2], table[:, 1] / table[:, 2], table[:, 2], failed, compared
    )


def _marks(pair: AnnotatedPair) -> tuple[list[tuple[bool | None, ...]], list[tuple[bool | None, ...]]]:
    """Every annotator's marks of the draft units, and of the reference units."""
    return [a.deleted for a in pair.annotations], [a.added for a in pair.annotations]


def error_figures(errors: MessageErrors, *, draws: int = 2_000, seed: int = 17) -> dict[str, Figure]:
    """`error` and `bias` as means over messages, every message counting once, with intervals over messages.

    This is what a later drift test is about, so a card that holds these two can be tested against.
    """

    def means(sums: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(sums[..., :2] / np.maximum(sums[..., 2:], 1e-12))

    rows = np.stack([errors.error, errors.bias, np.ones(len(errors.cases))], axis=1)
    found = clustered_figures(rows, errors.cases, means, ("error", "bias"), draws=draws, seed=seed)
    return {name: figure(value, int(errors.units.sum())) for name, value in found.items()}
