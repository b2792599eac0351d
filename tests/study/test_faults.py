"""A study against a server that fails half of all attempts (the benchmark of the same name, small)."""

from pathlib import Path

from benchmarks.faulty_server import FaultyServer
from redline.files import write_jsonl
from redline.study import Bench, CorpusSpec, ModelSpec, StudyPlace, StudySpec, draft_study

FAULTS = {"429": 0.1, "500": 0.1, "stall": 0.1, "truncated": 0.1, "dropped": 0.1}


def test_every_task_is_done_once_or_counted_and_nothing_is_paid_twice(tmp_path: Path) -> None:
    count = 60
    rows = ({"id": f"m{i}", "message": f"My knee hurts since {i} days. Should I rest it?"} for i in range(count))
    write_jsonl(tmp_path / "c" / "cases.jsonl", rows)
    corpus = CorpusSpec(name="c", path=str(tmp_path / "c"))
    with FaultyServer(FAULTS, seed=3, stall_s=0.3, retry_after_s=0.02) as server:
        model = ModelSpec(use=f"openai:m@{server.url}", concurrent=8, timeout=0.15)
        spec = StudySpec(name="faults", strategies=("zero_shot",), corpora=(corpus,), models=(model,))
        for _ in range(4):
            bench = Bench(StudyPlace(spec, tmp_path / "out"))
            draft_study(bench)
            counts = bench.store.counts("c/m/zero_shot")
            calls = bench.store.spent()[0]
            bench.store.close()
            assert sum(counts.values()) == count and set(counts) <= {"ok", "timeout", "unparsable"}, counts
            assert not server.paid_twice()
            if counts["ok"] == count:
                break
        assert counts["ok"] == count == len(server.answered), f"{counts} after four runs"
        assert calls == sum(server.attempts.values()) and sum(server.failed.values()) > count / 4
