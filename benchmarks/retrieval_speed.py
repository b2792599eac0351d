"""144,000 past messages: how long to index them, to add 1,000 and to answer a query on one core, all with the default embedder.

Messages are seven sentences each, drawn from the bundled patient messages and, where it is there, from MedQuAD answers: they
repeat sentences, which saves the embedder nothing, since it reads tokens.  With few distinct tokens it saves the making of their
vectors; what the whole vocabulary of the encoder would take is measured too, and the bar is on the sum.

A query runs in one thread and waits for nothing, so its processor time is what it takes on a core of its own; the bars are on
that, because the wall clock of a shared machine measures its neighbours.  Both are printed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported: a query is measured on one core

import gzip
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, finish, machine

from redline.corpus import load_corpus
from redline.encoder import bundled_encoder
from redline.retrieval import MessageIndex, PastMessage, Query, StaticEmbedder, StaticVectors
from redline.units import unit_texts

MESSAGES, ADDED, CLINICIANS, SENTENCES, POOL, SEED, QUERIES = 144_000, 1_000, 10, 7, 4_000, 17, 200


def sentences(data: Path) -> tuple[list[str], list[str]]:
    """Sentences of patient messages, and of health pages."""
    mine = [u for c in load_corpus("bundled").cases for u in unit_texts(c.message)]
    path, pages = data / "medquad" / "qa.jsonl.gz", []
    if path.is_file():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            answers = [json.loads(line)["answer"] for line in file]
        for answer in random.Random(SEED).sample(answers, 2_000):
            pages += [u for u in unit_texts(answer) if 4 <= len(u.split()) <= 25]
    return list(dict.fromkeys(mine)), list(dict.fromkeys(pages))[:POOL]


def messages(mine: int, pool: list[str]) -> list[PastMessage]:
    """Seeded messages, two sentences in three a patient's."""
    rng = random.Random(SEED)
    rows = []
    for i in range(MESSAGES + ADDED):
        drawn = [
            rng.randrange(mine) if rng.random() < 2 / 3 or mine == len(pool) else rng.randrange(mine, len(pool))
            for _ in range(SENTENCES)
        ]
        text = " ".join(pool[j] for j in drawn)
        when = f"20{10 + i * 15 // MESSAGES:02d}-06-01"
        rows.append(PastMessage(f"m{i}", f"c{i % CLINICIANS}", text, "Thank you for your message.", when, "train"))
    return rows


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    ms = np.asarray(seconds) * 1000
    return {"median": round(float(np.median(ms)), 1), "p95": round(float(np.quantile(ms, 0.95)), 1)}


def latencies(ask: Callable[[str], object]) -> dict[str, dict[str, float]]:
    """Milliseconds of `ask(message)`."""
    ask("Warm the arrays.")
    wall, processor = [], []
    for case in load_corpus("bundled").cases[:QUERIES]:
        began, began_processor = time.perf_counter(), time.process_time()
        ask(case.message)
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - began_processor)
    return {"processor": quantiles(processor), "wall": quantiles(wall)}


@contextmanager
def timed(found: dict[str, Any], name: str) -> Iterator[None]:
    """Note wall and processor seconds of the block."""
    began, began_processor = time.perf_counter(), time.process_time()
    yield
    found[name] = {
        "wall": round(time.perf_counter() - began, 2),
        "processor": round(time.process_time() - began_processor, 2),
    }


def main() -> None:
    """Build, save, load, ask, add."""
    options = arguments(__doc__ or "")
    mine, pages = sentences(options.data)
    rows = messages(len(mine), mine + pages)
    recipe = StaticEmbedder(bundled_encoder())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found: dict[str, Any] = {"cores": cores}
    with timed(found, "vocabulary_s"):
        recipe.tokens.vectors(range(recipe.tokens.size))
    with timed(found, "build_s"):
        index = MessageIndex.build(rows[:MESSAGES], recipe)
    with tempfile.TemporaryDirectory() as folder:
        with timed(found, "save_s"):
            index.save(folder)
        found["folder_mb"] = round(sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file()) / 1e6)
        with timed(found, "load_s"):
            index = MessageIndex.load(folder, StaticEmbedder(bundled_encoder()))
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        embed, words = index.embed, MessageIndex(index.segments)
        assert isinstance(embed, StaticVectors)
        found["tokens"] = len(embed.ids)
        found["query_ms"] = {
            "all": latencies(lambda m: index.search(Query(m), 5)),
            "one clinician": latencies(lambda m: index.search(Query(m, clinician="c3", before="2024-01-01"), 5)),
            "words alone": latencies(lambda m: words.search(Query(m), 5)),
            "embedding the message": latencies(lambda m: embed.vectors([m])),
        }
        with timed(found, "add_s"):
            index.add(rows[MESSAGES:])
    found["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
    print(json.dumps(found, indent=1))
    total = found["build_s"]["wall"] + found["vocabulary_s"]["wall"]
    bars = [
        ("minutes to index 144,000 messages and read the whole vocabulary", total / 60, 10.0, False),
        ("ms a query on one core, p95, embedding included", found["query_ms"]["all"]["processor"]["p95"], 50.0, False),
        ("s to add 1,000, embedding included", found["add_s"]["processor"], 1.0, False),
    ]
    finish({"figures": found, "machine": machine("numpy", "onnxruntime", "tokenizers")}, bars, options.json)


if __name__ == "__main__":
    main()
