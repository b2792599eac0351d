"""A second run over 10,000 drafts with a warm store: how much faster, and without a model."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from common import arguments, finish, machine

from redline.corpus import load_corpus
from redline.judging import Pair, Runner, VerdictStore, content_judge, pair_questions
from redline.scoring.rows import draft_units, reply_units

DRAFTS = 10_000


def pairs() -> list[Pair]:
    """10,000 (draft, reply) pairs: the recorded drafts and replies of all cases, against replies of other cases too."""
    corpus = load_corpus("bundled")
    drafts = [draft_units(d) for d in corpus.drafts] + [reply_units(r) for r in corpus.replies]
    replies = [reply_units(r) for r in corpus.replies]
    found = []
    for step in range(1 + DRAFTS // len(drafts)):
        for number, draft in enumerate(drafts):
            if len(found) < DRAFTS:
                found.append(Pair(str(len(found)), draft, replies[(number * 7 + step * 131) % len(replies)]))
    return found


def main() -> None:
    """First run with the encoder, second one from the store, in this order in one process."""
    options = arguments(__doc__ or "")
    questions = [q for p in pairs() for q in pair_questions(p)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "verdicts.sqlite"
        began = time.perf_counter()
        with VerdictStore(path) as store:
            first, report = Runner(content_judge(), store).run_with_report(questions)
        cold = time.perf_counter() - began
        code = f"second run: {report.questions:,} questions, {report.distinct:,} distinct"
        warm, same, loaded = second_run(path, questions, first)
    print(code)
    print(f"first run {cold:.1f} s, second run {warm:.2f} s: {cold / warm:.0f} times faster; model loaded: {loaded}")
    bars = [
        ("times faster", cold / warm, 20.0, True),
        ("verdicts equal", float(same), 1.0, True),
        ("model loaded", float(loaded), 0.0, False),
    ]
    finish({"first_s": cold, "second_s": warm, "machine": machine("onnxruntime")}, bars, options.json)


def second_run(path: Path, questions: list, first: list) -> tuple[float, bool, bool]:
    """Seconds, whether the verdicts are the same, whether a session was made."""
    from redline.encoder.sessions import SessionPool

    made: list[object] = []
    original = SessionPool.__init__

    def counted(self: SessionPool, graph: Path, size: int) -> None:
        made.append(graph)
        original(self, graph, size)

    SessionPool.__init__ = counted  # type: ignore[method-assign]
    began = time.perf_counter()
    with VerdictStore(path) as store:
        again = Runner(content_judge(), store).run(questions)
    seconds = time.perf_counter() - began
    SessionPool.__init__ = original  # type: ignore[method-assign]
    return seconds, again == first, bool(made)


if __name__ == "__main__":
    main()
