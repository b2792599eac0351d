"""What happens with very many messages: time and memory stay in proportion."""

import time
import tracemalloc

import pytest

from redline.judging import ContentQuestion, Direction, ExactJudge, Runner, VerdictStore


@pytest.mark.slow
def test_a_hundred_thousand_questions(tmp_path) -> None:
    questions = [
        ContentQuestion(Direction.DELETE, (f"Unit number {i}.",), (f"Reply {i % 5000}.",), 0) for i in range(100_000)
    ]
    tracemalloc.start()
    began = time.perf_counter()
    with VerdictStore(tmp_path / "v.sqlite") as store:
        first = Runner(ExactJudge(), store).run(questions)
        seconds = time.perf_counter() - began
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(store) == 100_000
        again, report = Runner(ExactJudge(), store).run_with_report(questions)
    assert again == first and report.judged == 0
    assert peak < 600e6 and seconds < 120
