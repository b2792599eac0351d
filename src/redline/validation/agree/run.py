"""`redline agree`: a corpus, and people's annotations where there are any, to an `Agreement`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import redline
from redline.annotation import AnnotatedPair, ThemedText
from redline.corpus import Corpus, describe
from redline.errors import UsageError
from redline.judging import is_paid
from redline.scoring import (
    Comparison,
    Judged,
    Judges,
    Rows,
    Signature,
    check_themes,
    comparisons,
    judge_comparisons,
    theme_set,
    theme_unknown,
)  # fmt: skip
from redline.scoring.rows import reply_units
from redline.stats import ResamplingPlan
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.validation.agree.adaptation import adaptation, presence_table
from redline.validation.agree.annotators import edit_agreement, theme_set_agreement
from redline.validation.agree.clinicians import between_clinicians, inter_clinician
from redline.validation.agree.components import variance
from redline.validation.agree.labellers import labelled_units
from redline.validation.agree.reply_themes import (
    NoClassifier,
    ThemeLabels,
    choose_labels,
    labelled_replies,
    with_writers_themes,
)  # fmt: skip
from redline.validation.agree.result import (
    Agreement,
    Annotators,
    CorpusLine,
    Iap,
    JudgeLine,
    ResamplingLine,
    Said,
)  # fmt: skip
from redline.validation.agree.words import (
    iap_limits,
    judge_limits,
    say_adaptation,
    say_annotators,
    say_iap,
    say_variance,
    together,
)

__all__ = ["AgreePlan", "agree", "reply_comparisons"]

Own = Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]


@dataclass(frozen=True)
class AgreePlan:
    """How agreement is measured: resamples, seed, whose theme labels, and the split that was looked at (for the page)."""

    draws: int = 10_000
    seed: int = 17
    labels: ThemeLabels = ThemeLabels.AUTO
    split: str | None = None

    def __post_init__(self) -> None:
        if self.seed < 0 or self.draws < 100:
            raise UsageError(f"seed is not negative, draws are 100 or more; got {self.seed}, {self.draws}")


def reply_comparisons(corpus: Corpus) -> list[Comparison]:
    """Each clinician's reply as the draft for each other clinician of the message."""
    return comparisons(replace(corpus, drafts=()), Rows(floors=False, ceiling=True))


def agree(
    corpus: Corpus, judges: Judges, plan: AgreePlan | None = None, taxonomy: Taxonomy | None = None, *,
    pairs: Sequence[AnnotatedPair] = (), texts: Sequence[ThemedText] = (),
) -> Agreement:  # fmt: skip
    """Agreement between the clinicians of `corpus`, and between the annotators of `pairs` (edits) and `texts` (themes).

    What a judge card says of the judges is in `judges.validity`.  `UsageError` where no message has two replies and nothing was
    annotated: there is nothing to agree about.
    """
    plan, taxonomy = plan or AgreePlan(), taxonomy or default_taxonomy()
    found = reply_comparisons(corpus)
    if not found and not pairs and not texts:
        raise UsageError(_nothing(corpus))
    whose, own, why = choose_labels(corpus, plan.labels, taxonomy)
    asked = _with_classifier(judges, whose, taxonomy, plan.labels)
    line = _judge_line(asked, whose, why)
    words: list[Said] = []
    limits: list[str] = []
    iap, parts = None, None
    habits = None
    if found:
        judged, _ = judge_comparisons(found, asked)
        between = between_clinicians(with_writers_themes(judged, own) if own else judged, taxonomy)
        by_classifier = None
        if own and asked.themes.name != NoClassifier.name:
            by_classifier = between_clinicians(judged, taxonomy)
        iap = inter_clinician(between, draws=plan.draws, seed=plan.seed, by_classifier=by_classifier)
        presence, messages, people = presence_table(_theme_sets(between.judged), taxonomy.keys)
        parts = variance(between, presence, messages, people, draws=plan.draws, seed=plan.seed)
        habits = adaptation(presence, draws=plan.draws, seed=plan.seed)
        words += _said("clinicians", say_iap(iap, taxonomy)) + _said("whose disagreement", say_variance(parts))
        words += _said("adaptation", say_adaptation(habits) if habits else ())
        limits += [
            *iap_limits(iap, taxonomy),
            *judge_limits(line),
            *(f"Variance of {reason}." for reason in parts.reasons),
        ]
    else:
        limits.append(_nothing(corpus))
    people_said, notes = _annotators(corpus, pairs, texts, taxonomy, plan)
    if people_said is not None:
        words += _said("annotators", say_annotators(people_said))
    return Agreement(
        redline=redline.__version__,
        signature=_signature(asked, whose, iap, plan),
        corpus=_corpus_line(corpus, plan),
        judge=line,
        resampling=ResamplingLine(draws=plan.draws, seed=plan.seed, level=0.95),
        theme_names={t.key: t.name for t in taxonomy.themes},
        iap=iap,
        annotators=people_said,
        variance=parts,
        adaptation=habits,
        words=tuple(words),
        limits=tuple(dict.fromkeys([*limits, *together(notes)])),
    )


def _said(about: str, texts: Iterable[str]) -> list[Said]:
    return [Said(about=about, text=text) for text in texts]


def _nothing(corpus: Corpus) -> str:
    people = len({r.clinician for r in corpus.independent})
    return (
        f"No message of {corpus.name} was answered by two clinicians independently ({len(corpus.cases)} messages, "
        f"{len(corpus.independent)} independent replies, {people} clinician(s)), so there is no agreement between clinicians to "
        "measure. Have 2 to 5 clinicians answer the same 20 to 50 messages without seeing a draft or each other's replies."
    )  # fmt: skip


def _with_classifier(judges: Judges, whose: ThemeLabels, taxonomy: Taxonomy, wanted: ThemeLabels) -> Judges:
    """The judges; without a classifier where the writers' labels serve and it would cost, or does not know the themes."""
    if whose is ThemeLabels.CLASSIFIER:
        check_themes(judges.themes, taxonomy)
        return judges
    known: Sequence[str] | None = getattr(judges.themes, "themes", None)
    lacks = known is not None and not set(taxonomy.keys) <= set(known)
    if wanted is ThemeLabels.WRITERS or lacks or is_paid(judges.themes):
        return replace(judges, themes=NoClassifier())
    return judges


def _theme_sets(judged: Iterable[Judged]) -> dict[tuple[str, str], frozenset[str]]:
    """Themes of every compared reply whose themes are known."""
    return {
        (j.comparison.case, j.comparison.clinician): theme_set(j.reference_themes)
        for j in judged
        if not theme_unknown(j.reference_themes) and j.comparison.reference
    }


def _annotators(
    corpus: Corpus, pairs: Sequence[AnnotatedPair], texts: Sequence[ThemedText], taxonomy: Taxonomy, plan: AgreePlan
) -> tuple[Annotators | None, list[str]]:
    if not pairs and not texts:
        return None, []
    edits, words = edit_agreement(pairs, draws=plan.draws, seed=plan.seed) if pairs else ((), [])
    themes = None
    if texts:
        own = labelled_replies(corpus.independent, taxonomy)
        units = {(r.case, r.clinician): reply_units(r) for r in corpus.independent}
        labelled = labelled_units(texts, own, units, taxonomy)
        if labelled.mismatched:
            words.append(
                f"Themes of sentences: {labelled.mismatched} labelled texts are not cut into the same sentences as the corpus' "
                "reply, so the writer's own labels are not compared there."
            )
        if labelled.texts:
            themes, notes = theme_set_agreement(labelled, taxonomy, draws=plan.draws, seed=plan.seed)
            words += notes
        else:
            words.append(
                "Themes of sentences: no text was labelled by two people, so there is no agreement to measure."
            )
    raters = {a.annotator for p in pairs for a in p.annotations} | set(themes.raters if themes else ())
    return Annotators(raters=tuple(sorted(raters)), pairs=len(pairs), edits=edits, themes=themes), words


def _judge_line(judges: Judges, whose: ThemeLabels, why: str) -> JudgeLine:
    validity = judges.validity
    return JudgeLine(
        content=judges.content.signature,
        themes=judges.themes.signature,
        content_standing=validity.content.value,
        themes_standing=validity.themes.value,
        card=validity.card,
        reasons=validity.reasons,
        theme_labels=whose.value,
        theme_labels_note=why,
    )


def _corpus_line(corpus: Corpus, plan: AgreePlan) -> CorpusLine:
    counted = describe(corpus)
    return CorpusLine(
        name=corpus.name,
        digest=corpus.digest,
        provenance=corpus.provenance,
        split=plan.split,
        messages=counted.cases,
        replies=counted.replies,
        clinicians=dict(counted.clinicians),
    )


def _signature(judges: Judges, whose: ThemeLabels, iap: Iap | None, plan: AgreePlan) -> str:
    themes = judges.themes.signature if whose is ThemeLabels.CLASSIFIER else "writers"
    clusters = max(iap.messages if iap else 1, 1)
    resampling = ResamplingPlan(clusters, plan.draws, plan.seed)
    return str(Signature(judges.content.signature, themes, resampling, card=judges.validity.speaking))
