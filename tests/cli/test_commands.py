"""The command line as a person meets it: results, messages, exit codes, nothing half-written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redline.cli import app, main
from redline.errors import RedlineError

RUN = CliRunner()


def redline(*words: str):
    return RUN.invoke(app, list(words))


def lines(path: Path) -> list[dict]:
    return [json.loads(x) for x in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.jsonl"
    rows = [
        {"id": "b", "draft": "Take 20 mg. Rest now.", "reference": ["Take 20 mg.", "Call me. Today."]},
        {"id": "a", "draft": "", "reference": "Rest."},
        {"id": 3, "draft": ["Rest."], "reference": ""},
    ]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def test_judge_contract(pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert redline("judge", str(pairs), "--out", str(out), "--judge", "exact").exit_code == 0
    rows = lines(out)
    assert [r["id"] for r in rows] == ["b", "a", 3]
    assert set(rows[0]) == {"id", "status", "draft_units", "reference_units", "content", "themes"}
    assert [u["text"] for u in rows[0]["reference_units"]] == ["Take 20 mg.", "Call me. Today."], (
        "a list is kept as it is"
    )
    assert set(rows[0]["draft_units"][0]) == {"text", "p_delete", "deleted"}
    assert set(rows[0]["reference_units"][0]) == {"text", "p_add", "added"}
    assert set(rows[0]["themes"]) == {"draft", "reference", "precision", "recall", "f1"}
    assert rows[0]["content"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert rows[1]["content"] == {"precision": None, "recall": 0.0, "f1": 0.0}
    assert rows[2]["content"] == {"precision": None, "recall": None, "f1": None}


def test_themes_contract(tmp_path: Path) -> None:
    path, out = tmp_path / "t.jsonl", tmp_path / "o.jsonl"
    path.write_text('{"id": "x", "text": "Any fever? Go to the ED now."}\n{"id": "y", "text": ["Hello there."]}\n')
    assert redline("themes", str(path), "--out", str(out)).exit_code == 0
    rows = lines(out)
    assert [set(r) for r in rows] == [{"id", "sentences", "themes"}] * 2
    assert set(rows[0]["sentences"][0]) == {"text", "themes", "p"}
    assert len(rows[0]["sentences"]) == 2 and len(rows[0]["sentences"][0]["p"]) == 9
    assert set(rows[0]["themes"]) == {t for s in rows[0]["sentences"] for t in s["themes"]}


BAD = [
    ('{"id": 1, "draft": "a"}\n', "field 'reference': is missing"),
    ('{"id": 1, "draft": 5, "reference": "b"}\n', "field 'draft': is neither a text nor a list of texts"),
    ('{"draft": "a", "reference": "b"}\n', "field 'id': is missing"),
    ('{"id": 1, "draft": "a", "reference": "b"}\n' * 2, "is the id of line 1 as well"),
    ("", "is empty"),
    ("not json\n", "line 1: is not one JSON object"),
    ('{"id": 1, "draft": "a\\u0000", "reference": "b"}\n', "control character U+0000"),
    ('{"id": 1, "draft": "a\\ud800", "reference": "b"}\n', "half of a character"),
    ('{"id": 1, "draft": ["a\\u202e"], "reference": "b"}\n', "field 'draft[0]': contains the invisible direction mark"),
    ('{"id": 1, "draft": ["a", " "], "reference": "b"}\n', "field 'draft[1]': is an empty unit"),
    ('{"id": "x\\ud800", "draft": "a", "reference": "b"}\n', "field 'id': contains half of a character"),
    (json.dumps({"id": 1, "draft": "x" * 2_000_000, "reference": "b"}) + "\n", "2,000,000 characters long"),
]


@pytest.mark.parametrize(("content", "words"), BAD)
def test_bad_pairs_are_refused_whole(tmp_path: Path, content: str, words: str) -> None:
    path, out = tmp_path / "p.jsonl", tmp_path / "o.jsonl"
    path.write_text(content)
    done = subprocess.run(
        [sys.executable, "-c", "from redline.cli import main; main()", "judge", str(path), "--out", str(out), "--judge", "exact"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [path], "nothing is written, not even half"


def test_an_existing_output_survives_bad_input(tmp_path: Path) -> None:
    path, out = tmp_path / "p.jsonl", tmp_path / "o.jsonl"
    path.write_text("broken\n")
    out.write_text("old\n")
    assert redline("judge", str(path), "--out", str(out)).exit_code != 0
    assert out.read_text() == "old\n"


def test_score_report_and_warm_store(tmp_path: Path) -> None:
    from redline.corpus import load_corpus, write_corpus

    corpus = load_corpus("bundled").only(split="test")
    write_corpus(corpus.only(cases=[c.id for c in corpus.cases[:4]]), tmp_path / "c")
    words = ["score", str(tmp_path / "c"), "--store", str(tmp_path / "v.sqlite"), "--judge", "exact", "--draws", "200"]
    first = redline(*words, "--out", str(tmp_path / "one"))
    second = redline(*words, "--out", str(tmp_path / "two"))
    assert first.exit_code == 0, first.output
    assert ": 0 judged now" in second.output
    one, two = ((tmp_path / n / "results.json").read_bytes() for n in ("one", "two"))
    assert one == two
    assert redline("report", str(tmp_path / "one")).exit_code == 0
    page = (tmp_path / "one" / "report.html").read_text(encoding="utf-8")
    assert "edit-f1|units:v1|judge:exact@near92" in page and "://" not in page.split("<main>")[0]
    missed = redline("why-miss", str(_pairs(tmp_path)), "--store", str(tmp_path / "v.sqlite"), "--judge", "exact")
    assert missed.exit_code == 0 and "miss" in missed.output


def _pairs(folder: Path) -> Path:
    path = folder / "w.jsonl"
    path.write_text('{"id": 1, "draft": "Zebra.", "reference": "Quagga."}\n')
    return path


def test_corpus_verbs(tmp_path: Path) -> None:
    assert redline("corpus", "check", "bundled").exit_code == 0
    assert "240 cases" in redline("corpus", "stats", "bundled").output
    assert json.loads(redline("corpus", "stats", "bundled", "--json").output)["replies"] == 880
    assert redline("corpus", "split", "bundled", "--out", str(tmp_path / "s")).exit_code == 0
    assert redline("corpus", "check", str(tmp_path / "s" / "train")).exit_code == 0
    again = redline("corpus", "split", "bundled", "--out", str(tmp_path / "s"))
    assert isinstance(again.exception, RedlineError) and "already holds a split" in str(again.exception)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "cases.jsonl").write_text('{"id": 1}\n')
    bad = redline("corpus", "check", str(tmp_path / "bad"))
    assert bad.exit_code == 2 and "field 'message': is missing" in bad.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["score", "nowhere", "--out", "x"], "does not exist"),
        (["report", "nowhere"], "Run `redline score CORPUS --out FOLDER` first"),
        (["why-miss", "p.jsonl", "--store", "none.sqlite"], "does not exist"),
        (["score", "bundled", "--out", "x", "--judge", "nobody"], "there is no judge 'nobody'"),
        (
            ["score", "bundled", "--out", "x", "--judge", "llm:m@https://api.example.org/v1"],
            "--allow-remote api.example.org",
        ),
        (
            ["score", "bundled", "--out", "x", "--judge", "llm:m@http://localhost:1/v1", "--max-cost", "1"],
            "needs --price-in",
        ),
        (["score", "bundled", "--out", "x", "--split", "nothing"], "its splits are test, train"),
        (["score", "bundled", "--out", "x", "--margin", "0"], "margin is above 0"),
        (["score", "bundled", "--out", "x", "--seed", "-1"], "seed is not negative"),
        (["score", "bundled", "--out", "x", "--margin", "nan"], "--margin"),
        (["score", "bundled", "--out", "x", "--read-cost", "inf"], "--read-cost"),
        (["plan-labels", "bundled", "--out", "x", "--width", "0.1", "--minutes-per-pair", "inf"], "--minutes-per-pair"),
        (["score", "bundled", "--out", "x", "--judge", "exact", "--baseline", "typo"], "there is no row 'typo'"),
        (["score", "bundled", "--out", "x", "--judge", "llm:m@http://localhost:abc/v1"], "is not the address"),
    ],
)
def test_messages_say_what_to_do(words: list[str], message: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["redline", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_target_that_is_a_folder_is_said_before_the_work(pairs: Path, tmp_path: Path) -> None:
    done = redline("judge", str(pairs), "--out", str(tmp_path))
    assert isinstance(done.exception, RedlineError) and "is a folder" in str(done.exception)


def test_a_store_that_cannot_be_made_is_a_message(pairs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = redline("judge", str(pairs), "--out", str(tmp_path / "o"), "--store", str(tmp_path / "file" / "v.sqlite"))
    assert isinstance(done.exception, RedlineError) and "is not a usable verdict store" in str(done.exception)


def test_a_new_store_is_used_by_the_functions(tmp_path: Path) -> None:
    import redline as package
    from redline.judging import VerdictStore

    store = VerdictStore(tmp_path / "v.sqlite")
    package.judge([("Rest.", "Walk.")], judge="exact", store=store)
    assert len(store) > 0


def test_three_lines_of_python() -> None:
    import redline as package

    rows = package.judge([{"id": "x", "draft": "Rest. Call.", "reference": "Rest."}], judge="exact")
    assert rows[0]["content"]["precision"] == 0.5
    assert package.themes(["Any fever?"])[0]["sentences"][0]["themes"]
