"""Counts and differences for the eye, and the command."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import redline.training.preference
from redline.chat import ChatMessage
from redline.cli.prefer import app
from redline.corpus import load_corpus, write_corpus
from redline.errors import InputError, UsageError
from redline.judging import ThemeQuestion, theme_judge
from redline.training.preference import (
    difference,
    marked,
    preference_stats,
    read_card,
    read_sets,
    set_of_pairs,
    write_card,
    write_sets,
)
from redline.training.preference.agents.offline import vague_sentences

from .support import small_corpus

RUN = CliRunner()


def test_stats_of_known_sets() -> None:
    prompt = [ChatMessage("user", "Hi")]
    rows = [("a b c", "a", "empathy", 1.0, "corruption"), ("a b c", "a b c d", "other", 1.0, "corruption"),
            ("a b c", "x", None, 1.0, "zero_shot")]  # fmt: skip
    sets = [set_of_pairs("1", prompt, rows, own="a b c", clinician="c1"), set_of_pairs("2", prompt, [], own="a")]
    found = preference_stats(sets, ["empathy", "medical_assessment"])
    assert (found.sets, found.without_pair, found.with_own, found.replies, found.pairs) == (2, 1, 2, 5, 3)
    assert found.sharing == 6 / 4 and found.pairs_a_set == 1.5
    assert found.by_theme == {"empathy": 1, "other": 1, "as a whole": 1}
    assert found.longer == {"empathy": 2.0, "other": -1.0, "as a whole": 2.0}
    assert found.by_source == {"corruption": 2, "zero_shot": 1} and found.by_clinician == {"c1": 3}
    assert found.without_themes == ("medical_assessment",)
    assert preference_stats([]).sharing is None


@given(st.text("ab .", max_size=40), st.text("ab .", max_size=40))
def test_a_difference_holds_both_texts(chosen: str, rejected: str) -> None:
    pieces = difference(chosen, rejected)
    for side, text in (("chosen", chosen), ("rejected", rejected)):
        assert " ".join(p.text for p in pieces if p.where in ("both", side)).split() == text.split()


def test_two_unrelated_texts_are_shown_one_after_the_other() -> None:
    assert marked("one two three", "four five") == "[+one two three+] [-four five-]"


def test_no_vague_sentence_carries_its_theme() -> None:
    """By the classifier that ships: else the check would drop every reply that is blunted with it."""
    for theme, sentences in vague_sentences().items():
        verdicts = theme_judge().judge([ThemeQuestion(sentences, i) for i in range(len(sentences))])
        assert [s for s, v in zip(sentences, verdicts, strict=True) if theme in v.themes] == []
    assert len({s for found in vague_sentences().values() for s in found}) > 40


def test_docstrings() -> None:
    names = [
        m.name for m in pkgutil.walk_packages(redline.training.preference.__path__, "redline.training.preference.")
    ]
    for name in names:
        assert doctest.testmod(importlib.import_module(name)).failed == 0, name
    assert len(names) > 15


def test_the_command_from_a_corpus_to_rows_and_back(tmp_path: Path) -> None:
    corpus = load_corpus("bundled")
    cases = [c.id for c in corpus.cases if c.split == "train"][:4] + [c.id for c in corpus.cases if c.split == "test"][
        :1
    ]
    write_corpus(corpus.only(cases=cases), tmp_path / "corpus")
    out, rows = tmp_path / "sets.jsonl", tmp_path / "rows.jsonl"
    done = RUN.invoke(app, ["build", str(tmp_path / "corpus"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    sets, card = read_sets(out), read_card(out)
    assert {s.case for s in sets} <= set(cases[:4]) and card is not None
    assert card["sets"]["sets"] == len(sets) and card["report"]["pairs"] == sum(len(s.pairs) for s in sets)
    assert card["agents"]["name"] == "offline" and card["split"] == "train"
    stats = RUN.invoke(app, ["stats", str(out)])
    assert f"{len(sets)} sets" in stats.output and "sharing factor" in stats.output and "dropped drop" in stats.output
    found = json.loads(RUN.invoke(app, ["stats", str(out), "--json"]).output)
    assert found["pairs"] == card["report"]["pairs"] and found["card"]["seed"] == 17
    write_sets(tmp_path / "less.jsonl", sets[1:])
    write_card(tmp_path / "less.jsonl", card)
    less = RUN.invoke(app, ["stats", str(tmp_path / "less.jsonl")])
    assert "is that of other sets" in less.output and "dropped drop" not in less.output
    shown = RUN.invoke(app, ["show", str(out), sets[0].id, "--prompt"])
    assert "own reply" in shown.output and "[+" in shown.output and "user:" in shown.output
    assert RUN.invoke(app, ["export", str(out), "--to", "trl", "--out", str(rows)]).exit_code == 0
    again = tmp_path / "again.jsonl"
    assert RUN.invoke(app, ["import", str(rows), "--out", str(again)]).exit_code == 0
    assert read_sets(again) == tuple(s for s in sets if s.pairs)
    before = out.read_bytes()
    assert RUN.invoke(app, ["build", str(tmp_path / "corpus"), "--out", str(out)]).exit_code == 0
    assert out.read_bytes() == before


def test_the_command_refuses(tmp_path: Path) -> None:
    write_corpus(small_corpus(2), tmp_path / "corpus")
    source, out = str(tmp_path / "corpus"), str(tmp_path / "sets.jsonl")
    for arguments, message in (
        (["--split", "test"], "'test'"), (["--split", "dev"], "no reply"), (["--agents", "llm"], "no agents"),
        (["--kind", "dropp"], "dropp"), (["--strategy", "zeroshot"], "zero_shot"), (["--max-cost", "1"], "--price-in"),
        (["--judge", "encodr"], "no judge"),
    ):  # fmt: skip
        done = RUN.invoke(app, ["build", source, "--out", out, *arguments])
        assert isinstance(done.exception, UsageError) and message in str(done.exception), arguments
    assert not Path(out).exists()
    done = RUN.invoke(app, ["export", out, "--out", str(tmp_path / "x")])
    assert isinstance(done.exception, InputError)


def test_show_names_a_set_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "sets.jsonl"
    write_sets(path, [set_of_pairs("t1/c1", [ChatMessage("user", "Hi")], [("a", "b", None, 1.0, "")])])
    done = RUN.invoke(app, ["show", str(path), "t1/c2"])
    assert isinstance(done.exception, UsageError) and "did you mean 't1/c1'" in str(done.exception)


@pytest.mark.parametrize("agents", ["none", "offline"])
def test_show_and_stats_without_pairs(tmp_path: Path, agents: str) -> None:
    write_corpus(small_corpus(1), tmp_path / "corpus")
    out = tmp_path / "sets.jsonl"
    done = RUN.invoke(
        app, ["build", str(tmp_path / "corpus"), "--out", str(out), "--agents", agents, "--judge", "exact"]
    )
    assert done.exit_code == 0, done.output
    assert RUN.invoke(app, ["show", str(out)]).exit_code == 0
    assert "no pair for theme patient_education: never present" in RUN.invoke(app, ["stats", str(out)]).output


def test_import_refuses_marks_that_show_a_dose_in_another_order(tmp_path: Path) -> None:
    rows, out = tmp_path / "rows.jsonl", tmp_path / "sets.jsonl"
    rows.write_text(json.dumps({"prompt": "Hi", "chosen": "Take \u202e5 mg", "rejected": "No."}) + "\n")
    refused = RUN.invoke(app, ["import", str(rows), "--out", str(out)])
    assert "invisible direction mark U+202E" in str(refused.exception) and not out.exists()
    assert RUN.invoke(app, ["import", str(rows), "--out", str(out), "--allow-direction-marks"]).exception is None
