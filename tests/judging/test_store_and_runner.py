"""Store and runner: once ever, in order, resumable, never a failure as a number."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from redline.errors import BudgetError, InputError, JudgeError
from redline.judging import (
    Budget,
    ContentQuestion,
    Cost,
    Direction,
    ExactJudge,
    Pair,
    Runner,
    Scope,
    VerdictStore,
    pair_questions,
)
from redline.judging.explain import explain_miss
from redline.judging.single_flight import SingleFlight
from redline.judging.store import decode, encode
from redline.records import Status, Verdict


class Counting:
    """Counts what it is asked; p_edit is a function of the unit alone."""

    name, signature, batch, scope = "counting", "counting@1", 4, Scope.UNIT

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lock = threading.Lock()

    def judge(self, questions):
        with self.lock:
            self.asked += [q.unit for q in questions]
        return [Verdict(Status.OK, len(q.unit) / 100, False) for q in questions]


def asked(*units: str) -> list[ContentQuestion]:
    return [ContentQuestion(Direction.DELETE, (u,), ("Rest.",), 0) for u in units]


def test_each_question_once_and_in_order() -> None:
    judge, store = Counting(), VerdictStore()
    questions = asked("aaa", "b", "aaa", "  aaa ", "cc")
    verdicts, report = Runner(judge, store).run_with_report(questions)
    assert [v.p_edit for v in verdicts] == [0.03, 0.01, 0.03, 0.03, 0.02]
    assert sorted(judge.asked) == ["aaa", "b", "cc"]
    assert (report.questions, report.distinct, report.stored, report.judged) == (5, 3, 0, 3)
    again, second = Runner(judge, store).run_with_report(questions)
    assert again == verdicts and second.judged == 0 and len(judge.asked) == 3


def test_repetition_is_part_of_the_key() -> None:
    judge, store = Counting(), VerdictStore()
    Runner(judge, store).run(asked("a"))
    Runner(judge, store, repetition=1).run(asked("a"))
    assert judge.asked == ["a", "a"]


def test_direction_and_other_text_are_part_of_the_key() -> None:
    judge = Counting()
    questions = [
        ContentQuestion(Direction.DELETE, ("a",), ("x",), 0),
        ContentQuestion(Direction.ADD, ("a",), ("x",), 0),
        ContentQuestion(Direction.DELETE, ("a",), ("y",), 0),
    ]
    Runner(judge, VerdictStore()).run(questions)
    assert len(judge.asked) == 3


def test_64_runs_at_once_share_one_call() -> None:
    judge, store, flights = Counting(), VerdictStore(), SingleFlight()
    barrier = threading.Barrier(16)
    results = []

    def work() -> None:
        barrier.wait()
        results.append(Runner(judge, store, flights=flights).run(asked("a", "bb", "ccc")))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 16 and all(r == results[0] for r in results)
    assert sorted(judge.asked) == ["a", "bb", "ccc"]


class Flaky(Counting):
    """Times out on units that start with t, refuses those with r."""

    def judge(self, questions):
        super().judge(questions)
        kinds = {"t": Status.TIMEOUT, "r": Status.REFUSED}
        return [Verdict(kinds[q.unit[0]]) if q.unit[0] in kinds else Verdict(Status.OK, 0.5, True) for q in questions]


def test_failures_are_statuses_and_timeouts_are_asked_again() -> None:
    judge, store = Flaky(), VerdictStore()
    first = Runner(judge, store).run(asked("tt", "rr", "ok"))
    assert [v.status for v in first] == [Status.TIMEOUT, Status.REFUSED, Status.OK]
    judge.asked.clear()
    Runner(judge, store).run(asked("tt", "rr", "ok"))
    assert judge.asked == ["tt"]
    judge.asked.clear()
    Runner(judge, store, retry_failed=True).run(asked("tt", "rr", "ok"))
    assert sorted(judge.asked) == ["rr", "tt"]


def test_a_retry_heals_the_store() -> None:
    """A stored failure is replaced by an answer; an answer is never replaced."""
    judge, store = Flaky(), VerdictStore()
    Runner(judge, store).run(asked("rr"))
    healed = Counting()
    healed.signature = judge.signature
    Runner(healed, store, retry_failed=True).run(asked("rr"))
    assert Runner(judge, store).run(asked("rr"))[0].status is Status.OK


class Paid(Counting):
    def estimate(self, questions) -> Cost:
        return Cost(len(questions), 0, 0, 1.0 * len(questions))

    def spent(self) -> Cost:
        return Cost(len(self.asked), 0, 0, 1.0 * len(self.asked))


def test_a_paid_judge_stops_before_its_limit_and_goes_on_later() -> None:
    judge, store = Paid(), VerdictStore()
    questions = asked(*"abcdefghij")
    with pytest.raises(BudgetError, match="2 questions are left"):
        Runner(judge, store, budget=Budget(max_money=9.0)).run(questions)
    assert len(judge.asked) == 8 and len(store) == 8
    assert Runner(judge, store).estimate(questions)[0] == 2
    Runner(judge, store).run(questions)
    assert len(judge.asked) == 10


def test_a_judge_that_miscounts_is_an_error() -> None:
    class Wrong(Counting):
        def judge(self, questions):
            return []

    with pytest.raises(JudgeError, match="gave 0 verdicts"):
        Runner(Wrong(), VerdictStore()).run(asked("a"))


def test_verdicts_come_back_bit_for_bit() -> None:
    verdict = Verdict(Status.OK, 0.1 + 0.2, True, 3, votes=(1 / 3, 0.7))
    assert decode(encode(verdict)) == verdict


def test_the_store_holds_no_text(tmp_path: Path) -> None:
    store = VerdictStore(tmp_path / "v.sqlite")
    Runner(ExactJudge(), store).run(asked("Unforgettable wording of a patient."))
    store.close()
    content = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"Unforgettable" not in content


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "v.sqlite"
    path.write_text("this is no database, and long enough to be looked at as one " * 40)
    with pytest.raises(InputError, match="is not a usable verdict store"):
        VerdictStore(path)


def test_why_miss_names_the_difference() -> None:
    store = VerdictStore()
    Runner(Counting(), store).run(asked("a"))
    moved = ContentQuestion(Direction.DELETE, ("a",), ("Walk.",), 0)
    assert "a changed other text" in explain_miss(Counting(), moved, store)
    assert "another judge" in explain_miss(ExactJudge(), asked("a")[0], store)
    assert explain_miss(Counting(), asked("a")[0], store).startswith("hit")


KILLED = """
import os, signal, sys
from redline.judging import Runner, VerdictStore, Scope, ContentQuestion, Direction
from redline.records import Status, Verdict
class Judge:
    name, signature, batch, scope = "slow", "slow@1", 10, Scope.UNIT
    batches = 0
    def judge(self, questions):
        Judge.batches += 1
        print(len(questions), flush=True)
        if Judge.batches == {stop}:
            os.kill(os.getpid(), signal.SIGKILL)
        return [Verdict(Status.OK, 0.5, True) for _ in questions]
questions = [ContentQuestion(Direction.DELETE, (f"unit {{i}}",), ("x",), 0) for i in range(95)]
Runner(Judge(), VerdictStore(sys.argv[1])).run(questions)
"""


def test_kill_loses_at_most_one_batch_and_repeats_none(tmp_path: Path) -> None:
    path = str(tmp_path / "v.sqlite")
    first = _run(KILLED.format(stop=4), path)
    assert first.returncode == -signal.SIGKILL
    with VerdictStore(path) as store:
        assert len(store) == 30
    second = _run(KILLED.format(stop=-1), path)
    assert second.returncode == 0
    assert sum(map(int, second.stdout.split())) == 65


def _run(code: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), path],
        capture_output=True,
        text=True,
        env=dict(os.environ),
        check=False,
    )


def test_pair_scope_keys_cover_the_own_text() -> None:
    class Reads(Counting):
        scope = Scope.PAIR

    judge = Reads()
    questions = pair_questions(Pair("1", ("a", "b"), ("c",))) + pair_questions(Pair("2", ("a", "z"), ("c",)))
    Runner(judge, VerdictStore()).run([q for q in questions if q.unit == "a"])
    assert judge.asked == ["a", "a"]
