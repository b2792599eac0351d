"""Study files: what is wrong is said with line and field, and what a person probably meant."""

from pathlib import Path

import pytest

from redline.errors import InputError
from redline.study import read_study

GOOD = """name = "x"
strategies = ["zero_shot"]

[[corpora]]
name = "a"
path = "bundled"

[[models]]
use = "tiny"
"""


def read(tmp_path: Path, text: str) -> object:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    return read_study(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "concurent = 3\n", "line 10, field 'models[0].concurent': is unknown; did you mean 'concurrent'?"),
        (GOOD.replace('path = "bundled"\n', ""), "line 4, field 'corpora[0].path': is missing"),
        (GOOD + "\n[drafting]\nk = 0\n", "line 12, field 'drafting.k': should be greater than or equal to 1"),
        (GOOD + "\n[drafting]\nk = true\n", "field 'drafting.k'"),
        (GOOD + '\n[drafting]\nlanguage = "xx"\n', "line 12, field 'drafting.language'"),
        (GOOD.replace('strategies = ["zero_shot"]\n', ""), "field 'strategies': is missing"),
        (GOOD.replace('["zero_shot"]', "[]"), "line 2, field 'strategies': needs at least one entry"),
        (GOOD.replace('name = "a"', 'name = "a/b"'), "line 5, field 'corpora[0].name': may hold letters"),
        (GOOD + '\n[[corpora]]\nname = "a"\npath = "bundled"\n', "line 12, field 'corpora[1].name': is 'a', as is an earlier one"),
        (GOOD.replace('["zero_shot"]', '["rag", "rag"]'), "field 'strategies': names a strategy twice"),
        (GOOD + '\n[labels]\npairs = "p"\nannotations = "e"\ntheme_labels = "l"\n',
         "line 14, field 'labels.theme_labels': needs theme_texts: the texts, and what people said of them, are two files"),
        ("name = ", "line 1: is not TOML"),
        ("", "field 'name': is missing"),
        (GOOD.replace("[[models]]", "[[modells]]"), "field 'modells': is unknown; did you mean 'models'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert words in str(error.value), str(error.value)


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, GOOD.replace('path = "bundled"', "") + "\n[budget]\nmax_cost = -1\n")
    assert len(error.value.problems) == 2


def test_paths_are_taken_from_the_file_s_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    spec = read(tmp_path, GOOD.replace('path = "bundled"', 'path = "data"\nlearn = "elsewhere"'))
    assert spec.corpora[0].path == str(tmp_path / "data")
    assert spec.corpora[0].learn == "elsewhere", "what does not exist there is left as it is written"


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_study(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        read_study(tmp_path / "b.toml")


@pytest.mark.parametrize("name", ["demo", "paper"])
def test_the_bundled_studies_can_be_read(name: str) -> None:
    root = Path(__file__).resolve().parents[2]
    spec = read_study(root / "studies" / f"{name}.toml")
    assert spec.name == name and spec.corpora
    if name == "paper":
        assert len(spec.models) == 7 and len(spec.corpora) == 3
