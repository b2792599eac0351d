"""Shared fixtures: a tiny corpus, a judge with known answers, and the public data where it lies beside the checkout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from redline.corpus import bundled_path
from redline.judging import ContentQuestion, Scope, ThemeQuestion
from redline.records import Status, ThemeVerdict, Verdict

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def public_data() -> Path:
    """Folder of the public sets, or a skip that says why."""
    if not SHARED.is_dir():
        pytest.skip("the public data is not beside this checkout (../shared/data)")
    return SHARED


@pytest.fixture(scope="session")
def encoder_built() -> Path:
    """Folder of the bundled encoder."""
    return bundled_path().parent / "encoder"


@dataclass(frozen=True)
class WordJudge:
    """p_edit = share of the unit's words that the other text lacks: cheap, deterministic, symmetric."""

    name: str = "words"
    signature: str = "words@1"
    batch: int = 64
    scope: Scope = Scope.UNIT

    def judge(self, questions: Sequence[ContentQuestion]) -> list[Verdict]:
        result = []
        for q in questions:
            mine, other = set(q.unit.lower().split()), {w for u in q.other for w in u.lower().split()}
            p = len(mine - other) / len(mine) if mine else 1.0
            result.append(Verdict(Status.OK, p, p >= 0.5))
        return result


@dataclass(frozen=True)
class QuestionThemes:
    """A theme classifier that only knows question marks."""

    name: str = "marks"
    signature: str = "marks@1"
    batch: int = 64
    scope: Scope = Scope.UNIT

    def judge(self, questions: Sequence[ThemeQuestion]) -> list[ThemeVerdict]:
        return [
            ThemeVerdict(Status.OK, {}, ("symptom_questions",) if q.unit.endswith("?") else ("medical_assessment",))
            for q in questions
        ]


@pytest.fixture
def word_judge() -> WordJudge:
    return WordJudge()


@pytest.fixture
def question_themes() -> QuestionThemes:
    return QuestionThemes()
