"""Labelling with keys from a list and a screen in memory."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from redline.annotation import PairToLabel, Session, TextToLabel, open_log, read_log, sessions
from redline.annotation.guide import RULES, content_rules
from redline.annotation.keys import LineKeys
from redline.annotation.screen import Screen, inert
from redline.annotation.session import Question
from redline.annotation.tasks import LETTERS, EditTask, Task, ThemeTask
from redline.annotation.terminal import Labelling
from redline.errors import InputError, UsageError
from redline.taxonomy import Taxonomy, Theme, default_taxonomy

PAIR = PairToLabel(
    "p9c1f", "s1", ("Rest.", "Take 20 mg."), ("Take 20 mg.",), "frontier/zero", "dr_q", 0.125, "unsure-stratum"
)
TEXT = TextToLabel("s1:frontier:zero", "s1", ("Hello.", "Rest, and I hear you."))


def sit(keys: str, path: Path, task: Task, items: list, width: int = 80) -> tuple[Session, str]:
    out = io.StringIO()
    screen = Screen(Console(file=out, width=width, height=24, markup=False, highlight=False, emoji=False))
    with open_log(path, "ann", task.kind) as (log, writer):
        session = Session.of(items, log.events)
        Labelling(task, session, writer, LineKeys(io.StringIO(keys)), screen).run()
    return session, out.getvalue()


def marks(session: Session) -> list:
    return [session.decided.get(Question("p9c1f", s, i)) for s, n in (("draft", 2), ("reference", 1)) for i in range(n)]


def test_one_key_a_sentence(tmp_path: Path) -> None:
    session, shown = sit("dkc", tmp_path / "a.jsonl", EditTask({"s1": ("My knee hurts", "Age: 44")}), [PAIR])
    assert marks(session) == [1, 0, 0]
    assert "My knee hurts" in shown and "Age: 44" in shown and "Done. 3 of 3" in shown
    assert all(rule[:60] in shown for side, rule in RULES.items() if side != "text")


def test_the_screen_does_not_say_whose_draft_it_is(tmp_path: Path) -> None:
    _, shown = sit("?tdkcq", tmp_path / "a.jsonl", EditTask({}), [PAIR])
    for secret in ("frontier", "zero", "dr_q", "0.125", "stratum", "p9c1f", "unsure"):
        assert secret not in shown
    _, shown = sit("?t1\n9\nq", tmp_path / "t.jsonl", ThemeTask(default_taxonomy()), [TEXT])
    assert "frontier" not in shown and "zero" not in shown


def test_undo_skip_note_help_and_stop(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    session, shown = sit("kukn see the dose\nsq", path, EditTask({}), [PAIR])
    assert marks(session) == [0, None, None] and session.notes == {Question("p9c1f", "draft", 1): "see the dose"}
    assert "Stopped; the same command goes on here. 1 of 3" in shown
    session, shown = sit("?tuuud\nk\na\n", path, EditTask({}), [PAIR])
    assert marks(session) == [1, 0, 1]
    assert "Going on: 1 of 3" in shown and "nothing to take back" in shown
    assert content_rules()[0][:40] in shown
    session, shown = sit("", path, EditTask({}), [PAIR])
    assert marks(session) == [1, 0, 1] and "Everything is decided: 3 of 3" in shown
    assert [e.kind.value for e in read_log(path).events].count("undo") == 2


def test_a_key_of_the_other_side_and_an_unknown_one_are_explained(tmp_path: Path) -> None:
    session, shown = sit("xc\x07\n \u202eq", tmp_path / "a.jsonl", EditTask({}), [PAIR])
    assert marks(session) == [None] * 3
    assert "This is a draft sentence: press k or d." in shown
    assert shown.count("is no key here") == 1, "nothing about enter, a space, what cannot be seen"
    assert "x is no key here: press k or d, or ? for the rule." in shown
    _, shown = sit("z\nq", tmp_path / "t.jsonl", ThemeTask(default_taxonomy()), [TEXT])
    assert "z is no key here: press a theme's key or enter, or ? for the definitions." in shown


def test_caps_lock_changes_nothing(tmp_path: Path) -> None:
    session, shown = sit("DKUKCq", tmp_path / "a.jsonl", EditTask({}), [PAIR])
    assert marks(session) == [1, 0, 0] and "is no key" not in shown
    _, shown = sit("DQ", tmp_path / "b.jsonl", EditTask({}), [PAIR])
    assert "Stopped" in shown
    many = Taxonomy(tuple(Theme(f"t{i}", f"T{i}", "x", "") for i in range(12)), "t0")
    session, _ = sit("A\n", tmp_path / "t.jsonl", ThemeTask(many), [TEXT])
    assert session.decided[Question(TEXT.id, "text", 0)] == ("t9",)


@pytest.mark.parametrize("width", [24, 40, 79, 80, 81, 120, 300])
def test_a_line_never_ends_between_a_key_and_its_name(width: int, tmp_path: Path) -> None:
    _, shown = sit("q", tmp_path / "t.jsonl", ThemeTask(default_taxonomy()), [TEXT], width)
    lines = shown.splitlines()
    if width >= 28:
        for i, theme in enumerate(default_taxonomy().themes, start=1):
            assert any(f"{i} {theme.name}" in line for line in lines), theme.name
    assert any("? definitions" in line for line in lines) and max(map(len, lines)) <= width
    assert sum("1 Empathetic" in line for line in lines) == 1


def test_definitions_are_sentences(tmp_path: Path) -> None:
    _, shown = sit("?q", tmp_path / "t.jsonl", ThemeTask(default_taxonomy()), [TEXT], 300)
    assert "9 Other: greetings, sign-offs, everything that fits nowhere else. Not when any other theme fits." in shown
    assert "2 Symptom Questions: asks the patient for symptoms" in shown


def test_the_end_of_the_keys_is_a_stop(tmp_path: Path) -> None:
    session, shown = sit("k", tmp_path / "a.jsonl", EditTask({}), [PAIR])
    assert marks(session) == [0, None, None] and "Stopped" in shown


def test_themes_are_toggled_and_confirmed(tmp_path: Path) -> None:
    keys = "\n9\n" + "511?9\n"  # nothing chosen; then the second: 5, 1 on and off, other beside it
    session, shown = sit(keys, tmp_path / "t.jsonl", ThemeTask(default_taxonomy()), [TEXT])
    assert session.decided[Question(TEXT.id, "text", 0)] == ("other",)
    assert session.decided[Question(TEXT.id, "text", 1)] == ("treatment_planning",)
    assert "Choose a theme first; 9 is for" in shown and "left out beside another theme" in shown
    for theme in default_taxonomy().themes:
        assert theme.name in shown
    assert "Not when it greets" not in shown and "Not when it only greets" in " ".join(shown.split())


def test_a_taxonomy_of_many_themes_has_keys_as_long_as_there_are_letters(tmp_path: Path) -> None:
    assert not set(LETTERS) & set("usntq?\n") and len(set(LETTERS)) == len(LETTERS)

    def taxonomy(count: int) -> Taxonomy:
        return Taxonomy(tuple(Theme(f"t{i}", f"T{i}", "x", "") for i in range(count)), "t0")

    session, _ = sit("a\n", tmp_path / "t.jsonl", ThemeTask(taxonomy(12)), [TEXT])
    assert session.decided[Question(TEXT.id, "text", 0)] == ("t9",)
    with pytest.raises(UsageError, match="keys for 30 themes"):
        ThemeTask(taxonomy(31))


HOSTILE = "[bold]x[/bold] \x1b[2J\x1b]0;title\x07 \u202eabc\u2066 \x9b31m \u200b :smile: \ud800 \u2028 é 病"


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    pair = PairToLabel("p9c1f", "s1", (HOSTILE,), (HOSTILE,))
    _, shown = sit("q", tmp_path / "a.jsonl", EditTask({"s1": (HOSTILE, HOSTILE)}), [pair])
    assert not set("\x1b\x07\x9b\u202e\u2066\u200b\ud800\u2028") & set(shown)
    for piece in ("[bold]x[/bold]", "<U+001B>[2J", "<U+202E>abc", "<U+009B>31m", ":smile:", "é 病"):
        assert piece in shown
    _, shown = sit("n \x1b[2Jx\nq", tmp_path / "b.jsonl", EditTask({}), [pair])
    assert "\x1b" not in shown


def test_plain_text_is_shown_as_it_is() -> None:
    assert inert("Take 20 mg.\r\nTwice\ta day.") == "Take 20 mg.\nTwice a day."


@pytest.mark.parametrize("width", [20, 40, 80])
def test_long_texts_wrap_in_small_terminals(width: int, tmp_path: Path) -> None:
    pair = PairToLabel("p", "s1", ("word " * 60 + "x" * 200,), ("word " * 200,))
    _, shown = sit("q", tmp_path / "a.jsonl", EditTask({"s1": ("m " * 300, "")}), [pair], width)
    assert max(len(line) for line in shown.splitlines()) <= width
    assert shown.count("x" * 10) and shown.count("word") >= 520


def test_a_question_about_a_usual_pair_fits_80_by_24(tmp_path: Path) -> None:
    unit = "Please call our office tomorrow so that we can find a time for your blood test this week."
    pair = PairToLabel("p", "s1", (unit,) * 7, (unit,) * 5)
    _, shown = sit("kq", tmp_path / "a.jsonl", EditTask({}), [pair])
    question = shown.split("draft sentence 2 of 7")[1]
    assert len(question.splitlines()) <= 24


def test_an_empty_side_and_a_pair_without_units(tmp_path: Path) -> None:
    pairs = [PairToLabel("p", "s1", (), ("a",)), PairToLabel("q", "s1", (), ())]
    session, shown = sit("a", tmp_path / "a.jsonl", EditTask({}), pairs)
    assert session.counts == (1, 1) and "(empty)" in shown and "Done." in shown


def test_labels_of_another_taxonomy_are_refused(tmp_path: Path) -> None:
    sit("5\nq", tmp_path / "t.jsonl", ThemeTask(default_taxonomy()), [TEXT])
    log = read_log(tmp_path / "t.jsonl")
    assert sessions([log], [TEXT], "t", themes=default_taxonomy().keys)["ann"].counts == (1, 2)
    with pytest.raises(InputError, match="names 'treatment_planning', which this taxonomy does not have"):
        sessions([log], [TEXT], "t", themes=("other",))
