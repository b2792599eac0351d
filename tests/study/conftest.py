"""A small study over a corpus of its own, a model with a script, and quick judges."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from redline.chat import ChatMessage, ChatRequest, ChatResult, Prices, Usage
from redline.corpus import Corpus
from redline.files import write_jsonl
from redline.judging import VerdictStore
from redline.records import Status
from redline.scoring import Judges
from redline.study import StudyPlace, StudySpec


@dataclass
class ScriptedModel:
    """Answers by a function of the request; counts what it was asked."""

    answer: Callable[[ChatRequest], ChatResult | str] = lambda request: f"Please rest. ({request.tag.case})"
    name: str = "scripted"
    digest: str = "scripted@1"
    window: int | None = None
    concurrent: int = 4
    prices: Prices = Prices(1.0, 1.0)
    asked: Counter[str] = field(default_factory=Counter)

    def tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(m.text) for m in messages)

    async def complete(self, request: ChatRequest) -> ChatResult:
        await asyncio.sleep(0)
        self.asked[request.tag.case if request.tag else ""] += 1
        found = self.answer(request)
        return found if isinstance(found, ChatResult) else ChatResult(Status.OK, found, "stop", Usage(100, 10))

    async def close(self) -> None:
        return None


def write_small(folder: Path, cases: int = 6) -> Path:
    """`cases` asked about and as many to learn from, two clinicians each."""
    rows, replies = [], []
    for split in ("train", "test"):
        for i in range(cases):
            words = f"My {PARTS[i % 8]} hurts since {i + 2} days. Should I rest it?"
            if split == "train":  # other words, or they would be near-duplicates of those asked about
                words = f"Swelling of the {PARTS[i % 8]} for {i + 2} weeks now; which cream do you suggest?"
            rows.append({"id": f"{split}{i}", "message": words, "split": split})
            for who, text in (
                ("c1", f"Rest the {PARTS[i % 8]}. Any fever?"),
                ("c2", "Thank you for writing. Call us in a week."),
            ):
                units = [
                    u.strip() + p
                    for u, p in zip(text.replace("?", ".").split("."), (". ", ". "), strict=False)
                    if u.strip()
                ]
                themes = (
                    [["treatment_planning"], ["symptom_questions"]]
                    if who == "c1"
                    else [["empathy"], ["care_coordination"]]
                )
                replies.append(
                    {
                        "case": f"{split}{i}",
                        "clinician": who,
                        "sentences": [{"text": u.strip(), "themes": t} for u, t in zip(units, themes, strict=True)],
                    }
                )
    write_jsonl(folder / "cases.jsonl", rows)
    write_jsonl(folder / "replies.jsonl", replies)
    return folder


PARTS = ("knee", "elbow", "back", "ankle", "wrist", "shoulder", "hip", "neck")


def small_spec(corpus: Path, **changes: Any) -> StudySpec:
    """One model under two strategies, and the retrieval drafter."""
    value: dict[str, Any] = {
        "name": "small", "strategies": ["zero_shot", "theme_guided", "retrieval_reply"],
        "corpora": [{"name": "small", "path": str(corpus), "split": "test", "learn_split": "train"}],
        "models": [{"use": "recorded:frontier-llm", "name": "scripted"}], "score": {"draws": 200}, "judge": {"name": "exact"},
    }  # fmt: skip
    return StudySpec.model_validate(value | changes)


def opened(spec: StudySpec, folder: Path, model: ScriptedModel | None = None) -> StudyPlace:
    """The place, with `model` in the place of the first one."""
    place = StudyPlace(spec, folder)
    if model is not None:
        place.__dict__["models"] = {spec.models[0].title: model}
    return place


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_small(tmp_path / "corpus")


@pytest.fixture
def quick_judges(word_judge, question_themes) -> Judges:
    return Judges(word_judge, question_themes, VerdictStore())


__all__ = ["Corpus", "ScriptedModel", "opened", "small_spec", "write_small"]
