"""The paraphrased prompt: another judge with another signature, asked of language models only."""

import json
from dataclasses import dataclass, field, replace

import pytest

from redline.annotation import AnnotatedPair, ThemedText
from redline.chat import ChatMessage, ChatRequest, ChatResult, Prices
from redline.judging import (
    PARAPHRASE,
    CascadeJudge,
    ExactJudge,
    LlmJudge,
    LlmThemeJudge,
    PanelJudge,
    VerdictStore,
    content_messages,
    pair_questions,
    paraphrased,
)
from redline.judging.llm_themes import THEMES_PARAPHRASE
from redline.records import Status
from redline.scoring import Judges
from redline.templates import read_template
from redline.validation.judge.stability import Resampling, ask_again, content_stability, theme_stability
from tests.validation.judged import ToldThemes, world


@dataclass
class Fickle:
    """Edits every unit, unless the prompt is in other words and `turns`."""

    turns: bool = True
    name: str = "fickle"
    digest: str = "0" * 16
    window: int | None = None
    concurrent: int = 4
    prices: Prices = Prices()
    seen: list[str] = field(default_factory=list)

    def tokens(self, messages: tuple[ChatMessage, ...]) -> int:
        return sum(len(m.text) for m in messages)

    async def complete(self, request: ChatRequest) -> ChatResult:
        text = request.messages[-1].text
        self.seen.append(text)
        again = "Here are two answers" in text and self.turns
        asked = text.split(" it: ")[-1].split(".")[0]
        found = [{"unit": int(i), "edited": not again} for i in asked.split(",")]
        return ChatResult(Status.OK, json.dumps({"verdicts": found}))

    async def close(self) -> None:
        return


def pairs() -> list[AnnotatedPair]:
    return world(8, errors={"a": 0.1})[0]


@pytest.mark.parametrize("turns", [True, False])
def test_a_judge_that_hangs_on_the_wording_is_found(turns: bool) -> None:
    model = Fickle(turns)
    judge = LlmJudge(model)
    judges, some = Judges(judge, ToldThemes(), VerdictStore()), pairs()[:6]
    first = judges.content_runner().run([q for p in some for q in pair_questions(p.pair)])
    found = content_stability(some, first, ask_again(judges, some, 3), Resampling(200, 3))
    tests = {t.name: t for t in found}
    assert set(tests) == {"repeat", "order", "swap", "paraphrase"}
    assert tests["paraphrase"].flips.estimate == float(turns) and tests["paraphrase"].units == 60
    assert tests["repeat"].flips.estimate == 0 and tests["repeat"].failed == 0
    asked = sum("Here are two answers" in text for text in model.seen)
    assert 12 <= asked <= 13  # a call a side of a pair; a batch may cut one in two


def test_the_default_signature_is_what_it_was_and_the_paraphrase_has_its_own() -> None:
    judge = LlmJudge(Fickle())
    other = replace(judge, prompt=PARAPHRASE)
    assert judge.signature == "llm:fickle+000000@" + judge.signature[-6:] and judge.signature != other.signature
    assert LlmJudge(Fickle(), prompt="content").signature == judge.signature
    assert other._spent is judge._spent  # a budget counts both


def test_the_paraphrase_has_the_same_slots_and_asks_for_the_same_answer() -> None:
    one, other = (read_template("judging", name) for name in ("content", PARAPHRASE))
    for part in (
        "{{reference}}",
        "{{draft}}",
        "{{question}}",
        '{"verdicts": [{"unit": <number>, "edited": <true or false>',
    ):
        assert one.count(part) == other.count(part) == 1
    assert one != other
    questions = pair_questions(pairs()[0].pair)[:6]
    assert content_messages(questions) != content_messages(questions, PARAPHRASE)


def test_every_language_model_in_a_panel_or_a_cascade_is_asked_in_other_words() -> None:
    model = LlmJudge(Fickle())
    panel = paraphrased(PanelJudge((ExactJudge(), CascadeJudge(ExactJudge(), model))))
    assert isinstance(panel, PanelJudge) and isinstance(panel.members[1], CascadeJudge)
    assert panel.members[0] == ExactJudge() and panel.members[1].second == replace(model, prompt=PARAPHRASE)
    first = paraphrased(CascadeJudge(model, ExactJudge()))
    assert first is not None and first.first.prompt == PARAPHRASE and first.second == ExactJudge()
    assert paraphrased(PanelJudge((ExactJudge(), ExactJudge()))) is None
    assert paraphrased(CascadeJudge(ExactJudge(), ExactJudge())) is None


@dataclass
class Wordy(Fickle):
    """Finds empathy everywhere, and planning when asked in other words."""

    async def complete(self, request: ChatRequest) -> ChatResult:
        text = request.messages[-1].text
        self.seen.append(text)
        again = "Here is a clinician's answer" in text and self.turns
        asked = text.split("nits to label: " if "nits to label: " in text else "Label these units: ")[1].split(".")[0]
        theme = "treatment_planning" if again else "empathy"
        return ChatResult(
            Status.OK, json.dumps({"labels": [{"unit": int(i), "themes": [theme]} for i in asked.split(",")]})
        )


@pytest.mark.parametrize("turns", [True, False])
def test_a_classifier_that_hangs_on_the_wording_is_found(turns: bool) -> None:
    judges = Judges(ExactJudge(), LlmThemeJudge(Wordy(turns)), VerdictStore())
    texts = [
        ThemedText(f"t{i}", f"s{i}", ("Sorry.", f"Take {i}."), ((("empathy",), ("empathy",)),), ("a",))
        for i in range(8)
    ]
    tests = {t.name: t for t in theme_stability(judges, texts, 8, Resampling(200, 3))}
    assert set(tests) == {"repeat", "order", "paraphrase"}
    assert tests["paraphrase"].flips.estimate == float(turns) and tests["paraphrase"].units == 16
    assert tests["order"].flips.estimate == 0


def test_the_classifiers_paraphrase_has_the_same_slots_and_a_signature_of_its_own() -> None:
    one, other = (read_template("judging", name) for name in ("themes", THEMES_PARAPHRASE))
    for part in ("{{themes}}", "{{residual}}", "{{units}}", "{{asked}}", '{"labels": [{"unit": <number>, "themes"'):
        assert one.count(part) == other.count(part) == 1
    judge = LlmThemeJudge(Wordy())
    assert judge.signature == LlmThemeJudge(Wordy(), prompt="themes").signature
    assert paraphrased(judge).signature != judge.signature  # type: ignore[union-attr]
