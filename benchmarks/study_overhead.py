"""CPU time of the study engine for each draft of a recorded model: look up, read, flag, store.

Prompts are made by the strategy and are counted apart: they are the strategy's work, whoever runs it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import arguments, finish, machine
from redline.files import write_jsonl
from redline.study import Bench, CorpusSpec, ModelSpec, StudyPlace, StudySpec, draft_study
from redline.study.outcome import write_drafts

DRAFTS = 10_000


def main() -> None:
    options = arguments(__doc__ or "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reply = "Thank you for writing. Please rest the knee, take it easy on stairs, and call us if it is not better in a week."
        write_jsonl(
            folder / "corpus" / "cases.jsonl",
            ({"id": f"m{i}", "message": f"My knee hurts since {i} days. Should I rest it?"} for i in range(DRAFTS)),
        )
        write_jsonl(
            folder / "recorded.jsonl",
            ({"case": f"m{i}", "strategy": "zero_shot", "text": f"{reply} ({i})"} for i in range(DRAFTS)),
        )
        spec = StudySpec(
            name="overhead", strategies=("zero_shot",), corpora=(CorpusSpec(name="c", path=str(folder / "corpus")),),
            models=(ModelSpec(use=f"recorded:{folder / 'recorded.jsonl'}"),),
        )  # fmt: skip
        bench = Bench(StudyPlace(spec, folder / "study"))
        cell = bench.place.cells[0]
        bench.made_from(cell)
        work = bench.work(cell)
        tasks = bench.open_tasks(cell)
        began = time.process_time()
        for item in tasks:
            work.drafter.strategy.prepare(item.task, work.context)
        prompts = (time.process_time() - began) / DRAFTS
        began = time.process_time()
        draft_study(bench)
        write_drafts(bench, folder / "drafts.jsonl")
        whole = (time.process_time() - began) / DRAFTS
        began = time.process_time()
        draft_study(bench)
        again = (time.process_time() - began) / DRAFTS
        bench.store.close()
    print(f"{1e3 * whole:.3f} ms a draft, of which {1e3 * prompts:.3f} ms is the strategy's prompt")
    print(f"{1e3 * again:.3f} ms a draft when all is stored")
    figures = {
        "ms_a_draft": 1e3 * whole,
        "ms_of_prompt": 1e3 * prompts,
        "ms_when_stored": 1e3 * again,
        **machine("numpy"),
    }
    finish(figures, [("CPU ms a draft, prompt included", 1e3 * whole, 1.0, False)], options.json)


if __name__ == "__main__":
    main()
