"""What a study must not do: leak, lie, be led, or lose money.  Each of these was found by trying to break it."""

import json
from pathlib import Path

import pytest

from redline.chat import ChatResult, Prices, RecordedModel, Usage
from redline.corpus import load_corpus
from redline.errors import BudgetError, InputError, UsageError
from redline.files import write_jsonl
from redline.records import Status
from redline.scoring import Judges
from redline.study import Bench, StudyPlace, StudySpec, draft_study, run_study
from redline.study.outcome import write_drafts
from tests.study.conftest import ScriptedModel, opened, small_spec, write_small


def drafts(bench: Bench, folder: Path) -> list[dict]:
    write_drafts(bench, folder / "d.jsonl")
    return [json.loads(line) for line in (folder / "d.jsonl").read_text().splitlines()]


def test_halves_of_characters_and_invisible_marks_do_not_break_the_files(
    small: Path, tmp_path: Path, quick_judges: Judges
) -> None:
    texts = {"test0": "Rest it \ud83d", "test1": "Take \u202e5 mg\x07 now.", "test2": "\u200b\x00"}
    model = ScriptedModel(lambda request: texts.get(request.tag.case, "Rest it."))
    out = tmp_path / "out"
    run_study(opened(small_spec(small, strategies=["zero_shot"]), out, model), quick_judges)
    found = {d["case"]: d for d in map(json.loads, (out / "drafts.jsonl").read_text(encoding="utf-8").splitlines())}
    assert found["test0"]["text"] == "Rest it \ufffd" and found["test2"]["status"] == "empty"
    assert found["test1"]["text"] == "Take 5 mg now." and "invisible" in found["test1"]["flags"]
    write_jsonl(small / "drafts.jsonl", found.values())
    assert len(load_corpus(str(small)).drafts) == 6, "our own reader takes what we write"


def test_the_target_s_reply_is_not_learned_under_another_id(small: Path, tmp_path: Path) -> None:
    cases = [json.loads(line) for line in (small / "cases.jsonl").read_text().splitlines()]
    asked = next(c for c in cases if c["id"] == "test0")
    cases.append({**asked, "id": "old", "message": "Fwd: " + asked["message"], "split": "train"})
    write_jsonl(small / "cases.jsonl", cases)
    replies = [json.loads(line) for line in (small / "replies.jsonl").read_text().splitlines()]
    replies.append(
        {"case": "old", "clinician": "c1", "text": "Call us if you cannot swallow at all, that is the secret."}
    )
    write_jsonl(small / "replies.jsonl", replies)
    seen: list[str] = []
    model = ScriptedModel(lambda request: seen.append(request.messages[-1].text) or "Rest it.")
    bench = Bench(opened(small_spec(small, strategies=["personal", "rag"]), tmp_path / "out", model))
    draft_study(bench)
    assert "old" not in bench.setup(bench.place.cells[0]).learned.by_id
    assert seen and not any("secret" in text for text in seen)


def test_equal_ids_in_another_source_are_other_cases(small: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "l" / "cases.jsonl", [{"id": "test0", "message": "A rash on both arms after the new soap."}])
    write_jsonl(tmp_path / "l" / "replies.jsonl", [{"case": "test0", "clinician": "c1", "text": "Stop the soap."}])
    spec = small_spec(
        small, corpora=[{"name": "small", "path": str(small), "split": "test", "learn": str(tmp_path / "l")}]
    )
    bench = Bench(opened(spec, tmp_path / "out", ScriptedModel()))
    assert [c.id for c in bench.setup(bench.place.cells[0]).learned.cases] == ["learned:test0"]


def test_another_unanswered_case_s_text_is_flagged(tmp_path: Path) -> None:
    secret = "I have been hearing voices since my brother moved out in spring."
    write_jsonl(
        tmp_path / "c" / "cases.jsonl", [{"id": "a", "message": "My knee hurts."}, {"id": "b", "message": secret}]
    )
    spec = small_spec(tmp_path / "c", strategies=["zero_shot"], corpora=[{"name": "c", "path": str(tmp_path / "c")}])
    bench = Bench(opened(spec, tmp_path / "out", ScriptedModel(lambda request: f"You say: {secret}")))
    draft_study(bench)
    found = {d["case"]: d.get("flags", []) for d in drafts(bench, tmp_path)}
    assert "another_case" in found["a"] and "another_case" not in found["b"]


def test_recorded_answers_belong_to_their_task(tmp_path: Path) -> None:
    """Two cases with one message: the prompt is the same, the recorded drafts are not."""
    write_jsonl(tmp_path / "c" / "cases.jsonl", [{"id": i, "message": "My knee hurts."} for i in ("a", "b")])
    write_jsonl(
        tmp_path / "r.jsonl", [{"case": i, "strategy": "zero_shot", "text": f"Draft for {i}."} for i in ("a", "b")]
    )
    spec = StudySpec.model_validate(
        {
            "name": "x",
            "strategies": ["zero_shot"],
            "corpora": [{"name": "c", "path": str(tmp_path / "c")}],
            "models": [{"use": f"recorded:{tmp_path / 'r.jsonl'}"}],
            "budget": {"max_calls": 0},
        }
    )
    for _ in range(2):
        bench = Bench(StudyPlace(spec, tmp_path / "out"))
        draft_study(bench)
        assert [d["text"] for d in drafts(bench, tmp_path)] == ["Draft for a.", "Draft for b."], "and it costs no call"
        bench.store.close()
    assert isinstance(next(iter(bench.place.models.values())), RecordedModel)


def test_two_models_may_share_one_server(small: Path, tmp_path: Path) -> None:
    spec = small_spec(
        small,
        strategies=["zero_shot"],
        models=[{"use": "openai:m@http://127.0.0.1:9/v1", "name": n, "window": w} for n, w in (("a", 500), ("b", 900))],
    )
    place = StudyPlace(spec, tmp_path)
    assert [c.system for c in place.cells] == ["a/zero_shot", "b/zero_shot"]
    assert [m.window for m in place.models.values()] == [500, 900]


def test_what_a_server_does_not_count_is_booked_at_the_bound(small: Path, tmp_path: Path) -> None:
    model = ScriptedModel(
        lambda request: ChatResult(Status.OK, "Rest it.", "stop", Usage()), prices=Prices(1000.0, 1000.0)
    )
    with pytest.raises(BudgetError):
        draft_study(Bench(opened(small_spec(small, budget={"max_cost": 5}), tmp_path / "out", model)))
    bench = Bench(opened(small_spec(small, budget={"max_cost": 5}), tmp_path / "out", model))
    assert 0 < bench.store.spent()[3] <= 5
    with pytest.raises(BudgetError, match="tokens"):
        draft_study(Bench(opened(small_spec(small, budget={"max_tokens": 900}), tmp_path / "o2", ScriptedModel())))


def test_a_limit_of_money_needs_prices_for_a_remote_model(small: Path, tmp_path: Path) -> None:
    spec = small_spec(small, models=[{"use": "openai:m@https://api.example.org/v1"}], budget={"max_cost": 5})
    with pytest.raises(UsageError, match="nobody knows what it costs"):
        draft_study(Bench(StudyPlace(spec, tmp_path / "out", frozenset({"api.example.org"}))))


def test_paid_requests_under_way_are_kept_when_one_is_fatal(small: Path, tmp_path: Path) -> None:
    import asyncio

    class Slow(ScriptedModel):
        async def complete(self, request):
            if request.tag.case == "test0":
                raise UsageError("the key is wrong")
            await asyncio.sleep(0.2)
            return await super().complete(request)

    bench = Bench(opened(small_spec(small, strategies=["zero_shot"]), tmp_path / "out", model := Slow()))
    assert "the key is wrong" in draft_study(bench)["small/scripted/zero_shot"]
    assert (
        sum(model.asked.values()) == 3 == bench.store.spent()[0] == bench.store.counts("small/scripted/zero_shot")["ok"]
    )


def test_a_baseline_is_checked_first_and_a_failed_one_falls_back(
    small: Path, tmp_path: Path, quick_judges: Judges
) -> None:
    model = ScriptedModel(lambda request: ChatResult(Status.TIMEOUT, detail="gone"))
    typo = small_spec(small, score={"draws": 200, "baseline": "scripted/zero_shoot"})
    with pytest.raises(UsageError, match="did you mean 'scripted/zero_shot'"):
        run_study(opened(typo, tmp_path / "o1", model), quick_judges)
    assert not model.asked
    spec = small_spec(small, score={"draws": 200, "baseline": "scripted/zero_shot"})
    found = run_study(opened(spec, tmp_path / "o2", model), quick_judges)
    assert "not one draft came about: timeout 6" in found.failures["small/scripted/zero_shot"]
    assert found.scored["small"].table.baseline != "scripted/zero_shot"


def test_an_edited_taxonomy_is_another_study(small: Path, tmp_path: Path) -> None:
    source = Path(load_corpus.__code__.co_filename).parents[1] / "resources" / "taxonomy.yaml"
    path = tmp_path / "t.yaml"
    path.write_text(source.read_text())
    model = ScriptedModel()
    spec = small_spec(small, strategies=["theme_guided"], taxonomy=str(path))
    draft_study(Bench(opened(spec, tmp_path / "out", model)))
    path.write_text(source.read_text().replace("Symptom Questions", "Questions About Symptoms"))
    with pytest.raises(UsageError, match=r"digests\.taxonomy"):
        draft_study(Bench(opened(spec, tmp_path / "out", model)))
    draft_study(Bench(opened(spec, tmp_path / "out", model)), changed=True)
    assert set(model.asked.values()) == {2}, "the prompt changed, so every draft is made again"


def test_a_moved_corpus_is_the_same_study(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_small(tmp_path / name)
    draft_study(Bench(opened(small_spec(tmp_path / "one"), tmp_path / "out", ScriptedModel())))
    model = ScriptedModel()
    draft_study(Bench(opened(small_spec(tmp_path / "two"), tmp_path / "out", model)))
    assert not model.asked


def test_a_personal_strategy_needs_somebody_to_draft_for(small: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "c" / "cases.jsonl", [{"id": "a", "message": "My ear is ringing since the concert."}])
    corpus = {"name": "c", "path": str(tmp_path / "c"), "learn": str(small)}
    with pytest.raises(UsageError, match="say for whom"):
        draft_study(
            Bench(
                opened(small_spec(small, strategies=["personal"], corpora=[corpus]), tmp_path / "o1", ScriptedModel())
            )
        )
    spec = small_spec(small, strategies=["personal"], corpora=[corpus | {"clinicians": ["c1", "c2", "nobody"]}])
    bench = Bench(opened(spec, tmp_path / "o2", ScriptedModel()))
    draft_study(bench)
    assert {d["clinician"]: d.get("status", "ok") for d in drafts(bench, tmp_path)} == {
        "c1": "ok",
        "c2": "ok",
        "nobody": "no_draft",
    }


def test_one_unanswered_corpus_does_not_keep_the_others_from_their_scores(
    small: Path, tmp_path: Path, quick_judges: Judges
) -> None:
    write_jsonl(tmp_path / "c" / "cases.jsonl", [{"id": "a", "message": "My ear is ringing since the concert."}])
    corpora = [
        {"name": "results.json", "path": str(small), "split": "test", "learn_split": "train"},
        {"name": "index", "path": str(tmp_path / "c")},
    ]
    found = run_study(
        opened(small_spec(small, strategies=["zero_shot"], corpora=corpora), tmp_path / "out", ScriptedModel()),
        quick_judges,
    )
    assert set(found.scored) == {"results.json"}
    value = json.loads((tmp_path / "out" / "results.json").read_text())
    assert value["corpora"]["index"]["cells"] == [] and value["corpora"]["index"]["study"]["cells"][0]["statuses"] == {
        "ok": 1
    }


def test_a_fault_in_a_plug_in_ends_its_cell_only(small: Path, tmp_path: Path) -> None:
    class Leaky(ScriptedModel):
        async def close(self) -> None:
            raise ValueError("My knee hurts")

    bench = Bench(opened(small_spec(small), tmp_path / "out", Leaky()))
    failures = draft_study(bench)
    assert "ValueError in the code of this cell" in failures["small/scripted/zero_shot"] and "knee" not in str(failures)
    assert bench.store.counts("small/no-model/retrieval_reply") == {"ok": 12}


async def in_a_notebook(bench: Bench) -> None:
    draft_study(bench)


def test_it_runs_inside_a_running_event_loop(small: Path, tmp_path: Path) -> None:
    import asyncio

    bench = Bench(opened(small_spec(small, strategies=["zero_shot"]), tmp_path / "out", ScriptedModel()))
    asyncio.run(in_a_notebook(bench))
    assert bench.store.counts("small/scripted/zero_shot") == {"ok": 6}


def test_a_worker_s_input_error_comes_back_whole() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(InputError.single("a.jsonl", "is empty", line=3, hint="Fill it.")))
    assert str(error) == "a.jsonl, line 3: is empty\nFill it."


def test_out_that_is_a_file_is_said(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(InputError, match="cannot be made a folder"):
        run_study(opened(small_spec(small), tmp_path / "f", ScriptedModel()), quick_judges)
