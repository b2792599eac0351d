"""144,000 past messages: how long to index them, to add 1,000 and to answer a query on one core.

Messages are seven sentences each, drawn from the bundled patient messages and, where it is there, from MedQuAD answers.  A sentence
stands in many messages, so its vector is made once here; what all sentences of 144,000 different messages would cost
is extrapolated from the encoder's measured speed.  Queries are the bundled messages, embedding included.

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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, finish, machine

from redline.corpus import load_corpus
from redline.encoder import EditEncoder, bundled_encoder
from redline.retrieval import EncoderEmbedder, MessageIndex, PastMessage, Query
from redline.units import unit_texts

MESSAGES, ADDED, CLINICIANS, SENTENCES, POOL, SEED, BLOCK, QUERIES = (
    144_000, 1_000, 10, 7, 4_000, 17, 256, 200
)  # fmt: skip


@dataclass
class Recombined:
    """The bundled encoder for the queries; for the messages made here, the means of their sentences' kept vectors."""

    real: EncoderEmbedder
    parts: dict[str, tuple[int, ...]]
    kept: np.ndarray
    digest: str = field(default="recombined", init=False)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, width)."""
        if len(texts) == 1 and texts[0] not in self.parts:
            return self.real.vectors(texts)
        made = np.stack([self.kept[list(self.parts[t])].mean(axis=0) for t in texts])
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


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


def messages(mine: int, pool: list[str]) -> tuple[list[PastMessage], dict[str, tuple[int, ...]]]:
    """Seeded messages, two sentences in three a patient's, and the sentences of each."""
    rng = random.Random(SEED)
    rows, parts = [], {}
    for i in range(MESSAGES + ADDED):
        drawn = tuple(
            rng.randrange(mine) if rng.random() < 2 / 3 or mine == len(pool) else rng.randrange(mine, len(pool))
            for _ in range(SENTENCES)
        )
        text = " ".join(pool[j] for j in drawn)
        parts[text] = drawn
        when = f"20{10 + i * 15 // MESSAGES:02d}-06-01"
        rows.append(PastMessage(f"m{i}", f"c{i % CLINICIANS}", text, "Thank you for your message.", when, "train"))
    return rows, parts


def embed_pool(encoder: EditEncoder, pool: list[str]) -> tuple[np.ndarray, float]:
    """Vectors of the sentences, and sentences per second of processor time (one core's)."""
    encoder.sentence_vectors(["warm"])
    began = time.process_time()
    made = np.concatenate([encoder.sentence_vectors(pool[i : i + BLOCK]) for i in range(0, len(pool), BLOCK)])
    return made, len(pool) / (time.process_time() - began)


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    ms = np.asarray(seconds) * 1000
    return {"median": round(float(np.median(ms)), 1), "p95": round(float(np.quantile(ms, 0.95)), 1)}


def latencies(ask: Callable[[str], object], embed: EncoderEmbedder) -> dict[str, dict[str, float]]:
    """Milliseconds of `ask(message)`, nothing of the message known before."""
    ask("Warm the arrays.")
    wall, processor = [], []
    for case in load_corpus("bundled").cases[:QUERIES]:
        embed.encoder.forget()
        began, began_processor = time.perf_counter(), time.process_time()
        ask(case.message)
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - began_processor)
    return {"processor": quantiles(processor), "wall": quantiles(wall)}


def main() -> None:
    """Build, save, load, ask, add."""
    options = arguments(__doc__ or "")
    mine, pages = sentences(options.data)
    pool = mine + pages
    kept, rate = embed_pool(EditEncoder(bundled_encoder()), pool)
    rows, parts = messages(len(mine), pool)
    embed = Recombined(EncoderEmbedder(EditEncoder(bundled_encoder(), threads=1)), parts, kept)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found: dict[str, Any] = {"sentences_per_s_and_core": round(rate), "cores": cores}
    began = time.process_time()
    index = MessageIndex.build(rows[:MESSAGES], embed)
    found["build_s"] = round(time.process_time() - began, 1)
    found["encoder_s_if_all_differ"] = round(MESSAGES * SENTENCES / rate / cores)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        index.save(folder)
        found["save_s"] = round(time.perf_counter() - began, 1)
        found["folder_mb"] = round(sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file()) / 1e6)
        began = time.perf_counter()
        index = MessageIndex.load(folder, embed)
        found["load_s"] = round(time.perf_counter() - began, 1)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        words = MessageIndex(index.segments)
        found["query_ms"] = {
            "all": latencies(lambda m: index.search(Query(m), 5), embed.real),
            "one clinician": latencies(
                lambda m: index.search(Query(m, clinician="c3", before="2024-01-01"), 5), embed.real
            ),
            "words alone": latencies(lambda m: words.search(Query(m), 5), embed.real),
            "embedding the message": latencies(lambda m: embed.real.vectors([m]), embed.real),
        }
        began = time.process_time()
        index.add(rows[MESSAGES:])
        found["add_s"] = round(time.process_time() - began, 2)
    found["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
    print(json.dumps(found, indent=1))
    total = found["build_s"] + found["encoder_s_if_all_differ"]
    bars = [
        ("minutes to index 144,000 messages, none of their sentences known", total / 60, 10.0, False),
        ("ms a query on one core, p95, embedding included", found["query_ms"]["all"]["processor"]["p95"], 50.0, False),
        ("s to add 1,000, without the encoder", found["add_s"], 1.0, False),
    ]
    finish({"figures": found, "machine": machine("numpy", "onnxruntime")}, bars, options.json)


if __name__ == "__main__":
    main()
