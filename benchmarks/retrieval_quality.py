"""Does fusing words and vectors find better answers than either alone?  MedQuAD's judgements for LiveQA-Med 2017.

2,479 answers to 103 consumer questions, judged by people from 1 (incorrect) to 4 (excellent).  A document is a past
message (MedQuAD's question) with its reply (the answer); messages are searched, as shipped.  nDCG@10 with gains 0, 1, 3, 7.

- pool: the judged documents of a question are ranked; word statistics and vectors are those of the whole collection.
- collection: all 16,407 MedQuAD questions and the judged documents are ranked to the depth of a search, then documents without a
  judgement are left out (condensed lists, Sakai 2007).

The release holds no question texts.  With `--questions FILE` (the published XML of the LiveQA test questions, subject and
message) they are the queries.  Without it there is a stand-in only: each document judged 3 or 4 stands in turn for the question
that it answers, and the others are ranked; figures are then means over these.  Which of the two the bars are on is printed.

`--choose` reads no judgement: it prints what the default embedder was chosen by, retrieval tasks on MedQuAD pages that no judged
answer comes from and on the train split of the bundled corpus.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import PUBLIC, finish, machine

from redline.corpus import load_corpus
from redline.encoder import EditEncoder, bundled_encoder
from redline.retrieval import (
    Bm25,
    Embedder,
    EmbedderRecipe,
    EncoderEmbedder,
    SearchSettings,
    StaticEmbedder,
    WordSegment,
    fuse,
    top,
)
from redline.units import unit_texts

ARMS = ("words", "vectors", "fused")
GOOD, CUT, DRAWS, SEED, PAIRS = 3, 10, 10_000, 17, 800
_DOCUMENT = re.compile(r"Question: (.*?)\nURL: (.*?)\nAnswer: (.*)", re.S)


@dataclass(frozen=True)
class Judged:
    """Documents as (message, address of the page, reply), and for each question number the grade of each judged document."""

    documents: dict[str, tuple[str, str, str]]
    grades: dict[str, dict[str, int]]


def judged(folder: Path) -> Judged:
    """What the zip of judgements holds; of a document judged twice for a question the better grade counts."""
    documents: dict[str, tuple[str, str, str]] = {}
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    csv.field_size_limit(10**9)
    with zipfile.ZipFile(next(folder.glob("*Qrels*.zip"))) as archive:
        names = [n for n in archive.namelist() if not n.startswith("__MACOSX")]
        answers = archive.read(next(n for n in names if n.endswith(".csv"))).decode("utf-8")
        for key, text in list(csv.reader(io.StringIO(answers)))[1:]:
            found = _DOCUMENT.match(text)
            assert found is not None, key
            documents[key] = (found[1], found[2].strip(), found[3])
        for line in archive.read(next(n for n in names if n.endswith("Answers.txt"))).decode("utf-8").split("\n"):
            if line.strip():
                number, grade, key = line.split()
                grades[number][key] = max(int(grade[0]), grades[number].get(key, 0))
    return Judged(documents, dict(grades))


def queries(data: Judged, questions: Path | None) -> dict[str, list[tuple[str, str | None]]]:
    """For each question its (query, document left out)s."""
    if questions is None:
        return {
            number: [(data.documents[key][0], key) for key, grade in found.items() if grade >= GOOD]
            for number, found in data.grades.items()
        }
    asked = {}
    for node in ElementTree.parse(questions).getroot().iter("NLM-QUESTION"):
        parts = [node.findtext(f".//{tag}") or "" for tag in ("SUBJECT", "MESSAGE")]
        asked[node.attrib["qid"].removeprefix("TQ")] = ". ".join(" ".join(p.split()) for p in parts if p.strip())
    return {number: [(asked[number], None)] for number in data.grades}


def ndcg(ranked: list[str], grades: dict[str, int]) -> float | None:
    """nDCG at 10; None where nothing is better than incorrect."""
    discount = 1 / np.log2(np.arange(2, CUT + 2))
    gains = np.zeros(CUT)
    gains[: len(ranked[:CUT])] = [2 ** (grades[d] - 1) - 1 for d in ranked[:CUT]]
    best = np.zeros(CUT)
    ideal = sorted((2 ** (g - 1) - 1 for g in grades.values()), reverse=True)[:CUT]
    best[: len(ideal)] = ideal
    return float(gains @ discount / (best @ discount)) if best.any() else None


class Collection:
    """Keys and texts with what ranks them; a recipe is fitted on the texts."""

    def __init__(self, texts: dict[str, str], embed: Embedder | EmbedderRecipe) -> None:
        self.keys = list(texts)
        self.number = {k: i for i, k in enumerate(self.keys)}
        distinct = list(dict.fromkeys(texts.values()))
        place = {t: i for i, t in enumerate(distinct)}
        self.embed = embed.fit(distinct) if isinstance(embed, EmbedderRecipe) else embed
        self.words = Bm25((WordSegment.of(texts.values()),))
        half = self.embed.vectors(distinct)[[place[t] for t in texts.values()]].astype(np.float16)
        self.vectors = half.astype(np.float32)

    def ranked(self, query: str, among: list[str], depth: int) -> dict[str, list[str]]:
        """For each arm the documents of `among`, best first."""
        place = np.asarray(sorted(self.number[k] for k in among))
        words = self.words.scores(query)[place]
        cosines = self.vectors[place] @ self.embed.vectors([query])[0]
        by_words = top(words, depth)
        lists = [by_words[words[by_words] > 0], top(cosines, depth)]
        orders = (*lists, fuse(lists, k=SearchSettings().rrf).items)
        return {arm: [self.keys[place[i]] for i in order] for arm, order in zip(ARMS, orders, strict=True)}


def scores(
    collection: Collection, data: Judged, asked: dict[str, list[tuple[str, str | None]]], *, everything: bool
) -> np.ndarray:
    """(questions, arms): mean nDCG@10 over the queries of each question that has any."""
    rows = []
    for number, found in asked.items():
        values = []
        for query, left_out in found:
            grades = {k: g for k, g in data.grades[number].items() if k != left_out}
            among = [k for k in collection.keys if k != left_out] if everything else list(grades)
            ranking = collection.ranked(query, among, SearchSettings().depth)
            row = [ndcg([d for d in ranking[arm] if d in grades], grades) for arm in ARMS]
            values += [row] if row[0] is not None else []
        if values:
            rows.append(np.mean(values, axis=0))
    return np.asarray(rows, dtype=np.float64)


def summary(table: np.ndarray) -> dict[str, Any]:
    """Means with percentile intervals over questions, and paired differences between the arms."""
    rng = np.random.default_rng(SEED)
    drawn = table[rng.integers(0, len(table), (DRAWS, len(table)))].mean(axis=1)
    means = table.mean(axis=0)

    def entry(mean: float, draws: np.ndarray) -> dict[str, Any]:
        low, high = np.quantile(draws, [0.025, 0.975])
        return {"estimate": round(float(mean), 4), "interval": [round(float(low), 4), round(float(high), 4)]}

    made: dict[str, Any] = {"questions": len(table)}
    made |= {arm: entry(means[i], drawn[:, i]) for i, arm in enumerate(ARMS)}
    for one, other in ((2, 0), (2, 1), (1, 0)):
        difference = entry(means[one] - means[other], drawn[:, one] - drawn[:, other])
        made[f"{ARMS[one]} minus {ARMS[other]}"] = difference
    return made


Task = tuple[list[str], list[str], list[int]]
"""Queries, documents, and of each query the number of its document."""


def tasks(folder: Path, data: Judged) -> dict[str, Task]:
    """Retrieval tasks whose right answer is known without a judgement, on pages and topics that no judged answer is about."""
    with gzip.open(folder / "qa.jsonl.gz", "rt", encoding="utf-8") as file:
        pages = [json.loads(line) for line in file]
    urls = {url for _, url, _ in data.documents.values()}
    topics = {p["focus"] for p in pages if p["url"] in urls}
    pages = [p for p in pages if p["url"] not in urls and p["focus"] not in topics]
    pages = [p for p in pages if 30 <= len(p["answer"].split()) <= 120]
    random.Random(0).shuffle(pages)
    questions, answers = [p["question"] for p in pages[:PAIRS]], [p["answer"] for p in pages[:PAIRS]]
    train = load_corpus("bundled").only(split="train")
    sent = {r.case: r.text for r in reversed(train.independent)}
    cases = [c for c in train.cases if c.id in sent]

    def halves(texts: list[str], least: int) -> Task:
        cut = [(u[: len(u) // 2], u[len(u) // 2 :]) for t in texts if len(u := unit_texts(t)) >= least]
        return [" ".join(a) for a, _ in cut], [" ".join(b) for _, b in cut], list(range(len(cut)))

    return {
        "question to answer": (questions, answers, list(range(len(questions)))),
        "answer to question": (answers, questions, list(range(len(questions)))),
        "half an answer to the other": halves(answers, 4),
        "half a message to the other": halves([c.message for c in cases], 2),
        "message to first reply": ([c.message for c in cases], [sent[c.id] for c in cases], list(range(len(cases)))),
    }


def recipes() -> Iterator[tuple[str, Embedder | EmbedderRecipe]]:
    """What the choice was between, one setting changed at a time."""
    card = bundled_encoder()
    yield "encoder", EncoderEmbedder(EditEncoder(card))
    yield "static", StaticEmbedder(card)
    for more in (
        {"width": 128},
        {"width": 192},
        {"width": 384},
        {"sif": 0.01},
        {"sif": 1e-4},
        {"ridge": 1.0},
        {"ridge": 0.01},
    ):
        yield f"static {more}", StaticEmbedder(card, **more)  # type: ignore[arg-type]


def choose(folder: Path, data: Judged) -> dict[str, Any]:
    """Mean reciprocal rank of each task by words, then by vectors and fused for each embedder."""
    found: dict[str, Any] = {}
    given = tasks(folder, data)
    for label, embed in recipes():
        for name, (asked, documents, right) in given.items():
            collection = Collection({str(i): d for i, d in enumerate(documents)}, embed)
            ranks: dict[str, list[float]] = defaultdict(list)
            for query, number in zip(asked, right, strict=True):
                for arm, order in collection.ranked(query, collection.keys, SearchSettings().depth).items():
                    ranks[arm].append(1 / (1 + order.index(str(number))) if str(number) in order else 0.0)
            row = {arm: round(float(np.mean(values)), 3) for arm, values in ranks.items()}
            found.setdefault(name, {"queries": len(asked), "words": row["words"]})[label] = (
                row["vectors"],
                row["fused"],
            )
            print(f"{label:24} {name:28} {row}", flush=True)
    return found


def options() -> argparse.Namespace:
    """The house's options, and which protocol."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--data", type=Path, default=PUBLIC, help="folder of the public sets")
    parser.add_argument("--questions", type=Path, help="XML of the LiveQA-Med 2017 test questions")
    parser.add_argument("--encoder", action="store_true", help="vectors of the whole encoder instead of the default")
    parser.add_argument("--choose", action="store_true", help="the tasks that the default was chosen by, no judgements")
    return parser.parse_args()


def main() -> None:
    """Rank, score, compare."""
    given = options()
    folder = given.data / "medquad"
    if not folder.is_dir():
        print(f"{folder} is not there: nothing to measure")
        return
    data = judged(folder)
    if given.choose:
        finish({"figures": choose(folder, data), "machine": machine("onnxruntime", "numpy")}, [], given.json)
    card = bundled_encoder()
    embed = EncoderEmbedder(EditEncoder(card)) if given.encoder else StaticEmbedder(card)
    with gzip.open(folder / "qa.jsonl.gz", "rt", encoding="utf-8") as file:
        pages = [json.loads(line) for line in file]
    messages = {k: m for k, (m, _, _) in data.documents.items()}
    collection = Collection(messages | {p["id"]: p["question"] for p in pages}, embed)
    name = "stand-in" if given.questions is None else "LiveQA questions"
    asked = queries(data, given.questions)
    found = {
        "pool": summary(scores(collection, data, asked, everything=False)),
        "collection": summary(scores(collection, data, asked, everything=True)),
    }
    print(json.dumps(found, indent=1))
    print(f"queries: {name}" + (" (no --questions FILE)" if given.questions is None else f" ({given.questions})"))
    bars = [
        (f"{name}, {way}: nDCG@10, fused minus {arm} alone", found[way][f"fused minus {arm}"]["estimate"], 0.0, True)
        for way in ("pool", "collection")
        for arm in ("words", "vectors")
    ]
    finish({"queries": name, "figures": found, "machine": machine("onnxruntime", "numpy")}, bars, given.json)


if __name__ == "__main__":
    main()
