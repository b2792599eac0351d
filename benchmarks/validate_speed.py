"""`redline validate` on 500 pairs and 3 annotators with a cold store: everything, from reading the files to the page."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import arguments, finish, machine

from redline.corpus import bundled_rows

PAIRS, ANNOTATORS, FLIPS = 500, ("a", "b", "c"), 0.08
SECONDS = 20.0


def write(folder: Path) -> int:
    """Pairs of the bundled train side; each annotator is the bundled one with some marks flipped, by a seed."""
    marks = {row["pair"]: row for row in bundled_rows("edits_train")}
    rows = [row for row in bundled_rows("pairs_train") if row["id"] in marks][:PAIRS]
    rng = random.Random(17)
    edits = [
        {"pair": row["id"], "annotator": name}
        | {side: [m ^ (rng.random() < FLIPS) for m in marks[row["id"]][side]] for side in ("deleted", "added")}
        for row in rows
        for name in ANNOTATORS
    ]
    for name, lines in (("pairs", rows), ("edits", edits)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return sum(len(row["draft"]) + len(row["reference"]) for row in rows)


def main() -> None:
    """One run of the command, as a user starts it."""
    options = arguments(__doc__ or "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        units = write(folder)
        command = [sys.executable, "-c", "from redline.cli import main; main()"]
        began, before = time.perf_counter(), os.times()
        subprocess.run([*command, *arguments_of(folder)], check=True, stdout=subprocess.DEVNULL)
        seconds, after = time.perf_counter() - began, os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    figures = {
        "pairs": PAIRS,
        "annotators": len(ANNOTATORS),
        "units": units,
        "seconds": seconds,
        "processor_seconds": busy,
    }
    figures["machine"] = machine("onnxruntime", "numpy")
    print(json.dumps(figures, indent=1))
    finish(figures, [("seconds", seconds, SECONDS, False)], options.json)


def arguments_of(folder: Path) -> list[str]:
    """What is timed."""
    return [
        "validate", "--judge", "encoder", "--pairs", str(folder / "pairs.jsonl"), "--annotations", str(folder / "edits.jsonl"),
        "--out", str(folder / "card"),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
