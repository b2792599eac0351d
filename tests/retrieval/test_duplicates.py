import pytest
from hypothesis import given
from hypothesis import strategies as st

from redline.corpus import load_corpus
from redline.retrieval import Seen, near_duplicates

WORDS = [f"{a}{b}" for a in "bcdfg" for b in "aeioulrs"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I need a refill.", "i need a REFILL"),
        ("Café", "cafe!"),
        ("?!", "?!"),
        (" ".join(WORDS), "Fwd: " + " ".join(WORDS) + " Any news?"),
        (" ".join(WORDS[:20]), " ".join([*WORDS[:10], "other", *WORDS[11:20]])),
    ],
)
def test_near_duplicates(one: str, other: str) -> None:
    assert near_duplicates(one, other) and near_duplicates(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I need a refill.", "I need a refill of metformin and have a question about my knee."),
        ("?!", "!?"),
        ("", "a"),
        (" ".join(WORDS[:20]), " ".join(WORDS[14:34])),
        (" ".join(WORDS), " ".join(reversed(WORDS))),
    ],
)
def test_different_messages(one: str, other: str) -> None:
    assert not near_duplicates(one, other) and not near_duplicates(other, one)


def test_the_threshold_counts_five_grams_of_the_shorter() -> None:
    """Eight words have four 5-grams; two of them in the other text are one half."""
    text, other = " ".join(WORDS[:8]), " ".join([*WORDS[:6], *WORDS[20:34]])
    assert near_duplicates(text, other, 0.5) and not near_duplicates(text, other, 0.51)


@given(st.text(max_size=60))
def test_every_text_is_its_own_duplicate(text: str) -> None:
    assert near_duplicates(text, text) and near_duplicates(text, f" {text}\n")


@given(st.text(alphabet="ab .,é1", max_size=60))
def test_case_and_spaces_do_not_matter(text: str) -> None:
    assert near_duplicates(text, text.upper())


def test_seen_remembers_what_was_new() -> None:
    seen = Seen(["Can I get a refill of my metformin soon?"])
    assert not seen.is_new("can i get a refill of my metformin soon")
    assert seen.is_new("My knee is swollen since the fall.")
    assert not seen.is_new("My knee is swollen since the fall!")


def test_no_two_bundled_messages_are_near_duplicates() -> None:
    """The threshold lies far above what different patients' messages share (at most 0.06)."""
    seen = Seen(same=0.1)
    assert all(seen.is_new(c.message) for c in load_corpus("bundled").cases)
