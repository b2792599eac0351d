"""The drift test as it is run: card, judge and new annotations in, report out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from redline.annotation import AnnotatedPair, read_annotated_pairs
from redline.corpus import Corpus
from redline.errors import UsageError
from redline.judging import ContentQuestion, pair_questions
from redline.records import Verdict
from redline.scoring import Judges, Standing
from redline.validation.cards.card import JudgeCard, read_card
from redline.validation.drift.dates import Dates, corpus_dates, pair_dates, since, within_month
from redline.validation.drift.form import DriftReport
from redline.validation.drift.sequence import CardFigures, DriftPlan, drift_test
from redline.validation.judge.message_errors import message_errors

__all__ = ["Newest", "card_figures", "run_drift"]

Before = Callable[[Sequence[ContentQuestion]], None]


@dataclass(frozen=True)
class Newest:
    """The new annotations, where their dates are (the pairs' `field`, or the corpus), and what part of them is meant."""

    pairs: Path
    annotations: Path
    field: str | None = None
    corpus: Corpus | None = None
    month: str | None = None
    since: str | None = None


def run_drift(
    card: str | Path, judges: Judges, newest: Newest, plan: DriftPlan | None = None, *, before: Before | None = None
) -> DriftReport:  # fmt: skip
    """Test the judge's newest messages against its card (a file or its folder); `before` hears what will be asked.

    `UsageError` where the card is another judge's or its figures have no interval, and where a month or a date leaves no
    message or nothing is dated; `InputError` for lines that cannot be used.
    """
    known = read_card(card)
    figures = card_figures(known, judges.content.signature)
    pairs = read_annotated_pairs(newest.pairs, newest.annotations, undecided=True)
    dates = _dates(newest, pairs)
    if newest.month is not None and newest.since is not None:
        raise UsageError("--month and --since exclude each other")
    for wanted, keep in ((newest.month, within_month), (newest.since, since)):
        if wanted is not None:
            kept = keep(dates, wanted)
            pairs = [p for p in pairs if p.case in kept]
    if before is not None:
        before([q for p in pairs for q in pair_questions(p.pair)])
    errors = message_errors(pairs, judge_annotated(pairs, judges))
    annotators = sorted({a.annotator for p in pairs for a in p.annotations})
    report = drift_test(errors, figures, dates, plan, annotators=annotators)
    return report.model_copy(update={"words": [*report.words, *_card_words(known)]})


def judge_annotated(pairs: list[AnnotatedPair], judges: Judges) -> dict[str, list[Verdict]]:
    """Verdicts of the questions of every pair, by its id, each distinct question asked once."""
    asked = {p.id: pair_questions(p.pair) for p in pairs}
    answers = iter(judges.content_runner().run([q for questions in asked.values() for q in questions]))
    return {id_: [next(answers) for _ in questions] for id_, questions in asked.items()}


def _dates(newest: Newest, pairs: list[AnnotatedPair]) -> Dates:
    if newest.field is not None and newest.corpus is not None:
        raise UsageError(
            "--dates names a field of the pairs, --corpus takes the dates of the corpus; name one of the two"
        )
    if newest.corpus is not None:
        return corpus_dates(newest.corpus, pairs)
    dates = pair_dates(newest.pairs, pairs, newest.field or "received")
    if newest.field is not None and not dates:
        raise UsageError(f"--dates: no pair of {newest.pairs} has the field {newest.field!r}")
    return dates


def card_figures(card: JudgeCard, signature: str) -> CardFigures:
    """The figures of the card that a drift test is about.  `UsageError` where it speaks for another judge."""
    validity = card.standing(signature, "")
    if validity.content is Standing.UNVALIDATED:
        raise UsageError(
            f"{validity.reasons[0]} A drift test needs the judge of the card: name it with --judge, or run `redline validate` "
            "with the new judge, which makes a card of its own."
        )
    return CardFigures(card.digest, signature, card.content.error, card.content.bias)


def _card_words(card: JudgeCard) -> list[str]:
    if card.verdict.content is Standing.NOT_VALID:
        return ["The card itself calls this judge not valid: that it did not drift makes it no better."]
    return []
