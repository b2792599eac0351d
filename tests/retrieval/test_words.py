import pytest

from redline.retrieval.words import plain_words, search_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "cafe"),
        ("SWELLING", "swells"),
        ("naïve", "NAIVE"),
        ("Tylenol", "acetaminophen"),
        ("ﬁnger", "finger"),
        ("don’t", "don't"),
    ],
)
def test_one_word_in_two_spellings(one: str, other: str) -> None:
    assert search_words(one) == search_words(other) != []


def test_numbers_stay_whole() -> None:
    assert plain_words("0.5 mg at 8:30, 1,200 steps") == ["0.5", "mg", "at", "8:30", "1,200", "steps"]
    assert search_words("1,200") == ["1200"]


@pytest.mark.parametrize("text", ["", " \n", "\0", "?!", "🙂", "\ud83d"])
def test_texts_without_words(text: str) -> None:
    assert search_words(text) == []


def test_common_words_are_kept() -> None:
    assert search_words("the knee of the knee") == ["the", "kne", "of", "the", "kne"]
