"""Material written for this project by a language model: answers, notes and themes with their labels.

`resources/written/README.md` says how it came about.  Answers refer to K-QA's statements and notes to ACI-Bench's
sections by key, so that no public text lies in the tree; they are read where the public sets are at hand.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redline.corpus import bundled_path, load_corpus
from redline.training.encoder.examples import Passage, Question, ThemeExample
from redline.training.encoder.sources import json_rows, kqa_rows
from redline.units import unit_texts

__all__ = ["note_sections", "section_digest", "written_passages", "written_themes"]


def written_passages(data: Path | None) -> list[Passage]:
    """Replies, facts and dictated notes; with `data` also answers to K-QA's questions and summaries of ACI-Bench's notes."""
    passages = [*_questions(), *_facts(), *_dictated()]
    if data is not None and (data / "kqa").is_dir():
        passages += _answers(data / "kqa")
    if data is not None and (data / "aci_bench").is_dir():
        passages += _notes(data / "aci_bench")
    return passages


def written_themes() -> list[ThemeExample]:
    """Of train-split cases: sentences of drafts labelled blind, of written replies, and single ones at the themes' borders."""
    drafts = {(d.case, d.model, d.strategy): d for d in load_corpus("bundled").only(split="train").drafts}
    found = []
    for row in _rows("draft_themes"):
        units = unit_texts(drafts[row["case"], row["model"], row["strategy"]].text)
        for unit, themes in zip(units, row["themes"], strict=True):
            found.append(ThemeExample(row["case"], unit, frozenset(themes), "drafts"))
    for name, source in (("replies", "written replies"), ("drafts", "written drafts")):
        for row in _rows(name):
            for sentence in row["sentences"]:
                found.append(ThemeExample(row["case"], sentence["text"], frozenset(sentence["themes"]), source))
    for row in _rows("borders"):
        found.append(ThemeExample(row["case"], row["text"], frozenset(row["themes"]), "borders"))
    return found


def note_sections(folder: Path) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """ACI-Bench's notes by (encounter, section, digest of its units): the units of each section."""
    found = {}
    for row in json_rows(folder / "encounters.jsonl.gz"):
        heading = ""
        body: list[str] = []
        for line in [*row["note"].splitlines(), None]:
            if line is None or _is_heading(line):
                units = unit_texts("\n".join(body).strip())
                if heading and units:
                    found[row["encounter_id"], heading, section_digest(units)] = units
                heading, body = (line or "").strip(), []
            else:
                body.append(line)
    return found


def section_digest(units: tuple[str, ...]) -> str:
    """Twelve hex digits of the units, so that labels are never laid over other units than they were made for."""
    return hashlib.sha256("\n".join(units).encode()).hexdigest()[:12]


def _is_heading(line: str) -> bool:
    line = line.strip()
    return line == line.upper() and re.search("[A-Z]{3}", line) is not None and len(line) < 60


def _rows(name: str) -> Iterator[dict[str, Any]]:
    return json_rows(bundled_path().parent / "written" / f"{name}.jsonl")


def _questions() -> Iterator[Passage]:
    """A physician's reply and an assistant's draft to one question: statements and units of one asked of the other."""
    for row in _rows("questions"):
        key, draft, reference = f"question{row['row']}", tuple(row["draft"]), tuple(row["reference"])
        asked = [*zip(row["statements"], row["carried"], strict=True)]
        asked += [(u, 1 - edit) for u, edit in zip(reference, row["added"], strict=True)]
        yield Passage("questions", key, draft, tuple(Question(u, float(c)) for u, c in asked))
        kept = tuple(Question(u, 1.0 - edit) for u, edit in zip(draft, row["deleted"], strict=True))
        own = tuple(Question(s, 1.0, 0.2) for s in row["statements"])
        yield Passage("questions", key, reference, kept + own)


def _facts() -> Iterator[Passage]:
    """Two models' answers to an invented question, asked a physician's statements."""
    for row in _rows("facts"):
        for answer in row["answers"]:
            asked = zip(row["statements"], answer["carried"], strict=True)
            questions = tuple(Question(s, float(c)) for s, c in asked)
            yield Passage("facts", row["id"], unit_texts(answer["text"]), questions)


def _answers(folder: Path) -> Iterator[Passage]:
    """A model's answer to a K-QA question, asked the physician's statements."""
    statements = {r["question_id"]: [*r["must_have"], *r["nice_to_have"]] for r in kqa_rows(folder)}
    for row in _rows("answers"):
        asked = zip(statements[row["question_id"]], row["carried"], strict=True)
        questions = tuple(Question(s.strip(), float(c)) for s, c in asked if s.strip())
        yield Passage("answers", f"kqa{row['question_id']}", unit_texts(row["text"]), questions)


def _notes(folder: Path) -> Iterator[Passage]:
    """A summary against the section of the note that it stands for, in both directions, with shares of facts."""
    sections = note_sections(folder)
    for row in _rows("notes"):
        units = sections[row["encounter_id"], row["section"], row["digest"]]
        yield from _summary("notes", f"note {row['encounter_id']}", units, row)


def _dictated() -> Iterator[Passage]:
    """The same for invented sections in the style of dictated notes."""
    for row in _rows("dictated"):
        reference = tuple(row["reference"])
        yield from _summary("dictated", f"dictated {section_digest(reference)}", reference, row)


def _summary(source: str, key: str, reference: tuple[str, ...], row: dict[str, Any]) -> Iterator[Passage]:
    draft = tuple(row["draft"])
    for own, other, shares in (
        (reference, draft, row["reference_carried"]), (draft, reference, row["draft_carried"]),
    ):  # fmt: skip
        yield Passage(source, key, other, tuple(Question(u, float(c)) for u, c in zip(own, shares, strict=True)))
