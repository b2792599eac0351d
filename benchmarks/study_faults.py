"""5,000 drafts from a server that fails half of all attempts, against the same study on a server that does not.

Five faults, 10 % of attempts each: 429 with Retry-After, 500, stalls, truncated JSON, dropped connections.  Every task must
be done once or be counted as failed, none lost, none answered (paid) twice; a second run then finishes what failed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import arguments, finish, machine
from benchmarks.faulty_server import FaultyServer
from redline.files import write_jsonl
from redline.study import Bench, CorpusSpec, ModelSpec, StudyPlace, StudySpec, draft_study

DRAFTS, CONCURRENT, DELAY = 5_000, 16, 0.05
FAULTS = {"429": 0.1, "500": 0.1, "stall": 0.1, "truncated": 0.1, "dropped": 0.1}


def make_corpus(folder: Path, count: int) -> None:
    """Distinct messages without replies: drafting needs none."""
    messages = ({"id": f"m{i}", "message": f"My knee hurts since {i} days. Should I rest it?"} for i in range(count))
    write_jsonl(folder / "cases.jsonl", messages)


def run(server: FaultyServer, corpus: Path, folder: Path) -> tuple[float, Counter[str]]:
    """Seconds of drafting, and drafts by status."""
    model = ModelSpec(use=f"openai:m@{server.url}", concurrent=CONCURRENT, timeout=0.5)
    spec = StudySpec(
        name="faults", strategies=("zero_shot",), corpora=(CorpusSpec(name="c", path=str(corpus)),), models=(model,)
    )
    bench = Bench(StudyPlace(spec, folder))
    began = time.monotonic()
    failures = draft_study(bench, changed=True)
    seconds = time.monotonic() - began
    assert not failures, failures
    counts = bench.store.counts(bench.place.cells[0].id)
    bench.store.close()
    return seconds, counts


def main() -> None:
    options = arguments(__doc__ or "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_corpus(folder / "corpus", DRAFTS)
        with FaultyServer(delay_s=DELAY) as server:
            clean, _ = run(server, folder / "corpus", folder / "clean")
        with FaultyServer(FAULTS, seed=7, stall_s=1.0, delay_s=DELAY, retry_after_s=0.2) as server:
            faulty, counts = run(server, folder / "corpus", folder / "faulty")
            waits, twice, failed = server.injected_wait, len(server.paid_twice()), dict(server.failed)
            again, after = run(server, folder / "corpus", folder / "faulty")
            twice_after = len(server.paid_twice())
    lost = DRAFTS - sum(counts.values())
    print(f"without faults {clean:.1f} s; with {sum(failed.values()):,} faults {faulty:.1f} s, {dict(counts)}")
    print(f"a second run {again:.1f} s, {dict(after)}")
    print(
        f"injected waits: {waits:.0f} s in all ({waits / CONCURRENT:.0f} s a connection; a Retry-After pauses all of them)"
    )
    figures = {
        "drafts": DRAFTS, "seconds_clean": clean, "seconds_faulty": faulty, "injected_wait": waits, "statuses": dict(counts),
        "statuses_after_second_run": dict(after), "faults": failed, "paid_twice": twice, **machine("openai"),
    }  # fmt: skip
    bars = [
        ("tasks lost", float(lost), 0, False),
        ("answered (paid) twice", float(twice + twice_after), 0, False),
        ("failed after a second run", float(DRAFTS - after["ok"]), 0.01 * DRAFTS, False),
        ("seconds with faults / (1.15 x without + injected waits)", faulty / (1.15 * clean + waits), 1, False),
    ]
    finish(figures, bars, options.json)


if __name__ == "__main__":
    main()
