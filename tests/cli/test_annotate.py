"""`redline annotate` as a person meets it: a sample drawn, labelled, handed over and judged with."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from redline.cli import app
from redline.judging import VerdictStore

RUN = CliRunner()


def redline(*words: str, keys: str | None = None):
    return RUN.invoke(app, [str(w) for w in words], input=keys)


def lines(path: Path) -> list[dict]:
    return [json.loads(x) for x in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    cases = [
        {
            "id": f"s{i}",
            "split": "test" if i else "train",
            "message": f"My knee {i} hurts [red]",
            "ehr": {"age": 40 + i},
        }
        for i in range(4)
    ]
    replies = [
        {"case": c["id"], "clinician": who, "text": f"Rest the knee. Call {who} if it swells, {c['id']}."}
        for c in cases for who in ("dr_a", "dr_b")
    ]  # fmt: skip
    drafts = [
        {"case": c["id"], "model": "secret", "strategy": s, "text": f"Rest the knee. {s} is best. Ibuprofen, {c['id']}?"}
        for c in cases for s in ("one", "two")
    ]  # fmt: skip
    write(folder / "cases.jsonl", cases)
    write(folder / "replies.jsonl", replies)
    write(folder / "drafts.jsonl", drafts)
    return folder


@pytest.fixture
def drawn(corpus: Path, tmp_path: Path) -> Path:
    out = tmp_path / "sample"
    done = redline(
        "annotate", "sample", corpus, "--out", out, "--pairs", "6", "--judge", "exact", "--themes", "--at-least", "2"
    )
    assert done.exit_code == 0, done.output
    return out


def test_a_sample_says_what_it_drew(drawn: Path, corpus: Path, tmp_path: Path) -> None:
    pairs = lines(drawn / "pairs.jsonl")
    assert len(pairs) == 6 and {
        "id",
        "case",
        "draft",
        "reference",
        "draft_source",
        "reference_source",
        "probability",
        "stratum",
        "digest",
    } == set(pairs[0])
    assert sum(1 / p["probability"] for p in pairs) == pytest.approx(16)
    assert {p["draft_source"] for p in pairs} == {"secret/one", "secret/two"}
    about = json.loads((drawn / "sample.json").read_text())
    assert about["population"] == 16 and about["design"]["judge"].startswith("exact@")
    assert sum(s["population"] for s in about["strata"].values()) == 16
    assert all(set(t) == {"text_id", "case", "sentences"} for t in lines(drawn / "theme_texts.jsonl"))
    again = redline(
        "annotate", "sample", corpus, "--out", tmp_path / "b", "--pairs", "6", "--judge", "exact", "--at-least", "2"
    )
    assert "stratum" in again.output and "6 of 16 pairs" in again.output
    assert (tmp_path / "b" / "pairs.jsonl").read_bytes() == (drawn / "pairs.jsonl").read_bytes()
    assert not (tmp_path / "b" / "theme_texts.jsonl").exists()


def test_what_a_sample_can_be_limited_to(corpus: Path, tmp_path: Path) -> None:
    def sample(*words: str) -> list[dict]:
        out = tmp_path / "-".join(words).strip("-")
        done = redline("annotate", "sample", corpus, "--out", out, "--judge", "exact", *words)
        assert done.exit_code == 0, done.output
        return lines(out / "pairs.jsonl")

    assert {p["case"] for p in sample("--split", "train")} == {"s0"}
    assert {p["draft_source"] for p in sample("--systems", "secret/one")} == {"secret/one"}
    both = sample("--systems", "secret/one", "--clinicians")
    assert {p["draft_source"] for p in both} == {"secret/one", "dr_a", "dr_b"}
    assert all(p["draft_source"] != p["reference_source"] for p in both)
    assert len(sample("--per-message", "1")) == 4


def test_a_sample_that_cannot_be_drawn(drawn: Path, corpus: Path, tmp_path: Path) -> None:
    done = redline("annotate", "sample", corpus, "--out", drawn, "--judge", "exact")
    assert "is there already, and labels may hang on it" in str(done.exception)
    done = redline("annotate", "sample", corpus, "--out", tmp_path / "x", "--judge", "exact", "--systems", "secret/on")
    assert "there is no system 'secret/on'; did you mean 'secret/one'?" in str(done.exception)
    done = redline("annotate", "sample", corpus, "--out", tmp_path / "x", "--judge", "exact", "--allocation", "best")
    assert "there is no allocation 'best'" in str(done.exception)
    (tmp_path / "file").write_text("x")
    done = redline("annotate", "sample", corpus, "--out", tmp_path / "file", "--judge", "exact")
    assert "is no folder" in str(done.exception)
    assert not (tmp_path / "x").exists()


def label(drawn: Path, name: str, keys: str, *more: str):
    return redline(
        "annotate", "terminal", drawn / "pairs.jsonl", "--annotator", name, "--out", drawn / "logs", *more, keys=keys
    )


def units(drawn: Path) -> int:
    return sum(len(p["draft"]) + len(p["reference"]) for p in lines(drawn / "pairs.jsonl"))


EVERY = "".join("kdk" + "ca" for _ in range(6))
"""Keys for six pairs of three draft and two reference sentences."""


def test_from_a_sample_to_a_judge(drawn: Path, corpus: Path, tmp_path: Path) -> None:
    done = label(drawn, "ann", "k\nd\nq", "--corpus", str(corpus))
    assert done.exit_code == 0 and "My knee" in done.output and "Age: 4" in done.output and "[red]" in done.output
    assert "secret" not in done.output and "dr_" not in done.output.replace("Call dr_", "")
    assert label(drawn, "ann", EVERY[2:]).exit_code == 0
    assert label(drawn, "bob", EVERY[:7]).exit_code == 0
    logs = [drawn / "logs" / "ann.jsonl", drawn / "logs" / "bob.jsonl"]
    done = redline("annotate", "status", *logs, "--pairs", drawn / "pairs.jsonl")
    assert done.exit_code == 0, done.output
    assert (
        f"{units(drawn)}" in done.output
        and "ann and bob: 1 complete by both, 7 sentences decided by both" in done.output
    )
    sheet, edits, store = drawn / "e.csv", drawn / "edits.jsonl", drawn / "v.sqlite"
    done = redline("annotate", "export", *logs, "--pairs", drawn / "pairs.jsonl", "--out", sheet)
    assert done.exit_code == 0 and "3 sentences of them are undecided" in done.output
    with sheet.open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == units(drawn) + 10
    done = redline("annotate", "import", sheet, "--pairs", drawn / "pairs.jsonl", "--out", edits, "--store", store)
    assert done.exit_code == 0, done.output
    assert f"{units(drawn)} verdicts of human:ann@" in done.output and "7 verdicts of human:bob@" in done.output
    with VerdictStore(store) as kept:
        assert len(kept) == 2 * units(drawn) + 7, "everybody's, and each one's"
    same = redline("annotate", "export", *logs, "--pairs", drawn / "pairs.jsonl", "--out", tmp_path / "e2.jsonl")
    assert same.exit_code == 0
    assert sorted(map(str, lines(tmp_path / "e2.jsonl"))) == sorted(map(str, lines(edits)))
    assert set(lines(edits)[0]) == {"pair", "annotator", "deleted", "added", "digest"}
    done = redline("annotate", "import", edits, "--pairs", drawn / "pairs.jsonl", "--out", tmp_path / "e3.jsonl")
    assert done.exit_code == 0 and sorted(map(str, lines(tmp_path / "e3.jsonl"))) == sorted(map(str, lines(edits)))
    out = tmp_path / "judged.jsonl"
    done = redline("judge", drawn / "pairs.jsonl", "--out", out, "--judge", f"human:{edits}+{drawn / 'pairs.jsonl'}")
    assert done.exit_code == 0, done.output
    assert [u["p_delete"] for u in lines(out)[0]["draft_units"]] == [0.0, 1.0, 0.0]


def of_people(store: Path) -> int:
    """How many verdicts of people are stored."""
    with closing(sqlite3.connect(store)) as found:
        return found.execute("SELECT COUNT(*) FROM verdicts WHERE judge LIKE 'human%'").fetchone()[0]


def test_what_was_imported_is_found_in_the_store(drawn: Path, tmp_path: Path) -> None:
    pairs, edits, store = drawn / "pairs.jsonl", tmp_path / "edits.jsonl", tmp_path / "v.sqlite"
    assert label(drawn, "ann", EVERY).exit_code == 0 and label(drawn, "bob", EVERY[:7]).exit_code == 0
    logs = [drawn / "logs" / "ann.jsonl", drawn / "logs" / "bob.jsonl"]
    assert redline("annotate", "export", *logs, "--pairs", pairs, "--out", tmp_path / "x.csv").exit_code == 0
    done = redline("annotate", "import", tmp_path / "x.csv", "--pairs", pairs, "--out", edits, "--store", store)
    assert f"A run finds them with --judge human:{edits}+{pairs} --store {store}" in done.output
    before = of_people(store)
    for who, hits in (("", units(drawn)), ("ann@", units(drawn)), ("bob@", 7)):
        judge = f"human:{who}{edits}+{pairs}"
        done = redline("why-miss", pairs, "--store", store, "--judge", judge)
        assert f"{hits:>8}  hit: this verdict is stored" in done.output, done.output
        done = redline("judge", pairs, "--out", tmp_path / "j.jsonl", "--judge", judge, "--store", store)
        assert done.exit_code == 0, done.output
    assert of_people(store) == before == 2 * units(drawn) + 7, "nothing was judged anew"


def test_themes_of_texts(drawn: Path, tmp_path: Path) -> None:
    texts = drawn / "theme_texts.jsonl"
    done = redline(
        "annotate", "terminal", texts, "--themes", "--annotator", "ann", "--out", tmp_path, keys="5\n?1\n2\n9\n"
    )
    assert done.exit_code == 0 and "secret" not in done.output and "Treatment Planning" in done.output
    log = tmp_path / "ann.themes.jsonl"
    out = tmp_path / "labels.jsonl"
    assert redline("annotate", "export", log, "--pairs", texts, "--out", out).exit_code == 0
    assert all(set(r) >= {"text_id", "annotator", "themes"} for r in lines(out)) and lines(out)
    assert redline("annotate", "status", log, "--pairs", texts).exit_code == 0


def test_themes_through_a_table_into_a_store(drawn: Path, tmp_path: Path) -> None:
    texts, sheet, out, store = (
        drawn / "theme_texts.jsonl",
        tmp_path / "dd.csv",
        tmp_path / "l.jsonl",
        tmp_path / "v.sqlite",
    )
    done = redline("annotate", "export", "--pairs", texts, "--annotator", "dd", "--out", sheet)
    assert done.exit_code == 0 and "texts to label" in done.output
    text = sheet.read_text(encoding="utf-8-sig")
    assert "secret" not in text and "dr_" not in text.replace("Call dr_", "")
    rows = list(csv.DictReader(text.splitlines()))
    assert list(rows[0]) == ["text_id", "annotator", "number", "text", "themes", "digest"]
    whole = rows[0]["text_id"]
    for row in rows:
        row["themes"] = "treatment_planning; empathy" if row["text_id"] == whole else ""
    rows[-1]["themes"] = "other"
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    done = redline("annotate", "import", sheet, "--pairs", texts, "--out", out, "--store", store)
    assert done.exit_code == 0, done.output
    assert "1 labelled texts; 1 begun ones with open sentences left out" in done.output
    assert {tuple(k) for k in lines(out)[0]["themes"]} == {("empathy", "treatment_planning")}
    named = f"human:{out}+{texts}"
    assert f"--classifier {named} --store {store}" in done.output
    with VerdictStore(store) as kept:
        before = len(kept)
    assert before == 2 * len(lines(out)[0]["themes"])
    (one,) = [t for t in lines(texts) if t["text_id"] == lines(out)[0]["text_id"]]
    asked = write(tmp_path / "asked.jsonl", [{"id": 1, "text": one["sentences"]}])
    done = redline("themes", "label", asked, "--out", tmp_path / "t.jsonl", "--classifier", named, "--store", store)
    assert done.exit_code == 0 and "empathy" in (tmp_path / "t.jsonl").read_text(), done.output
    with VerdictStore(store) as kept:
        assert len(kept) == before, "nothing was judged anew"
    again = redline("annotate", "import", out, "--pairs", texts, "--out", tmp_path / "l2.jsonl")
    assert again.exit_code == 0 and lines(tmp_path / "l2.jsonl") == lines(out)


def test_themes_of_logs_as_a_table(drawn: Path, tmp_path: Path) -> None:
    texts = drawn / "theme_texts.jsonl"
    redline("annotate", "terminal", texts, "--themes", "--annotator", "ann", "--out", tmp_path, keys="5\n1\n9\n1\n")
    log = tmp_path / "ann.themes.jsonl"
    done = redline("annotate", "export", log, "--pairs", texts, "--out", tmp_path / "l.csv")
    assert done.exit_code == 0 and "labelled texts by 1 annotator" in done.output
    assert redline("annotate", "export", log, "--pairs", texts, "--out", tmp_path / "l.jsonl").exit_code == 0
    done = redline("annotate", "import", tmp_path / "l.csv", "--pairs", texts, "--out", tmp_path / "m.jsonl")
    assert done.exit_code == 0 and lines(tmp_path / "m.jsonl") == lines(tmp_path / "l.jsonl")


def test_the_wrong_kind_of_file_is_one_line(drawn: Path, tmp_path: Path) -> None:
    pairs, texts = drawn / "pairs.jsonl", drawn / "theme_texts.jsonl"
    assert label(drawn, "ann", EVERY[:5]).exit_code == 0
    log, edits = drawn / "logs" / "ann.jsonl", tmp_path / "edits.jsonl"
    assert redline("annotate", "export", log, "--pairs", pairs, "--out", edits).exit_code == 0
    who = ("--annotator", "a", "--out", tmp_path / "o")
    of_pairs, of_texts = "is a file of pairs", "is a file of texts for theme labels"
    for words, message in (
        (("terminal", pairs, "--themes", *who), f"{pairs} {of_pairs}, not a file of texts for theme labels; leave out --themes"),
        (("terminal", texts, *who), f"{texts} {of_texts}, not a file of pairs; add --themes"),
        (("export", log, "--pairs", texts, "--out", tmp_path / "o"), f"{of_texts}, not a file of pairs; {log} is a log of edit"),
        (("status", log, "--pairs", texts), of_texts),
        (("export", "--pairs", edits, "--annotator", "a", "--out", tmp_path / "o.csv"), "is a file of edit decisions about pairs"),
        (("import", edits, "--pairs", texts, "--out", tmp_path / "o"), f"labels of texts; --pairs {texts} holds texts"),
        (("import", log, "--pairs", pairs, "--out", tmp_path / "o"), "is a log of `redline annotate terminal`, not a file of edit"),
    ):  # fmt: skip
        done = redline("annotate", *words, keys="k")
        assert message in str(done.exception) and "\n" not in str(done.exception), done.exception
    assert not (tmp_path / "o").exists()


def test_direction_marks_are_refused_by_every_verb_that_hands_texts_on(tmp_path: Path) -> None:
    pairs = write(tmp_path / "p.jsonl", [{"id": "p", "case": "c", "draft": ["Take \u200f5 mg."], "reference": []}])
    allow = "--allow-direction-marks"
    log, sheet, out = tmp_path / "ann.jsonl", tmp_path / "s.csv", tmp_path / "e.jsonl"
    done = redline("annotate", "terminal", pairs, "--annotator", "ann", "--out", log, allow, keys="d")
    assert done.exit_code == 0, done.output
    for words in (
        ("export", log, "--pairs", pairs, "--out", sheet),
        ("import", sheet, "--pairs", pairs, "--out", out),
        ("import", out, "--pairs", pairs, "--out", tmp_path / "e2.jsonl"),
    ):
        if not words[1].exists():
            words[1].touch()
        refused = redline("annotate", *words)
        assert "contains the invisible direction mark" in str(refused.exception) and allow in str(refused.exception)
        done = redline("annotate", *words, allow)
        assert done.exit_code == 0, done.exception
    assert lines(out)[0]["deleted"] == [1]


def test_a_sample_says_where_a_least_number_was_not_kept(corpus: Path, tmp_path: Path) -> None:
    done = redline("annotate", "sample", corpus, "--out", tmp_path / "s", "--judge", "exact", "--pairs", "5")
    note = "--at-least 5 for 2 systems needs 10 pairs; 5 are drawn: secret/one "
    assert done.exit_code == 0 and note in done.output
    assert note in json.loads((tmp_path / "s" / "sample.json").read_text())["notes"][0]


def test_an_empty_table_for_somebody_without_a_terminal(drawn: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "ann.csv"
    done = redline("annotate", "export", "--pairs", drawn / "pairs.jsonl", "--out", sheet, "--annotator", "ann")
    assert done.exit_code == 0 and f"{units(drawn)} sentences of 6 pairs" in done.output
    text = sheet.read_text(encoding="utf-8-sig")
    assert "secret" not in text and "stratum" not in text and "probability" not in text
    sheet.write_text(text.replace(",draft,1,Rest the knee.,,", ",draft,1,Rest the knee.,keep,"))
    done = redline("annotate", "import", sheet, "--pairs", drawn / "pairs.jsonl", "--out", tmp_path / "e.jsonl")
    assert done.exit_code == 0 and "24 sentences of them are undecided" in done.output
    assert lines(tmp_path / "e.jsonl")[0]["deleted"] == [0, None, None]
    done = redline("annotate", "export", "--pairs", drawn / "pairs.jsonl", "--out", tmp_path / "x.jsonl")
    assert "name at least one log" in str(done.exception)


def test_nothing_is_written_where_something_is_wrong(drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "e.jsonl"
    bad = write(tmp_path / "bad.jsonl", [{"pair": "none", "annotator": "a", "deleted": [], "added": []}])
    assert "which the other file does not have" in str(
        redline("annotate", "import", bad, "--pairs", drawn / "pairs.jsonl", "--out", out).exception
    )
    (tmp_path / "bad.csv").write_text("pair;side\n")
    assert "is no column of the table" in str(
        redline("annotate", "import", tmp_path / "bad.csv", "--pairs", drawn / "pairs.jsonl", "--out", out).exception
    )
    assert not out.exists()
    for name in ("../../etc/x", "a b", ""):
        done = label(drawn, name, "k")
        assert "an annotator's name is letters" in str(done.exception)
    assert not (drawn / "logs").exists()
    (drawn / "logs").write_text("in the way")
    assert "is no folder" in str(label(drawn, "ann", "k").exception)
    (tmp_path / "empty.jsonl").touch()
    done = redline(
        "annotate", "terminal", tmp_path / "empty.jsonl", "--annotator", "a", "--out", tmp_path / "l", keys="k"
    )
    assert "is empty" in str(done.exception) and not (tmp_path / "l").exists()


def test_an_import_into_an_unusable_store_writes_nothing(drawn: Path, tmp_path: Path) -> None:
    assert label(drawn, "ann", EVERY[:5]).exit_code == 0
    pairs, log = drawn / "pairs.jsonl", drawn / "logs" / "ann.jsonl"
    redline("annotate", "export", log, "--pairs", pairs, "--out", tmp_path / "table.csv")
    (tmp_path / "store").write_text("this is no database " * 100)
    done = redline(
        "annotate", "import", tmp_path / "table.csv", "--pairs", pairs, "--out", tmp_path / "e.jsonl",
        "--store", tmp_path / "store",
    )  # fmt: skip
    assert "is not a usable verdict store" in str(done.exception) and not (tmp_path / "e.jsonl").exists()


def test_what_is_read_is_never_written_over(drawn: Path) -> None:
    pairs, log = drawn / "pairs.jsonl", drawn / "logs" / "ann.jsonl"
    assert label(drawn, "ann", EVERY[:5]).exit_code == 0
    before = pairs.read_bytes(), log.read_bytes()
    for words in (
        ("export", log, "--pairs", pairs, "--out", log),
        ("export", log, "--pairs", pairs, "--out", pairs),
        ("export", "--annotator", "ann", "--form", "csv", "--pairs", pairs, "--out", pairs),
        ("import", log, "--pairs", pairs, "--out", drawn / "logs" / ".." / "pairs.jsonl"),
    ):
        assert "is a file that is read here" in str(redline("annotate", *words).exception)
    assert (pairs.read_bytes(), log.read_bytes()) == before


def test_changed_pairs_are_refused(drawn: Path) -> None:
    assert label(drawn, "ann", EVERY[:5]).exit_code == 0
    rows = lines(drawn / "pairs.jsonl")
    for row in rows:
        row["draft"][0] = "Do not rest."
        del row["digest"]
    write(drawn / "pairs.jsonl", rows)
    done = label(drawn, "ann", "k")
    assert "are not those that were labelled; label it anew" in str(done.exception)


def test_one_pair_and_one_without_units(corpus: Path, tmp_path: Path) -> None:
    path = write(
        tmp_path / "p.jsonl",
        [
            {"id": 7, "case": "c", "draft": [], "reference": ["Rest."]},
            {"id": 8, "case": "c", "draft": [], "reference": []},
        ],
    )
    done = redline("annotate", "terminal", path, "--annotator", "a", "--out", tmp_path / "log.jsonl", keys="a")
    assert done.exit_code == 0 and "Done. 1 of 1" in done.output
    done = redline("annotate", "terminal", path, "--annotator", "b", "--out", tmp_path, "--corpus", corpus, keys="a")
    assert done.exit_code == 0 and "2 of 2 pairs are about messages that" in done.output
    assert (
        redline("annotate", "export", tmp_path / "log.jsonl", "--pairs", path, "--out", tmp_path / "e.jsonl").exit_code
        == 0
    )
    assert [(r["pair"], r["added"]) for r in lines(tmp_path / "e.jsonl")] == [("7", [1])]
