"""The table for spreadsheets: nothing lost on the way, nothing run as a formula, every problem with its place."""

import csv
import io
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redline.annotation import Annotation, Made, PairToLabel, blank, read_sheet, sheet_rows, write_sheet
from redline.annotation.table import guarded, unguarded
from redline.errors import InputError

PAIRS = [
    PairToLabel("p1", "c1", ("Rest.", "=SUM(1;2), \"x\"\nnext"), ("-5 mg.",)),
    PairToLabel("p2", "c2", (), ("@a", "'+b", "'Tis so.")),
]  # fmt: skip
MADE = [
    Made(PAIRS[0], Annotation("ann", (False, True), (None,))), Made(PAIRS[1], Annotation("ann", (), (True, False, False))),
    Made(PAIRS[0], Annotation("bob", (True, True), (True,))),
]  # fmt: skip


def table(path: Path, change=lambda rows: rows, separator: str = ",", head: bytes = b"") -> Path:
    """The table of MADE with its cells changed by `change` (rows of lists, the header first)."""
    rows = [list(r) for r in sheet_rows(MADE)]
    rows = change(rows) or rows
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator="\r\n").writerows(rows)
    path.write_bytes(head + file.getvalue().encode())
    return path


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r a1"), max_size=6))
def test_guarded_cells_come_back_and_are_no_formula(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert len(guarded(cell)) <= len(cell) + 1


TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf")), min_size=1).filter(str.strip)
MARK = st.sampled_from([True, False, None])


@given(
    st.lists(
        st.tuples(st.lists(st.tuples(TEXT, MARK), max_size=4), st.lists(st.tuples(TEXT, MARK), max_size=3)),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=100, deadline=None)
def test_a_table_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, drawn: list) -> None:
    made = []
    for n, (draft, reference) in enumerate(drawn):
        pair = PairToLabel(f"p{n}", "c", tuple(t for t, _ in draft), tuple(t for t, _ in reference))
        made.append(Made(pair, Annotation("ann", tuple(m for _, m in draft), tuple(m for _, m in reference))))
    path = tmp_path_factory.mktemp("sheet") / "s.csv"
    units = write_sheet(path, made)
    assert units == sum(len(m.pair.draft) + len(m.pair.reference) for m in made)
    wanted = [m for m in made if {*m.annotation.deleted, *m.annotation.added} - {None}]
    if not wanted:
        with pytest.raises(InputError, match=r"decides nothing"):
            read_sheet(path, [m.pair for m in made])
    else:
        assert read_sheet(path, [m.pair for m in made]) == wanted


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf", b"sep"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, separator: str, head: bytes) -> None:
    if head == b"sep":
        head = f"sep={separator}\n".encode()
    assert read_sheet(table(tmp_path / "s.csv", separator=separator, head=head), PAIRS) == MADE


def test_words_numbers_case_and_other_columns(tmp_path: Path) -> None:
    words = itertools.cycle([("KEEP", "Delete", "", "Yes", " no ", "carried", "1.0", "d", "TRUE")])

    def change(rows: list) -> list:
        for row, word in zip(rows[1:], next(words), strict=True):
            row[5] = word
            row[3] += ".0"
            row[6] = row[6].removeprefix("d")
        return [[*r[::-1], "my own column"] for r in rows] + [[""] * 8]

    assert read_sheet(table(tmp_path / "s.csv", change), PAIRS) == MADE


def test_an_unprefixed_formula_that_a_spreadsheet_gave_back_is_the_same_text(tmp_path: Path) -> None:
    def change(rows: list) -> None:
        rows[2][4] = unguarded(rows[2][4])

    assert read_sheet(table(tmp_path / "s.csv", change), PAIRS) == MADE


def without(column: int):
    return lambda rows: [[c for i, c in enumerate(r) if i != column] for r in rows]


def test_the_annotator_may_be_named_outside(tmp_path: Path) -> None:
    path = table(tmp_path / "s.csv", lambda rows: without(1)(rows[:7]))
    assert {m.annotation.annotator for m in read_sheet(path, PAIRS, "cem")} == {"cem"}
    with pytest.raises(
        InputError, match="field 'annotator': is no column of the table; name who decided with --annotator"
    ):
        read_sheet(path, PAIRS)


def put(row: int, column: int, value: str):
    def change(rows: list) -> None:
        rows[row][column] = value

    return change


BAD = [
    (put(1, 0, "nobody"), "line 2, field 'pair': is 'nobody', which the pairs do not have"),
    (put(1, 2, "left"), "line 2, field 'side': is neither draft nor reference"),
    (put(1, 3, "3"), "line 2, field 'number': is no sentence of the draft of 'p1', which has 2"),
    (put(1, 3, "x"), "line 2, field 'number': is no sentence"),
    (put(1, 4, "Rest!"), "line 2, field 'text': is not the sentence of the pair"),
    (put(1, 5, "carried"), "line 2, field 'decision': of a draft sentence is keep or delete"),
    (put(4, 5, "delete"), "line 6, field 'decision': of a reference sentence is carried or add"),  # one text has two lines
    (put(1, 6, "d0123"), "line 2, field 'digest': the texts of pair 'p1' are not those that were annotated"),
    (put(1, 1, "../x"), "line 2, field 'annotator': an annotator's name is letters"),
    (put(1, 1, ""), "line 2, field 'annotator': an annotator's name is letters"),
    (lambda rows: rows[:2] + rows[3:], "line 2, field 'number': of pair 'p1' by 'ann' these sentences have no row: draft 2"),
    (lambda rows: [*rows, rows[1]], "field 'decision': is that of line 2, about the same sentence"),
    (lambda rows: [*rows, [*rows[1][:5], "delete", rows[1][6]]], "field 'decision': contradicts line 2"),
    (lambda rows: [*rows, ["p1"]], "has 1 cells, the header has 7"),
    (without(5), "line 1, field 'decision': is no column of the table"),
    (lambda rows: [[*r, r[0]] for r in rows], "line 1, field 'pair': is a column twice"),
    (lambda rows: rows[:1], "decides nothing"),
    (lambda rows: [[]], "is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), BAD, ids=[m[:40] for _, m in BAD])
def test_every_problem_is_named_with_its_place(tmp_path: Path, change, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_sheet(table(tmp_path / "s.csv", change), PAIRS)
    assert message in str(caught.value)
    assert "Rest" not in str(caught.value), "no text in an error"


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    def change(rows: list) -> None:
        rows[1][5] = rows[6][5] = "perhaps"

    with pytest.raises(InputError) as caught:
        read_sheet(table(tmp_path / "s.csv", change), PAIRS)
    assert [p.line for p in caught.value.problems] == [2, 8]


@pytest.mark.parametrize("data", [b'pair;side\n"x', b"pair\xff,side\n", b"\x00\x01"])
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "s.csv").write_bytes(data)
    with pytest.raises(InputError):
        read_sheet(tmp_path / "s.csv", PAIRS)


def test_an_empty_table_is_in_the_annotators_order(tmp_path: Path) -> None:
    pairs = [PairToLabel(f"p{i}", "c", (f"u{i}",), ()) for i in range(9)]
    made = blank(pairs, "ann")
    assert write_sheet(tmp_path / "s.csv", made) == 9
    assert (tmp_path / "s.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert [m.pair.id for m in made] != [p.id for p in pairs] and {m.undecided for m in made} == {1}
    assert [m.pair.id for m in blank(pairs, "bob")] != [m.pair.id for m in made]
