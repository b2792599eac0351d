"""Pairs with people's decisions and a judge that is told what to say, for the tests of validation."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from redline.annotation import AnnotatedPair, Annotation, ThemedText
from redline.judging import ContentQuestion, Direction, Scope, ThemeQuestion, VerdictStore
from redline.records import Status, ThemeVerdict, Verdict
from redline.scoring import Judges
from redline.taxonomy import default_taxonomy

THEMES = default_taxonomy().keys
EASY = 0.0


@dataclass
class Told:
    """Says of each unit what `says` holds by the unit's text, and a probability of 0.9 or 0.1; fails on `failing` units."""

    says: dict[str, bool]
    failing: frozenset[str] = frozenset()
    flips: float = 0.0
    by_role: bool = False
    name: str = "told"
    signature: str = "told@1"
    batch: int = 1000
    scope: Scope = Scope.UNIT
    asked: list[int] = field(default_factory=list)

    def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        self.asked.append(len(questions))
        return [self._one(q) for q in questions]

    def _one(self, q: ContentQuestion) -> Verdict:
        if q.unit in self.failing:
            return Verdict(Status.REFUSED, detail="told to")
        edited = self.says[q.unit]
        if self.by_role and (q.direction is Direction.DELETE) != q.unit.startswith("d"):
            edited = not edited
        return Verdict(Status.OK, 0.9 if edited else 0.1, edited)


@dataclass
class ToldThemes:
    """Themes of units by their text; `empathy` for the others."""

    says: dict[str, tuple[str, ...]] = field(default_factory=dict)
    name: str = "themes"
    signature: str = "themes@1"
    batch: int = 1000
    scope: Scope = Scope.UNIT
    themes: tuple[str, ...] = THEMES

    def judge(self, questions: Sequence[ThemeQuestion]) -> list[ThemeVerdict]:
        found = [self.says.get(q.unit, ("empathy",)) for q in questions]
        return [ThemeVerdict(Status.OK, {k: float(k in keys) for k in THEMES}, keys) for keys in found]


def judges(content: Told, themes: ToldThemes | None = None) -> Judges:
    """Both with a store in memory."""
    return Judges(content, themes or ToldThemes(), VerdictStore())


def world(
    messages: int = 30, *, errors: dict[str, float], judge_error: float = 0.1, seed: int = 0,
    sources: Sequence[str] = ("m/one", "m/two"), judge_errors: dict[str, float] | None = None,
) -> tuple[list[AnnotatedPair], Told]:  # fmt: skip
    """Pairs of 6 draft and 4 reference units, a source each in turn; annotators and judge mistake a truth at their rates.

    `judge_errors` gives the judge another rate of *keeping* edited units for drafts of a source.
    """
    rng = random.Random(seed)
    pairs, says = [], {}
    for m in range(messages):
        for k, source in enumerate(sources):
            draft = tuple(f"d{m}.{k}.{i}" for i in range(6))
            reference = tuple(f"r{m}.{k}.{i}" for i in range(4))
            lean = rng.choice((0.25, 0.75))
            truth = [rng.random() < lean for _ in (*draft, *reference)]
            marks = tuple(
                Annotation(name, *_split([t ^ (rng.random() < rate) for t in truth])) for name, rate in errors.items()
            )
            pairs.append(AnnotatedPair(f"p{m}.{k}", f"s{m}", draft, reference, marks, source, "c1"))
            for unit, edited in zip((*draft, *reference), truth, strict=True):
                says[unit] = edited ^ (rng.random() < judge_error)
                if judge_errors and edited and rng.random() < judge_errors.get(source, 0.0):
                    says[unit] = False
    return pairs, Told(says)


def _split(marks: list[bool]) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    return tuple(marks[:6]), tuple(marks[6:])


def themed(messages: int = 20, *, errors: dict[str, float], seed: int = 0) -> tuple[list[ThemedText], ToldThemes]:
    """Two texts of three units a message; annotators replace a unit's theme at their rates, the classifier at 0.1."""
    rng = random.Random(seed)
    texts, says = [], {}
    for m in range(messages):
        for k in range(2):
            units = tuple(f"t{m}.{k}.{i}" for i in range(3))
            truth = [rng.choice(THEMES[:4]) for _ in units]
            labels = tuple(
                tuple((rng.choice(THEMES[:4]) if rng.random() < rate else t,) for t in truth)
                for rate in errors.values()
            )
            texts.append(ThemedText(f"s{m}:c{k}", f"s{m}", units, labels, tuple(errors)))
            for unit, t in zip(units, truth, strict=True):
                says[unit] = (rng.choice(THEMES[:4]) if rng.random() < 0.1 else t,)
    return texts, ToldThemes(says)
