"""Words alone on public questions about health."""

import gzip
import json
import random
from pathlib import Path

from redline.retrieval import MessageIndex, PastMessage, Query


def test_other_questions_about_the_same_condition_come_first(public_data: Path) -> None:
    """3,000 MedQuAD questions; each drawn one names its condition, and the best hit is mostly about the same (chance: 1 in 500)."""
    with gzip.open(public_data / "medquad" / "qa.jsonl.gz", "rt", encoding="utf-8") as file:
        pages = [json.loads(line) for line in file][:3_000]
    focus = {p["id"]: p["focus"] for p in pages}
    index = MessageIndex.build([PastMessage(p["id"], "page", p["question"], p["answer"]) for p in pages])
    counts = list(focus.values())
    drawn = random.Random(3).sample([p for p in pages if counts.count(p["focus"]) > 2], 60)
    found = [(p, index.search(Query(p["question"], case=p["id"]), 1)) for p in drawn]
    same = sum(bool(hits) and focus[hits[0].past.case] == p["focus"] for p, hits in found)
    assert same >= 42, same
