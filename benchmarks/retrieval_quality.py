"""Does fusing words and vectors find better answers than either alone?  MedQuAD's judgements for LiveQA-Med 2017.

2,479 answers to 103 consumer questions, judged by people from 1 (incorrect) to 4 (excellent).  A document is a past
message (MedQuAD's question) with its reply (the answer); as shipped, messages are searched.  nDCG@10 with gains 0, 1, 3, 7.

- pool: the judged documents of a question are ranked; word statistics are those of the whole collection.
- collection: all 16,407 MedQuAD questions and the judged documents are ranked to the depth of a search, then documents without a
  judgement are left out (condensed lists, Sakai 2007).

The release holds no question texts.  With `--questions FILE` (the published XML of the LiveQA test questions, subject and
message) they are the queries.  Without it there is a stand-in only: each document judged 3 or 4 stands in turn for the question
that it answers, and the others are ranked; figures are then means over these.  All parameters are the published defaults
of `SearchSettings`, fixed before the judgements were read.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import PUBLIC, finish, machine

from redline.encoder import EditEncoder, bundled_encoder
from redline.retrieval import Bm25, EncoderEmbedder, SearchSettings, WordSegment, fuse, top

ARMS = ("words", "vectors", "fused", "fused, vectors 1/4")
GOOD, CUT, DRAWS, SEED = 3, 10, 10_000, 17
_DOCUMENT = re.compile(r"Question: (.*?)\nURL: .*?\nAnswer: (.*)", re.S)


@dataclass(frozen=True)
class Judged:
    """Documents as (message, reply), and for each question number the grade of each judged document."""

    documents: dict[str, tuple[str, str]]
    grades: dict[str, dict[str, int]]


def judged(folder: Path) -> Judged:
    """What the zip of judgements holds; of a document judged twice for a question the better grade counts."""
    documents: dict[str, tuple[str, str]] = {}
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    csv.field_size_limit(10**9)
    with zipfile.ZipFile(next(folder.glob("*Qrels*.zip"))) as archive:
        names = [n for n in archive.namelist() if not n.startswith("__MACOSX")]
        answers = archive.read(next(n for n in names if n.endswith(".csv"))).decode("utf-8")
        for key, text in list(csv.reader(io.StringIO(answers)))[1:]:
            found = _DOCUMENT.match(text)
            assert found is not None, key
            documents[key] = (found[1], found[2])
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
    """Keys and texts with what ranks them."""

    def __init__(self, texts: dict[str, str], embed: EncoderEmbedder) -> None:
        self.keys = list(texts)
        self.number = {k: i for i, k in enumerate(self.keys)}
        distinct = list(dict.fromkeys(texts.values()))
        place = {t: i for i, t in enumerate(distinct)}
        self.embed = embed
        self.words = Bm25((WordSegment.of(texts.values()),))
        self.vectors = embed.vectors(distinct)[[place[t] for t in texts.values()]]

    def ranked(self, query: str, among: list[str], depth: int) -> dict[str, list[str]]:
        """For each arm the documents of `among`, best first."""
        place = np.asarray(sorted(self.number[k] for k in among))
        words = self.words.scores(query)[place]
        cosines = self.vectors[place] @ self.embed.vectors([query])[0]
        by_words = top(words, depth)
        lists = [by_words[words[by_words] > 0], top(cosines, depth)]
        k = SearchSettings().rrf
        orders = (*lists, fuse(lists, k=k).items, fuse(lists, k=k, weights=(1.0, 0.25)).items)
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
    """Means with percentile intervals over questions, and paired differences of the fused list from each alone."""
    rng = np.random.default_rng(SEED)
    drawn = table[rng.integers(0, len(table), (DRAWS, len(table)))].mean(axis=1)
    means = table.mean(axis=0)

    def entry(mean: float, draws: np.ndarray) -> dict[str, Any]:
        low, high = np.quantile(draws, [0.025, 0.975])
        return {"estimate": round(float(mean), 4), "interval": [round(float(low), 4), round(float(high), 4)]}

    made: dict[str, Any] = {"questions": len(table)}
    made |= {arm: entry(means[i], drawn[:, i]) for i, arm in enumerate(ARMS)}
    for fused in (2, 3):
        for alone in (0, 1):
            difference = entry(means[fused] - means[alone], drawn[:, fused] - drawn[:, alone])
            made[f"{ARMS[fused]} minus {ARMS[alone]}"] = difference
    return made


def options() -> argparse.Namespace:
    """The house's options and `--questions`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--data", type=Path, default=PUBLIC, help="folder of the public sets")
    parser.add_argument("--questions", type=Path, help="XML of the LiveQA-Med 2017 test questions")
    return parser.parse_args()


def main() -> None:
    """Rank, score, compare."""
    given = options()
    folder = given.data / "medquad"
    if not folder.is_dir():
        print(f"{folder} is not there: nothing to measure")
        return
    data = judged(folder)
    embed = EncoderEmbedder(EditEncoder(bundled_encoder()))
    with gzip.open(folder / "qa.jsonl.gz", "rt", encoding="utf-8") as file:
        pages = [json.loads(line) for line in file]
    messages = {k: m for k, (m, _) in data.documents.items()}
    everything = Collection(messages | {p["id"]: p["question"] for p in pages}, embed)
    replies = Collection({k: f"{m}\n{r}" for k, (m, r) in data.documents.items()}, embed)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, source in (("stand-in", None), ("questions", given.questions)):
        if name == "stand-in" or source is not None:
            asked = queries(data, source)
            found[name] = {
                "pool": summary(scores(everything, data, asked, everything=False)),
                "collection": summary(scores(everything, data, asked, everything=True)),
                "pool, replies searched too": summary(scores(replies, data, asked, everything=False)),
            }
    print(json.dumps(found, indent=1))
    name = "questions" if "questions" in found else "stand-in"
    bars = [
        (
            f"{name}, {way}: nDCG@10, fused minus {arm} alone",
            found[name][way][f"fused minus {arm}"]["estimate"],
            0.0,
            True,
        )
        for way in ("pool", "collection")
        for arm in ("words", "vectors")
    ]
    finish({"figures": found, "machine": machine("onnxruntime", "numpy")}, bars, given.json)


if __name__ == "__main__":
    main()
