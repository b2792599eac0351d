"""The drift test as it is run: card, judge and new annotations in, report out; at each level that people annotated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redline.annotation import AnnotatedPair, ThemedText, read_annotated_pairs, read_themed_texts
from redline.corpus import Corpus
from redline.errors import UsageError
from redline.judging import ContentQuestion, ThemeQuestion, pair_questions
from redline.records import Verdict
from redline.scoring import Judges, Standing, check_themes
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.validation.cards.card import JudgeCard, read_card
from redline.validation.cards.material import pairs_digest, texts_digest
from redline.validation.drift.dates import Dates, Item, corpus_dates, dates_of, since, within_month
from redline.validation.drift.form import DriftLevel, DriftReport
from redline.validation.drift.sequence import CardFigures, DriftPlan, drift_test
from redline.validation.judge.message_errors import message_errors, theme_errors

__all__ = ["Checked", "Newest", "card_figures", "check_drift", "check_theme_drift", "run_drift"]

Before = Callable[[Sequence[ContentQuestion]], None]


@dataclass(frozen=True)
class Newest:
    """What people said since the card: `texts` are pairs or labelled texts, `said` their decisions or labels.

    Dates are in the field `field` of the texts, or in the corpus; `month` or `since` says what part is meant.
    """

    texts: Path
    said: Path
    field: str | None = None
    corpus: Corpus | None = None
    month: str | None = None
    since: str | None = None


@dataclass(frozen=True)
class Checked:
    """A level's new annotations, read and found fit for a test against the card: nothing is asked of a judge before.

    `known_before`: they are the very ones that the card was made on.
    """

    level: DriftLevel
    figures: CardFigures
    dates: Dates
    verdict: Standing
    pairs: tuple[AnnotatedPair, ...] = ()
    texts: tuple[ThemedText, ...] = ()
    known_before: bool = False
    taxonomy: Taxonomy = field(default_factory=default_taxonomy)


def check_drift(card: str | Path, judges: Judges, newest: Newest) -> Checked:
    """The newest annotated pairs, for a test of the content judge against its card (a file or its folder).

    `UsageError` where the card is another judge's or its figures have no interval, and where a month or a date leaves no
    message or nothing is dated; `InputError` for lines that cannot be used.
    """
    known = read_card(card)
    figures = card_figures(known, judges.content.signature)
    pairs = read_annotated_pairs(newest.texts, newest.said, undecided=True)
    dates = _dates(newest, pairs, "id")
    meant = _meant(newest, dates)
    kept = tuple(p for p in pairs if meant is None or p.case in meant)
    same = pairs_digest(pairs) == known.material.pairs_digest
    return Checked(DriftLevel.CONTENT, figures, dates, known.verdict.content, kept, known_before=same)


def check_theme_drift(
    card: str | Path, judges: Judges, newest: Newest, taxonomy: Taxonomy | None = None
) -> Checked:  # fmt: skip
    """The same for the theme classifier: the newest labelled texts."""
    taxonomy = taxonomy or default_taxonomy()
    known = read_card(card)
    figures = card_figures(known, judges.themes.signature, DriftLevel.THEMES)
    check_themes(judges.themes, taxonomy)
    texts = read_themed_texts(newest.texts, newest.said, taxonomy=taxonomy)
    dates = _dates(newest, texts, "text_id")
    meant = _meant(newest, dates)
    kept = tuple(t for t in texts if meant is None or t.case in meant)
    same = texts_digest(texts) == known.material.texts_digest
    return Checked(
        DriftLevel.THEMES, figures, dates, known.verdict.themes, texts=kept, known_before=same, taxonomy=taxonomy
    )


def run_drift(
    checked: Checked, judges: Judges, plan: DriftPlan | None = None, *, before: Before | None = None
) -> DriftReport:
    """Judge what was annotated and test it; `before` hears what the content judge will be asked."""
    if checked.level is DriftLevel.CONTENT:
        if before is not None:
            before([q for p in checked.pairs for q in pair_questions(p.pair)])
        errors = message_errors(checked.pairs, judge_annotated(checked.pairs, judges))
        annotators = {a.annotator for p in checked.pairs for a in p.annotations}
    else:
        asked = list(dict.fromkeys(t.units for t in checked.texts))
        questions = [ThemeQuestion(units, i) for units in asked for i in range(len(units))]
        verdicts = iter(judges.theme_runner().run(questions))
        answers = {units: [next(verdicts) for _ in units] for units in asked}
        errors = theme_errors(checked.texts, answers, checked.taxonomy)
        annotators = {name for t in checked.texts for name in t.annotators}
    report = drift_test(errors, checked.figures, checked.dates, plan, annotators=sorted(annotators))
    who = "judge" if checked.level is DriftLevel.CONTENT else "classifier"
    words = report.words
    if checked.known_before:
        words = [
            *words,
            "These are the very annotations that the card was made on: they tell nothing new. Name those since then.",
        ]
    if checked.verdict is Standing.NOT_VALID:
        words = [*words, f"The card itself calls this {who} not valid: that it did not drift makes it no better."]
    return report.model_copy(update={"words": words})


def judge_annotated(pairs: Sequence[AnnotatedPair], judges: Judges) -> dict[str, list[Verdict]]:
    """Verdicts of the questions of every pair, by its id, each distinct question asked once."""
    asked = {p.id: pair_questions(p.pair) for p in pairs}
    answers = iter(judges.content_runner().run([q for questions in asked.values() for q in questions]))
    return {id_: [next(answers) for _ in questions] for id_, questions in asked.items()}


def _dates(newest: Newest, items: Sequence[Item], id_field: str) -> Dates:
    if newest.field is not None and newest.corpus is not None:
        raise UsageError(
            "--dates names a field of the file, --corpus takes the dates of the corpus; name one of the two"
        )
    if newest.corpus is not None:
        return corpus_dates(newest.corpus, items)
    dates = dates_of(newest.texts, items, newest.field or "received", id_field=id_field)
    if newest.field is not None and not dates:
        raise UsageError(f"--dates: no row of {newest.texts} has the field {newest.field!r}")
    return dates


def _meant(newest: Newest, dates: Dates) -> frozenset[str] | None:
    """The messages that are meant; None for all."""
    if newest.month is not None and newest.since is not None:
        raise UsageError("--month and --since exclude each other")
    if newest.month is not None:
        return within_month(dates, newest.month, newest.texts)
    return None if newest.since is None else since(dates, newest.since, newest.texts)


def card_figures(card: JudgeCard, signature: str, level: DriftLevel = DriftLevel.CONTENT) -> CardFigures:
    """The figures of the card that a drift test is about.  `UsageError` where it speaks for another judge, or of no classifier."""
    content = level is DriftLevel.CONTENT
    validity = card.standing(signature, "") if content else card.standing("", signature)
    section = card.content if content else card.themes_level
    if section is None:
        raise UsageError(
            f"{validity.reasons[-1]} Make a card with a theme level: `redline validate` with --theme-texts and --theme-labels."
        )
    if Standing.UNVALIDATED is (validity.content if content else validity.themes):
        name, why = ("--judge", validity.reasons[0]) if content else ("--classifier", validity.reasons[-1])
        raise UsageError(
            f"{why} A drift test needs the judge of the card: name it with {name}, or run `redline validate` "
            "with the new judge, which makes a card of its own."
        )
    if section.error is None or section.bias is None:
        raise UsageError(
            f"the card {card.digest} was made before cards held the classifier's error in every message; make it again: run "
            "`redline validate` with --theme-texts and --theme-labels"
        )
    return CardFigures(card.digest, signature, section.error, section.bias, level)
