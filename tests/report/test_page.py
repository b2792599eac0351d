"""The page: self-contained, safe with hostile text, complete."""

import json
import re
from pathlib import Path

import pytest

from redline.corpus import Corpus
from redline.records import Case, Draft, Reply
from redline.report import messages, read_results, render_report, results, write_results
from redline.scoring import Judges, Plan, score_corpus

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \u2028 {{ r }}"


@pytest.fixture
def scored(word_judge, question_themes):
    cases = tuple(Case(f"m{i}", f"{HOSTILE} {i}") for i in range(5))
    replies = tuple(Reply(c.id, who, "", (f"Rest {who}.", "Any rash?")) for c in cases for who in ("<b>a</b>", "b"))
    sent = tuple(Reply(c.id, "b", "", ("Rest b.", "Ice it."), started_from="m/<i>s</i>") for c in cases[:3])
    drafts = tuple(Draft(c.id, "m", "<i>s</i>", "", ("Rest b.", HOSTILE)) for c in cases)
    corpus = Corpus("<u>hostile</u>", cases, replies + sent, drafts, "Synthetic & <b>invented</b>.")
    return score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=300))


def test_nothing_in_a_text_becomes_markup(scored) -> None:
    page = render_report(results(scored), messages(scored))
    assert page.count("<script") == 3 and page.count("</script>") == 3
    for tag in ("<img", "<b>a</b>", "<i>s</i>", "<u>hostile", "onerror=alert(2)>"):
        assert tag not in page.replace("\\u003c", "")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S).group(1))
    assert data[0]["message"] == f"{HOSTILE} 0"
    assert [len(p) for p in data[0]["pairs"]] == [7] * 3


def test_it_opens_offline(scored) -> None:
    page = render_report(results(scored), messages(scored))
    assert "default-src 'none'" in page
    without_data = re.sub(r'id="data">.*?</script>', "", page, flags=re.S)
    assert not re.search(r"(?:src|href)=[\"'](?!#)", without_data)
    assert "url(" not in without_data and "@import" not in without_data
    assert "prefers-color-scheme:dark" in page and "@media print" in page


def test_observed_edits_stand_apart(scored) -> None:
    value = results(scored)
    assert all(c["kind"] != "observed" for c in value["cells"])
    assert [c["kind"] for c in value["observed"]["cells"]] == ["observed"]
    assert value["observed"]["cells"][0]["counts"]["comparisons"] == 3
    page = render_report(value, messages(scored))
    assert "A different measure" in page and "not safety" in page


def test_written_and_read_again(scored, tmp_path: Path) -> None:
    write_results(scored, tmp_path)
    value, rows = read_results(tmp_path)
    assert value == json.loads(json.dumps(results(scored)))
    assert render_report(value, rows) == render_report(results(scored), messages(scored))
    assert {p.name for p in tmp_path.iterdir()} == {
        "results.json", "messages.jsonl", "cells.parquet", "contrasts.parquet", "loads.parquet",
    }  # fmt: skip


def test_a_page_of_very_many_messages_is_cut_and_says_so(scored) -> None:
    page = render_report(results(scored), messages(scored), most_messages=2)
    assert "The first 2 of 5 messages" in page


def test_one_clinician_and_one_system_still_make_a_page(word_judge, question_themes) -> None:
    cases = tuple(Case(f"m{i}", "x") for i in range(3))
    corpus = Corpus("c", cases, tuple(Reply(c.id, "a", "Rest.") for c in cases), (Draft("m0", "m", "s", ""),))
    scored = score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=200))
    page = render_report(results(scored), messages(scored))
    assert "No message was answered by two clinicians" in page
    assert scored.table.by_name["m/s"]["content.f1"].estimate == 0.0
