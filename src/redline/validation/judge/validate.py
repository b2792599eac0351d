"""`redline validate`: a judge and a theme classifier against people, and people against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import redline
from redline.annotation import AnnotatedPair, ThemedText
from redline.errors import UsageError
from redline.records import Status, ThemeVerdict, Verdict, digest
from redline.scoring import Judges, Standing
from redline.stats.agreement import limits
from redline.taxonomy import Taxonomy, default_taxonomy
from redline.units import UNITS_VERSION
from redline.validation.cards.card import JudgeCard
from redline.validation.cards.material import pairs_digest, texts_digest
from redline.validation.cards.parts import (
    ContentFigures,
    ContentSection,
    Elsewhere,
    Material,
    Named,
    ThemeSection,
    Verdicts,
)
from redline.validation.cards.settings import Settings
from redline.validation.judge.asked import THEMED_PAIRS, ask
from redline.validation.judge.content_level import content_figures
from redline.validation.judge.stability import Resampling, content_stability, theme_stability
from redline.validation.judge.theme_level import theme_figures
from redline.validation.judge.unit_table import unit_table
from redline.validation.judge.verdicts import content_verdict, theme_verdict

__all__ = ["About", "Asked", "elsewhere", "validate"]


@dataclass(frozen=True)
class About:
    """What the card is about: a name and the provenance of the decisions, in words; and the date it was made on."""

    name: str
    provenance: str
    made_on: str


@dataclass(frozen=True)
class Asked:
    """How: resamples, seed, how many pairs (and texts) the stability tests draw (0: none), and of how many pairs the classifier
    is asked about texts that nobody labelled, for slices by theme.
    """

    draws: int = 4_000
    seed: int = 17
    stability: int = 20
    themed: int = THEMED_PAIRS

    def __post_init__(self) -> None:
        if self.seed < 0 or self.draws < 100 or min(self.stability, self.themed) < 0:
            raise UsageError(
                f"seed and numbers of pairs are not negative, draws are 100 or more; got {self.seed}, {self.stability}, "
                f"{self.themed}, {self.draws}"
            )


def validate(
    judges: Judges, pairs: Sequence[AnnotatedPair], texts: Sequence[ThemedText] = (), *, about: About,
    how: Asked | None = None, settings: Settings | None = None, taxonomy: Taxonomy | None = None,
    others: Sequence[Elsewhere] = (),
) -> JudgeCard:  # fmt: skip
    """The judge card of `judges` on annotated pairs, and on labelled texts where there are any.

    A unit that the judge failed on is counted and in no comparison.  `others` are outside validations that stand on the card
    beside it.  `UsageError` where there is nothing that anybody decided, or the judge decided nothing (its server is down).
    """
    how, settings, taxonomy = how or Asked(), settings or Settings(), taxonomy or default_taxonomy()
    _refuse_nothing(pairs)
    drawn = Resampling(how.draws, how.seed)
    answers = ask(judges, pairs, texts, seed=how.seed, stability=how.stability, themed=how.themed)
    _refuse_silence(judges, answers.content)
    themes = _theme_sets(texts, answers.themes, taxonomy)
    again = [v for i in answers.sample for v in answers.content[i]]
    stable = content_stability([pairs[i] for i in answers.sample], again, answers.again, drawn)
    content = content_figures(pairs, answers.content, themes, taxonomy.keys, stable, drawn, settings)
    section = ContentSection(**dict(content), verdict=content_verdict(content, settings))
    theme_section = None
    if texts:
        stable = theme_stability(judges, texts, how.stability, drawn)
        found = theme_figures(texts, answers.themes, taxonomy, stable, drawn, settings)
        theme_section = ThemeSection(**dict(found), verdict=theme_verdict(found, settings))
    return JudgeCard(
        redline=redline.__version__, made_on=about.made_on,
        judge=Named(name=judges.content.name, signature=judges.content.signature, units=UNITS_VERSION),
        themes=Named(name=judges.themes.name, signature=judges.themes.signature, units=UNITS_VERSION) if texts else None,
        material=_material(pairs, texts, about),
        verdict=Verdicts(
            content=section.verdict.standing,
            themes=theme_section.verdict.standing if theme_section else Standing.UNVALIDATED,
        ),
        content=section, themes_level=theme_section, elsewhere=tuple(others), settings=settings, draws=how.draws,
        seed=how.seed,
    )  # fmt: skip


def elsewhere(
    judges: Judges, pairs: Sequence[AnnotatedPair], *, name: str, provenance: str, how: Asked | None = None,
    settings: Settings | None = None,
) -> Elsewhere:  # fmt: skip
    """The content figures of other pairs, to stand on a card beside its own; no verdict, no slices by theme."""
    how, settings = how or Asked(stability=0), settings or Settings()
    _refuse_nothing(pairs)
    verdicts = ask(judges, pairs, (), seed=how.seed, stability=0, themed=0)
    drawn = Resampling(how.draws, how.seed)
    found: ContentFigures = content_figures(pairs, verdicts.content, {}, (), (), drawn, settings)
    units = sum(any(m is not None for m in unit) for p in pairs for unit in _decisions(p))
    return Elsewhere(
        name=name,
        provenance=provenance,
        pairs=len(pairs),
        cases=len({p.case for p in pairs}),
        units=units,
        content=found,
    )


def _refuse_nothing(pairs: Sequence[AnnotatedPair]) -> None:
    if not any(m is not None for p in pairs for unit in _decisions(p) for m in unit):
        raise UsageError("nobody decided about any unit, so there is nothing to validate against")


def _refuse_silence(judges: Judges, answers: Sequence[Sequence[Verdict]]) -> None:
    """A judge that never answered was not validated, and a card of it would stand in the place of a good one.

    One that answers and refuses every unit is: its card says that it is not valid.
    """
    statuses = Counter(v.status for verdicts in answers for v in verdicts)
    if statuses and statuses.keys() <= {Status.TIMEOUT, Status.MISSING}:
        why = ", ".join(f"{count:,} {status.value}" for status, count in statuses.most_common())
        raise UsageError(
            f"the judge {judges.content.name!r} gave no verdict on any of the {statuses.total():,} units ({why}), so no card was "
            "written; see that it answers (a model's server that is up, labels of these very texts), and run the same command again"
        )


def _decisions(pair: AnnotatedPair) -> list[tuple[bool | None, ...]]:
    """The annotators' decisions of each unit."""
    return list(zip(*((*a.deleted, *a.added) for a in pair.annotations), strict=True))


def _theme_sets(
    texts: Sequence[ThemedText], answers: dict[tuple[str, ...], tuple[ThemeVerdict, ...]], taxonomy: Taxonomy
) -> dict[tuple[str, ...], list[frozenset[str]]]:
    """Themes of every text's units: people's where they labelled it, else the classifier's (none where it failed)."""
    found = {
        units: [frozenset(v.themes) if v.status is Status.OK else frozenset[str]() for v in verdicts]
        for units, verdicts in answers.items()
    }
    return found | {t.units: [frozenset(keys) for keys in t.themes(taxonomy)] for t in texts}


def _unequal(pairs: Sequence[AnnotatedPair]) -> tuple[str, ...]:
    """A card counts every pair alike, also those that were drawn with unequal probabilities."""
    chances = [p.probability for p in pairs if p.probability is not None]
    if not chances or max(chances) < 1.5 * min(chances):
        return ()
    return (
        f"the pairs were drawn with probabilities from {min(chances):.2g} to {max(chances):.2g}, and count alike here: "
        "doubtful ones weigh more than in the whole corpus (`redline annotate sample --allocation proportional` draws them evenly)",
    )


def _material(pairs: Sequence[AnnotatedPair], texts: Sequence[ThemedText], about: About) -> Material:
    nothing = Verdict(Status.MISSING)
    table = unit_table(pairs, [[nothing] * (len(p.draft) + len(p.reference)) for p in pairs])
    decided = {name: int((column >= 0).sum()) for name, column in zip(table.annotators, table.decided.T, strict=True)}
    return Material(
        name=about.name, provenance=about.provenance, pairs=len(pairs), texts=len(texts),
        cases=len({p.case for p in pairs} | {t.case for t in texts}), units=len(table.cases), annotators=decided,
        digest=digest([pairs_digest(pairs), texts_digest(texts)]), pairs_digest=pairs_digest(pairs),
        texts_digest=texts_digest(texts) if texts else None, limits=(*limits(table.decided, table.cases), *_unequal(pairs)),
    )  # fmt: skip
