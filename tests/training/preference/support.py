"""A small corpus and judges without a model, so that every count of a build is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from redline.chat import ChatMessage, ChatRequest, ChatResult, Prices, Usage
from redline.corpus import Corpus
from redline.judging import ExactJudge, Scope, ThemeQuestion
from redline.records import Case, ChartSummary, Draft, Reply, Status, ThemeVerdict
from redline.scoring import Judges
from redline.taxonomy import default_taxonomy
from redline.training.preference import Check

SENTENCES = {
    "empathy": "I am sorry about your {x} pain.",
    "symptom_questions": "Is there any swelling around the {x}?",
    "medication_questions": "Which tablets do you take for the {x}?",
    "medical_assessment": "It is most likely a strain of the {x}.",
    "treatment_planning": "Please rest the {x} and use ice.",
    "contingency_planning": "If the {x} gets red or hot, call us.",
    "care_coordination": "We booked a visit for the {x} next week.",
    "patient_education": "A strain of the {x} usually heals in two weeks.",
}
PARTS = ("knee", "elbow", "ankle", "shoulder", "wrist", "hip", "heel", "thumb")
HABITS = {
    "c1": ("empathy", "symptom_questions", "treatment_planning"),
    "c2": ("medical_assessment", "treatment_planning", "contingency_planning"),
}


def themes_of(unit: str) -> tuple[str, ...]:
    """What the sentence's first words say, whatever part of the body it is about."""
    found = [
        k for k, s in SENTENCES.items() if all(w in unit for w in s.split("{x}")[0].strip().rstrip(".").split()[:3])
    ]
    return tuple(found[:1]) or ("other",)


@dataclass(frozen=True)
class KeywordThemes:
    """Themes by the sentences above; certain."""

    name: str = "keywords"
    signature: str = "keywords@1"
    scope: Scope = Scope.UNIT
    batch: int = 100
    themes: tuple[str, ...] = field(default_factory=lambda: default_taxonomy().keys)

    def judge(self, questions: Sequence[ThemeQuestion]) -> list[ThemeVerdict]:
        return [ThemeVerdict(Status.OK, {}, themes_of(q.unit)) for q in questions]


def check() -> Check:
    """The check over letters and keywords."""
    return Check(Judges(ExactJudge(), KeywordThemes()))


def reply_of(case: str, clinician: str, part: str, themes: Sequence[str]) -> Reply:
    units = tuple(SENTENCES[t].format(x=part) for t in themes)
    return Reply(case, clinician, " ".join(units), units, tuple((t,) for t in themes))


def small_corpus(cases: int = 8, *, drafts: bool = False) -> Corpus:
    """`cases` messages, each answered by c1 and c2 with three themes; case 1 lacks c1's empathy."""
    made, replies, found = [], [], []
    for i, part in enumerate(PARTS[:cases], start=1):
        key = f"t{i}"
        made.append(
            Case(
                key,
                f"My {part} hurts since Monday, what now?",
                ChartSummary(44, "F"),
                "train",
                "new_symptom",
                "routine",
            )
        )
        for who, themes in HABITS.items():
            replies.append(reply_of(key, who, part, themes[1:] if i == 1 and who == "c1" else themes))
        if drafts:
            found.append(Draft(key, "m", "zero_shot", f"Thank you for telling us about the {part}."))
    return Corpus("small", tuple(made), tuple(replies), tuple(found))


@dataclass
class Scripted:
    """A chat model that answers by a function of the request and counts its calls."""

    answer: object
    name: str = "scripted"
    digest: str = "scripted@1"
    window: int | None = None
    concurrent: int = 4
    prices: Prices = Prices()
    asked: list[ChatRequest] = field(default_factory=list)
    most: int = 0
    _now: int = 0

    def tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(m.text) for m in messages)

    async def complete(self, request: ChatRequest) -> ChatResult:
        import asyncio

        self.asked.append(request)
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0.001)
        self._now -= 1
        found = self.answer(request)  # type: ignore[operator]
        return found if isinstance(found, ChatResult) else ChatResult(Status.OK, found, "stop", Usage(10, 5))

    async def close(self) -> None: ...
