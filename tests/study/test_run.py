"""A study from nothing to its files: done once, resumed, isolated, within budget, refused when changed."""

import asyncio
import json
import threading
from pathlib import Path

import pytest

from redline.chat import ChatResult
from redline.errors import BudgetError, UsageError
from redline.records import Status
from redline.scoring import Judges
from redline.study import Bench, compare_cells, draft_study, plan_study, run_study, study_status
from redline.study.outcome import write_drafts
from tests.study.conftest import ScriptedModel, opened, small_spec, write_small


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "drafts.jsonl").read_text().splitlines()]


def test_the_three_files_and_the_table(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    model, out = ScriptedModel(), tmp_path / "out"
    told: list[tuple[str, int, int]] = []
    found = run_study(opened(small_spec(small), out, model), quick_judges, tell=lambda *t: told.append(t))
    assert not found.failures and sum(model.asked.values()) == 12
    assert {p.name for p in out.iterdir()} >= {
        "drafts.jsonl",
        "results.json",
        "report.html",
        "study.json",
        "study.sqlite",
    }
    drafts = rows(out)
    assert len(drafts) == 6 + 6 + 12 and {d["corpus"] for d in drafts} == {"small"}
    value = json.loads((out / "results.json").read_text())
    assert [c["system"] for c in value["study"]["cells"]] == [
        "scripted/zero_shot",
        "scripted/theme_guided",
        "no-model/retrieval_reply",
    ]
    assert {"scripted/zero_shot", "no-model/retrieval_reply", "another clinician (IAP)", "floor: no draft"} <= {
        c["name"] for c in value["cells"]
    }
    assert ("small/no-model/retrieval_reply", 12, 12) in told
    assert "How the drafts were made" in (out / "report.html").read_text()


def test_a_second_run_asks_nothing_and_writes_the_same_bytes(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    model, out = ScriptedModel(), tmp_path / "out"
    run_study(opened(small_spec(small), out, model), quick_judges)
    first = {n: (out / n).read_bytes() for n in ("drafts.jsonl", "results.json")}
    model.asked.clear()
    run_study(opened(small_spec(small), out, model), quick_judges)
    assert not model.asked and first == {n: (out / n).read_bytes() for n in first}


def test_a_retrieved_draft_is_never_the_target_s_own_reply(small: Path, tmp_path: Path) -> None:
    bench = Bench(opened(small_spec(small), tmp_path / "out", ScriptedModel()))
    draft_study(bench)
    write_drafts(bench, tmp_path / "out" / "drafts.jsonl")
    own = [d for d in rows(tmp_path / "out") if d["strategy"] == "retrieval_reply"]
    assert len(own) == 12 and all(d["retrieved"][0].startswith("train") and "past_reply" in d["flags"] for d in own)


def test_a_failing_row_is_counted_and_the_others_go_on(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    def answer(request):
        case = request.tag.case
        if case == "test0":
            raise RuntimeError(request.messages[-1].text)
        if case == "test1":
            return ChatResult(Status.TIMEOUT, detail="no answer within 1 s")
        return {"test2": "", "test3": "I'm sorry, but I can't help with that."}.get(case, "Rest it.")

    out = tmp_path / "out"
    run_study(opened(small_spec(small, strategies=["zero_shot"]), out, ScriptedModel(answer)), quick_judges)
    assert {d["case"]: d.get("status", "ok") for d in rows(out)} == {
        "test0": "failed", "test1": "timeout", "test2": "empty", "test3": "refused", "test4": "ok", "test5": "ok"
    }  # fmt: skip
    value = json.loads((out / "results.json").read_text())
    cell = next(c for c in value["cells"] if c["name"] == "scripted/zero_shot")
    assert cell["counts"]["not_drafted"] == 4 and cell["counts"]["comparisons"] == 4
    assert any(f["kind"] == "failed drafts" for f in value["findings"])
    everything = (out / "drafts.jsonl").read_text() + json.dumps(value)
    assert "hurts since" not in everything, "an error's words may be patient text"
    again = ScriptedModel(lambda request: "Rest it now.")
    run_study(opened(small_spec(small, strategies=["zero_shot"]), out, again), quick_judges)
    assert set(again.asked) == {"test0", "test1"}, "what may pass is tried again; a refusal stands"


def test_a_failing_cell_leaves_the_others(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    def answer(request):
        raise UsageError("the key is wrong: set OPENAI_API_KEY")

    out = tmp_path / "out"
    found = run_study(opened(small_spec(small), out, ScriptedModel(answer)), quick_judges)
    assert set(found.failures) == {"small/scripted/zero_shot", "small/scripted/theme_guided"}
    assert len(rows(out)) == 12
    bench = Bench(opened(small_spec(small), out, ScriptedModel()))
    assert {c.cell: c.why for c in study_status(bench).cells}["small/scripted/zero_shot"].startswith("the key is wrong")
    bench.store.close()
    assert not run_study(opened(small_spec(small), out, ScriptedModel()), quick_judges).failures
    assert len(rows(out)) == 24


def test_a_server_that_is_not_there_ends_the_cell_and_not_the_patience(tmp_path: Path) -> None:
    corpus = write_small(tmp_path / "corpus", 40)
    spec = small_spec(corpus, strategies=["zero_shot", "retrieval_reply"])
    model = ScriptedModel(lambda request: ChatResult(Status.TIMEOUT, detail="cannot connect to 127.0.0.1"))
    bench = Bench(opened(spec, tmp_path / "out", model))
    failures = draft_study(bench)
    assert (
        "Is the server running?" in failures["small/scripted/zero_shot"]
        and "cannot connect" in failures["small/scripted/zero_shot"]
    )
    assert sum(model.asked.values()) < 20 and bench.store.counts("small/no-model/retrieval_reply") == {"ok": 80}


def test_a_budget_stops_before_the_limit_and_goes_on(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    model = ScriptedModel()
    with pytest.raises(BudgetError, match=r"limit of 5 calls \(\[budget\] max_calls\)"):
        draft_study(Bench(opened(small_spec(small, budget={"max_calls": 5}), out, model)))
    assert sum(model.asked.values()) == 5
    bench = Bench(opened(small_spec(small, budget={"max_calls": 12}), out, model))
    draft_study(bench)
    assert sum(model.asked.values()) == 12 and max(model.asked.values()) == 2, "each of two prompts once"
    assert study_status(bench).calls == 12
    dear = ScriptedModel(prices=model.prices)
    with pytest.raises(BudgetError, match="money"):
        draft_study(Bench(opened(small_spec(small, budget={"max_cost": 0.002}), tmp_path / "dear", dear)))
    assert sum(dear.asked.values()) * dear.prices.of(100, 10) <= 0.002


def test_equal_requests_are_asked_once_also_at_the_same_time(small: Path, tmp_path: Path) -> None:
    spec = small_spec(small, strategies=["zero_shot"])
    bench = Bench(opened(spec, tmp_path / "out", model := ScriptedModel()))
    cases = bench.setup(bench.place.cells[0]).corpus.cases
    same = tuple(type(c)(c.id, "My knee hurts.", split="test") for c in cases)
    bench.place._open["asked:small"] = type(bench.setup(bench.place.cells[0]).corpus)("small", same)
    bench._setups.clear()
    bench._digests.clear()
    draft_study(bench)
    assert sum(model.asked.values()) == 1
    assert bench.store.counts(bench.place.cells[0].id) == {"ok": 6}


def test_a_changed_study_is_refused_with_what_changed(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    out = tmp_path / "out"
    run_study(opened(small_spec(small), out, ScriptedModel()), quick_judges)
    other = small_spec(small, drafting={"k": 3, "max_tokens": 50})
    with pytest.raises(UsageError) as error:
        run_study(opened(other, out, ScriptedModel()), quick_judges)
    assert "drafting.k: 5 before, 3 now" in str(error.value) and "--changed" in str(error.value)
    run_study(opened(small_spec(small, run={"workers": 3}), out, ScriptedModel()), quick_judges)
    model = ScriptedModel(digest="scripted@2")
    with pytest.raises(UsageError, match=r"models\.scripted"):
        run_study(opened(small_spec(small), out, model), quick_judges)
    run_study(opened(small_spec(small), out, model), quick_judges, changed=True)
    assert sum(model.asked.values()) == 12, "another model: every draft is made again"


def test_a_smaller_study_leaves_no_old_drafts(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    out = tmp_path / "out"
    run_study(opened(small_spec(small), out, ScriptedModel()), quick_judges)
    smaller = small_spec(
        small, corpora=[{"name": "small", "path": str(small), "split": "test", "learn_split": "train", "cases": 2}]
    )
    run_study(opened(smaller, out, ScriptedModel()), quick_judges, changed=True)
    assert len(rows(out)) == 2 + 2 + 4 and len({d["case"] for d in rows(out)}) == 2


def test_two_runs_in_one_folder_are_refused(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    inside, leave = threading.Event(), threading.Event()

    def answer(request):
        inside.set()
        leave.wait(20)
        return "Rest it."

    out = tmp_path / "out"
    first = threading.Thread(
        target=run_study, args=(opened(small_spec(small), out, ScriptedModel(answer)), quick_judges)
    )
    first.start()
    assert inside.wait(20)
    with pytest.raises(UsageError, match="another run is at work"):
        run_study(opened(small_spec(small), out, ScriptedModel()), quick_judges)
    leave.set()
    first.join()


def test_ctrl_c_keeps_what_was_finished(small: Path, tmp_path: Path) -> None:
    def answer(request):
        if request.tag.case == "test3":
            raise KeyboardInterrupt
        return "Rest it."

    model = ScriptedModel(answer, concurrent=1)
    with pytest.raises(KeyboardInterrupt):
        draft_study(Bench(opened(small_spec(small), tmp_path / "out", model)))
    again = ScriptedModel()
    bench = Bench(opened(small_spec(small), tmp_path / "out", again))
    assert bench.store.counts("small/scripted/zero_shot") == {"ok": 3}
    draft_study(bench)
    assert again.asked["test0"] == 1, "the other strategy only"


def test_nothing_to_learn_from_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    corpus = write_small(tmp_path / "corpus")
    spec = small_spec(corpus, corpora=[{"name": "small", "path": str(corpus), "split": "test", "learn_split": "test"}])
    model = ScriptedModel()
    with pytest.raises(UsageError, match=r"learns from past replies.*`learn`"):
        draft_study(Bench(opened(spec, tmp_path / "out", model)))
    assert not model.asked


def test_a_corpus_without_a_reply_can_be_drafted(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "cases.jsonl").write_text(
        '{"id": "a", "message": "My knee hurts."}\n{"id": "b", "message": "Thank you so much!"}\n'
    )
    spec = small_spec(tmp_path / "c", strategies=["zero_shot"], corpora=[{"name": "c", "path": str(tmp_path / "c")}])
    bench = Bench(opened(spec, tmp_path / "out", ScriptedModel()))
    draft_study(bench)
    write_drafts(bench, tmp_path / "out" / "drafts.jsonl")
    found = {d["case"]: d for d in rows(tmp_path / "out")}
    assert (
        found["b"]["status"] == "no_draft" and "no reply needed" in found["b"]["detail"] and "status" not in found["a"]
    )


def test_the_plan_counts_without_asking(small: Path, tmp_path: Path) -> None:
    model = ScriptedModel()
    bench = Bench(opened(small_spec(small, drafting={"max_tokens": 100}), tmp_path / "out", model), in_memory=True)
    found = plan_study(bench)
    assert not model.asked and not (tmp_path / "out").exists()
    zero = found.cells[0]
    assert (zero.tasks, zero.open, zero.calls, zero.tokens_out) == (6, 6, 6, 600)
    assert zero.money == pytest.approx((zero.tokens_in + 600) / 1e6) and found.total.tasks == 24
    # systems and their strangers against their replies, two floors, ceiling
    assert found.comparisons == 12 * (3 * 2 + 2) + 6 * 2


def test_comparing_two_rows_is_paired_and_names_typos(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    out = tmp_path / "out"
    run_study(opened(small_spec(small), out, ScriptedModel()), quick_judges)
    bench = Bench(opened(small_spec(small), out, ScriptedModel()))
    _, contrasts = compare_cells(bench, quick_judges, "no-model/retrieval_reply", "scripted/zero_shot")
    assert {c.measure for c in contrasts} >= {"content.f1", "theme.f1"} and contrasts[0].replies == 12
    with pytest.raises(UsageError, match="did you mean 'scripted/zero_shot'"):
        compare_cells(bench, quick_judges, "scripted/zero_shoot", "no-model/retrieval_reply")


def test_several_corpora_have_a_folder_each_and_an_overview(small: Path, tmp_path: Path, quick_judges: Judges) -> None:
    out = tmp_path / "out"
    corpora = [
        {"name": n, "path": str(small), "split": "test", "learn_split": "train", "cases": c}
        for n, c in (("one", 5), ("two", 6))
    ]
    found = run_study(opened(small_spec(small, corpora=corpora), out, ScriptedModel()), quick_judges)
    assert set(found.scored) == {"one", "two"}
    value = json.loads((out / "results.json").read_text())
    assert set(value["corpora"]) == {"one", "two"} and value["corpora"]["two"]["corpus"]["cases"] == 6
    page = (out / "report.html").read_text()
    assert 'href="corpora/two/report.html"' in page and (out / "corpora" / "two" / "report.html").stat().st_size > 1000
    assert {d["corpus"] for d in rows(out)} == {"one", "two"}


@pytest.mark.slow
def test_processes_give_the_same_bytes_as_one(tmp_path: Path, quick_judges: Judges) -> None:
    corpus = write_small(tmp_path / "corpus", 5)
    results = {}
    for name in ("serial", "process"):
        spec = small_spec(
            corpus,
            models=[{"use": "recorded:frontier-llm"}],
            strategies=["zero_shot", "retrieval_reply"],
            run={"executor": name},
        )
        run_study(opened(spec, tmp_path / name), quick_judges)
        results[name] = [(tmp_path / name / f).read_bytes() for f in ("drafts.jsonl", "results.json")]
    assert results["serial"] == results["process"]


def test_a_budget_over_processes_is_refused(small: Path, tmp_path: Path) -> None:
    spec = small_spec(small, run={"executor": "process"}, budget={"max_calls": 3})
    with pytest.raises(UsageError, match="serial"):
        draft_study(Bench(opened(spec, tmp_path / "out", ScriptedModel())))
    with pytest.raises(UsageError, match="did you mean 'process'"):
        draft_study(Bench(opened(small_spec(small, run={"executor": "proces"}), tmp_path / "o2", ScriptedModel())))


def test_many_tasks_run_at_once(small: Path, tmp_path: Path) -> None:
    busy, most = 0, 0

    class Slow(ScriptedModel):
        async def complete(self, request):
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0.01)
            busy -= 1
            return await super().complete(request)

    draft_study(Bench(opened(small_spec(small, strategies=["zero_shot"]), tmp_path / "out", Slow())))
    assert most == 4
