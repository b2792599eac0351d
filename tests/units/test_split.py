"""Units: what the splitter must get right, and properties that hold for any text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.corpus import load_corpus
from redline.units import normalise_unit, split_units, unit_texts

CASES = [
    ("Take 0.5 mg at 8 a.m. daily. Any rash?", ["Take 0.5 mg at 8 a.m. daily.", "Any rash?"]),
    ("Dr. Lee saw you. Mrs. Hall did not.", ["Dr. Lee saw you.", "Mrs. Hall did not."]),
    ("1. Stop it.\n2. Rest.\n3. Call", ["1. Stop it.", "2. Rest.", "3. Call"]),
    ("Please:\n- drink water\n- rest", ["Please:", "- drink water", "- rest"]),
    ("See https://example.org/a.b?c=1. Then call.", ["See https://example.org/a.b?c=1.", "Then call."]),
    ("Good news 🎉 Your A1c is 6.1%.", ["Good news 🎉", "Your A1c is 6.1%."]),
    ("no capitals here. then call us", ["no capitals here.", "then call us"]),
    ("We meet at 10 a.m. Monday. Bring the log.", ["We meet at 10 a.m. Monday.", "Bring the log."]),
    ("Take vitamin D. Recheck in May.", ["Take vitamin D.", "Recheck in May."]),
    ("Is it 101.5? Call 911!", ["Is it 101.5?", "Call 911!"]),
    ("Thanks,\nAnn", ["Thanks,", "Ann"]),
    ("The answer is no. Please wait.", ["The answer is no.", "Please wait."]),
    ("Use e.g. ibuprofen vs. acetaminophen.", ["Use e.g. ibuprofen vs. acetaminophen."]),
    ("One line without an end", ["One line without an end"]),
    ("", []),
    ("  \n ", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_known_texts(text: str, expected: list[str]) -> None:
    assert list(unit_texts(text)) == expected


ALPHABET = st.text(alphabet=st.sampled_from("aB3 .?!,:-\n\r\t1)(•é🎉\u200b\u202e\x00\u2028'\"/"), max_size=200)


@given(ALPHABET | st.text(max_size=200))
def test_offsets_rebuild_the_text(text: str) -> None:
    units = split_units(text)
    at, rebuilt = 0, ""
    for unit in units:
        assert text[unit.start : unit.end] == unit.text
        assert unit.start >= at and unit.text
        assert not text[at : unit.start].strip()
        rebuilt += text[at : unit.end]
        at = unit.end
    assert not text[at:].strip()
    assert rebuilt + text[at:] == text


@given(st.text(max_size=120))
def test_normal_form_is_idempotent(text: str) -> None:
    assert normalise_unit(normalise_unit(text)) == normalise_unit(text)


def test_bundled_sentences_stay_whole() -> None:
    """The corpus gives sentences; joined and split again nearly all come back (an annotator may have cut finer)."""
    replies = [r for r in load_corpus("bundled").replies if r.units]
    same = sum(unit_texts(" ".join(r.units)) == r.units for r in replies)
    assert same / len(replies) > 0.97


def test_two_megabytes_are_split_in_linear_time() -> None:
    began = time.perf_counter()
    assert len(split_units("Rest. " * 350_000)) == 350_000
    assert time.perf_counter() - began < 30


def test_five_thousand_replies_a_second() -> None:
    texts = [r.text for r in load_corpus("bundled").replies]
    best = min(_seconds(texts) for _ in range(3))
    assert len(texts) / best > 5_000


def _seconds(texts: list[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        split_units(text)
    return time.perf_counter() - began
