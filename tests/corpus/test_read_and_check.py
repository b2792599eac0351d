"""Reading corpora: every form, every problem in one pass, nothing accepted that would mislead."""

import csv
import json
from pathlib import Path

import pytest

from redline.corpus import (
    CorpusSource,
    SplitRequest,
    TextRules,
    bundled_rows,
    describe,
    load_corpus,
    parse_mapping,
    read_corpus,
    split_corpus,
    write_corpus,
)  # fmt: skip
from redline.errors import InputError, UsageError

CASE = {
    "id": "m1",
    "message": "My knee hurts.",
    "ehr": {"age": 40, "sex": "F", "problems": ["Gout"], "medications": []},
}
REPLY = {"case": "m1", "clinician": "a", "sentences": [{"text": "Rest it.", "themes": ["treatment_planning"]}]}
DRAFT = {"case": "m1", "model": "m", "strategy": "s", "text": "Ice it."}


def folder(path: Path, cases=(CASE,), replies=(REPLY,), drafts=(DRAFT,)) -> Path:
    for name, rows in (("cases", cases), ("replies", replies), ("drafts", drafts)):
        (path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


def problems(path: Path, **options) -> list[str]:
    return [str(p) for p in read_corpus(CorpusSource(str(path), **options))[1]]


def test_the_bundled_corpus_is_what_its_readme_says() -> None:
    corpus = load_corpus("bundled")
    assert (len(corpus.cases), len(corpus.replies), len(corpus.drafts)) == (240, 880, 280)
    assert [len(bundled_rows(n)) for n in ("pairs_train", "pairs_test", "statements", "edits_test")] == [
        657,
        130,
        2880,
        260,
    ]
    assert describe(corpus).splits == {"test": 80, "train": 160}


def test_every_problem_in_one_pass(tmp_path: Path) -> None:
    folder(
        tmp_path,
        cases=[
            CASE,
            CASE,
            {"id": "m2", "message": "  "},
            {"id": "m3", "mesage": "typo"},
            {"id": "m4", "message": "x", "ehr": {"age": "old"}},
        ],
        replies=[
            REPLY,
            {**REPLY, "case": "nobody"},
            {**REPLY, "clinician": "b", "sentences": [{"text": "x", "themes": ["emphathy"]}]},
        ],
        drafts=[{**DRAFT, "text": 7}],
    )
    found = "\n".join(problems(tmp_path))
    for words in (
        "cases.jsonl, line 2, field 'id': is the id of another row (line 1)",
        "line 3, field 'message': is empty",
        "line 4, field 'message': is missing; the row has 'mesage': did you mean that?",
        "line 5, field 'ehr.age': is 'old', expected a number",
        "replies.jsonl, line 2, field 'case': is 'nobody'",
        "did you mean 'empathy'?",
        "drafts.jsonl, line 1, field 'text': is 7, expected a text",
    ):
        assert words in found


HOSTILE = {
    "NUL": ("knee\x00", "control character U+0000"),
    "lone surrogate": ("knee \ud83d", "half of a character"),
    "right-to-left mark": ("take 5\u202e01 mg", "direction mark U+202E"),
    "two megabytes": ("x" * 2_000_000, "2,000,000 characters long, the limit is 100,000"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_are_refused_with_place(tmp_path: Path, kind: str) -> None:
    text, words = HOSTILE[kind]
    folder(tmp_path, cases=[{**CASE, "message": text}])
    assert any(words in p and "line 1, field 'message'" in p for p in problems(tmp_path))


def test_direction_marks_can_be_allowed(tmp_path: Path) -> None:
    folder(tmp_path, cases=[{**CASE, "message": "\u200fשלום"}])
    assert problems(tmp_path) and not problems(tmp_path, rules=TextRules(allow_direction_marks=True))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"), (b"\xff\xfe\x00", "is not UTF-8"), (b"{broken\n", "is not one JSON object"),
        (b"[1]\n", "is a JSON list"), (b'{"id": NaN}\n', "NaN is not JSON"), (b"[" * 100_000 + b"\n", "is not one JSON object"),
    ],
)  # fmt: skip
def test_unreadable_files(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "cases.jsonl").write_bytes(content)
    assert any(words in p for p in problems(tmp_path))


def test_a_corpus_without_a_reply_has_nothing_to_measure_against(tmp_path: Path) -> None:
    folder(tmp_path, replies=[])
    with pytest.raises(InputError, match="holds no clinician's reply"):
        load_corpus(str(tmp_path))


def test_missing_things_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_corpus(str(tmp_path / "none"))
    with pytest.raises(InputError, match="holds no cases file"):
        load_corpus(str(tmp_path))
    (tmp_path / "x.xlsx").write_bytes(b"PK")
    with pytest.raises(InputError, match="has a form that redline does not read"):
        load_corpus(str(tmp_path / "x.xlsx"))


def test_skip_bad_leaves_rows_out(tmp_path: Path) -> None:
    folder(tmp_path, cases=[CASE, {"id": "m2", "message": ""}])
    with pytest.raises(InputError, match="--skip-bad"):
        load_corpus(str(tmp_path))
    assert len(load_corpus(CorpusSource(str(tmp_path)), skip_bad=True).cases) == 1


def test_written_and_read_again_is_the_same(tmp_path: Path) -> None:
    corpus = load_corpus("bundled")
    again = load_corpus(str(write_corpus(corpus, tmp_path / "copy")))
    assert again.digest == corpus.digest


def test_a_table_in_csv_and_parquet_with_a_mapping(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["PatientMsg", "Reply text", "Doc", "ehr.age", "Model reply"])
        writer.writerow(["My knee\nhurts.", "Rest it.", "a", "40", "Ice it."])
        writer.writerow(["My knee\nhurts.", "Walk.", "b", "40", "Ice it."])
    mapping = parse_mapping(["message=PatientMsg", "reply=Reply text", "clinician=Doc", "draft=Model reply"])
    duckdb.sql(
        f"COPY (SELECT * FROM read_csv('{path}', all_varchar=true)) TO '{tmp_path / 't.parquet'}' (FORMAT parquet)"
    )
    for name in ("t.csv", "t.parquet"):
        corpus = load_corpus(CorpusSource(str(tmp_path / name), mapping))
        assert (len(corpus.cases), len(corpus.replies), len(corpus.drafts)) == (1, 2, 1)
        assert corpus.cases[0].chart.age == 40


def test_a_wrong_mapping_is_explained() -> None:
    with pytest.raises(UsageError, match="did you mean 'message'"):
        parse_mapping(["mesage=x"])
    with pytest.raises(UsageError, match="write field=column"):
        parse_mapping(["message"])


@pytest.mark.parametrize("by", ["case", "clinician", "both"])
def test_splits_share_nothing_they_should_not(by: str) -> None:
    train, test = split_corpus(load_corpus("bundled"), SplitRequest(0.3, by))
    if by != "clinician":
        assert not {c.message for c in train.cases} & {c.message for c in test.cases}
    if by != "case":
        assert not {r.clinician for r in train.replies} & {r.clinician for r in test.replies}
    assert train.replies and test.replies


def test_the_same_message_twice_stays_on_one_side(tmp_path: Path) -> None:
    cases = [{**CASE, "id": f"m{i}", "message": f"message {i % 10}"} for i in range(40)]
    replies = [{**REPLY, "case": c["id"]} for c in cases]
    train, test = split_corpus(load_corpus(str(folder(tmp_path, cases, replies, []))), SplitRequest(0.4))
    assert not {c.message for c in train.cases} & {c.message for c in test.cases}


def test_a_split_does_not_move_when_rows_are_added(tmp_path: Path) -> None:
    corpus = load_corpus("bundled")
    some = corpus.only(cases=[c.id for c in corpus.cases[:150]])
    held_all = {c.id for c in split_corpus(corpus, SplitRequest(0.3))[1].cases}
    held_some = {c.id for c in split_corpus(some, SplitRequest(0.3))[1].cases}
    assert held_some == held_all & {c.id for c in some.cases}


def test_a_dataset_without_the_extra_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "datasets":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UsageError, match=r"redline\[hub\]"):
        load_corpus("hf:someone/something")
