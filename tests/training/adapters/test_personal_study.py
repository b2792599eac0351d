"""A study whose model is another one for each clinician: drafts, keys, provenance, resumption."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from redline.chat import AdapterChoice, ChatRequest
from redline.corpus import load_corpus
from redline.drafting import Drafter, Prompted, Task, Written, strategy
from redline.errors import UsageError
from redline.records import Case, DraftStatus
from redline.scoring import Judges
from redline.study import Bench, draft_study, plan_study, run_study
from redline.study.grid import check_tasks, tasks_of
from tests.study.conftest import ScriptedModel, opened, small_spec, write_small


@dataclass
class PersonalModel(ScriptedModel):
    """One adapter for c1 and a shared one; says which adapter was asked."""

    personal: bool = True
    own: dict[str, str] = field(default_factory=lambda: {"c1": "c1@111111111111"})
    seen: Counter[str] = field(default_factory=Counter)

    def adapter_for(self, clinician: str | None) -> AdapterChoice:
        if clinician in self.own:
            return AdapterChoice(self.own[clinician])
        return AdapterChoice("shared@000000000000", "no adapter of this clinician: the shared adapter answered")

    async def complete(self, request: ChatRequest):
        self.seen[request.adapter] += 1
        return await super().complete(request)


def personal_model() -> PersonalModel:
    return PersonalModel(answer=lambda request: f"Please rest. ({request.adapter})", digest="personal@1")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_small(tmp_path / "corpus")


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "drafts.jsonl").read_text().splitlines()]


def test_every_strategy_drafts_for_each_clinician(small: Path, tmp_path: Path, word_judge, question_themes) -> None:
    from redline.judging import VerdictStore

    judges = Judges(word_judge, question_themes, VerdictStore())
    model, out = personal_model(), tmp_path / "out"
    spec = small_spec(small, strategies=["zero_shot", "rag"])
    assert plan_study(Bench(opened(spec, out, model), in_memory=True)).total.tasks == 2 * 6 * 2
    found = run_study(opened(spec, out, model), judges)
    assert not found.failures
    drafts = rows(out)
    assert len(drafts) == 24 and Counter(d["clinician"] for d in drafts) == {"c1": 12, "c2": 12}
    for d in drafts:
        own = d["clinician"] == "c1"
        adapter = "c1@111111111111" if own else "shared@000000000000"
        assert d["adapter"] == adapter and d["text"] == f"Please rest. ({adapter})"
        assert ("the shared adapter answered" in d.get("detail", "")) is not own
    assert model.seen == {"c1@111111111111": 12, "shared@000000000000": 12}, "equal words, separate completions"
    again = personal_model()
    run_study(opened(spec, out, again), judges)
    assert not again.seen, "nothing is asked twice"
    newer = personal_model()
    newer.own, newer.digest = {"c1": "c1@222222222222"}, "personal@2"
    draft_study(Bench(opened(spec, out, newer)), changed=True)
    assert newer.seen["c1@222222222222"] == 12


def test_clinicians_who_share_an_adapter_share_an_answer(small: Path, tmp_path: Path) -> None:
    """The prompt is the same and so is the adapter: asked once, drafted twice."""
    model = personal_model()
    model.own = {}
    bench = Bench(opened(small_spec(small, strategies=["zero_shot"]), tmp_path / "out", model))
    assert draft_study(bench) == {}
    assert (
        model.seen == {"shared@000000000000": 6} and sum(bench.store.counts("small/scripted/zero_shot").values()) == 12
    )


def test_a_model_of_one_adapter_drafts_once_a_message(small: Path, tmp_path: Path) -> None:
    model = ScriptedModel()
    draft_study(Bench(opened(small_spec(small, strategies=["zero_shot"]), tmp_path / "out", model)))
    assert sum(model.asked.values()) == 6


def test_tasks(small: Path) -> None:
    corpus = load_corpus(str(small)).only(split="test")
    one = strategy("zero_shot")
    assert len(list(tasks_of(corpus, one))) == 6
    both = list(tasks_of(corpus, one, personal=True))
    assert len(both) == 12 and {t.clinician for t in both} == {"c1", "c2"}
    assert [t.clinician for t in tasks_of(corpus, one, ("dr_x",), personal=True)] == ["dr_x"] * 6
    silent = corpus.__class__(corpus.name, corpus.cases, (), (), corpus.provenance)
    spec = small_spec(small).corpora[0]
    check_tasks(silent, one, spec)
    with pytest.raises(UsageError, match="a model with an adapter for each clinician drafts for a clinician"):
        check_tasks(silent, one, spec, personal=True)


def test_the_drafter_says_whose_adapter_answered() -> None:
    from redline.chat import ChatMessage, ChatResult
    from redline.records import Status

    drafter = Drafter(strategy("zero_shot"), personal_model())
    task = Task(Case("c", "My knee hurts. Should I rest?"), "c2")
    prompted = Prompted((ChatMessage("user", "x"),), cut="2 notes")
    request = drafter.request(task, prompted)
    assert request.adapter == "shared@000000000000" and request.tag.clinician == "c2"
    draft = drafter.finish(task, prompted, ChatResult(Status.OK, "Please rest it for a few days."))
    assert (draft.status, draft.clinician) == (DraftStatus.OK, "c2")
    assert draft.detail == "left out of the prompt: 2 notes; no adapter of this clinician: the shared adapter answered"
    own = drafter.finish(Task(task.case, "c1"), Prompted(prompted.messages), ChatResult(Status.OK, "Please rest it."))
    assert own.detail == "" and own.provenance.adapter == "c1@111111111111"
    written = drafter.finish(task, Written("Please rest."), None)
    assert written.provenance.adapter is None and written.detail == "", "no model was asked"
    assert drafter.failed(task, ValueError()).clinician == "c2"


@pytest.mark.slow
def test_the_whole_way_with_a_local_model(small: Path, tmp_path: Path, make, llama: Path, base) -> None:
    from redline.training.adapters import bind, save_adapter

    folder = tmp_path / "adapters"
    own = save_adapter(make(2, lora_alpha=32), folder, "c1", base=base, clinician="c1")
    bind(folder, own.id, "c1")
    spec = small_spec(
        small, strategies=["zero_shot"], models=[{"use": f"hf:{llama}+{folder}", "name": "personal", "window": 4000}],
        drafting={"max_tokens": 5},
    )  # fmt: skip
    from redline.study import StudyPlace
    from redline.study.outcome import write_drafts

    bench = Bench(StudyPlace(spec, tmp_path / "out"))
    assert draft_study(bench) == {}
    write_drafts(bench, tmp_path / "out" / "drafts.jsonl")
    found = {(d["case"], d["clinician"]): d for d in rows(tmp_path / "out")}
    assert len(found) == 12
    assert {d.get("adapter") for (_, who), d in found.items() if who == "c1"} == {own.id}
    assert {d.get("adapter") for (_, who), d in found.items() if who == "c2"} == {None}
