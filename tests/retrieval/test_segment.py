import pytest

from redline.errors import UsageError
from redline.retrieval import Query
from redline.retrieval.segment import merged, new_segment
from tests.retrieval.helpers import HashedWords, past

DATES = ["2026-03-14", "2026-03-14T09:30", "2026-03-14T09:30+05:00", "2026-03-13", None, "soon"]


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("2026-03-15", [0, 1, 2, 3]),
        ("2026-03-14", [3]),
        ("2026-03-14T09:30", [2, 3]),
        ("2026-03-14T09:31Z", [1, 2, 3]),
        ("2026-03-13", []),
    ],
)
def test_received_earlier(before: str, found: list[int]) -> None:
    """A date alone is the whole day; a time without a zone is UTC; no date is never early."""
    rows = [past(f"c{i}", "Hi", received=d) if d else past(f"c{i}", "Hi") for i, d in enumerate(DATES)]
    mask = new_segment(rows, (), None).allowed(Query("Hi", before=before))
    assert mask.nonzero()[0].tolist() == found


def test_before_must_be_a_date() -> None:
    with pytest.raises(UsageError, match="before: 'soon' is no date"):
        new_segment([past("a", "Hi", received="2026-01-01")], (), None).allowed(Query("Hi", before="soon"))


def test_filters_of_values_that_no_row_has() -> None:
    segment = new_segment([past("a", "Hi", split="train")], (), None)
    assert not segment.allowed(Query("Hi", clinician="nobody")).any()
    assert not segment.allowed(Query("Hi", split="")).any()
    assert segment.allowed(Query("Hi", clinician="dr-1", split="train")).all()


def test_a_message_keeps_its_number() -> None:
    embed = HashedWords()
    first = new_segment([past("a", "knee"), past("a", "knee", "dr-2"), past("b", "rash")], (), embed)
    second = new_segment([past("a", "knee", "dr-3"), past("c", "cough")], (first,), embed)
    assert first.text_of.tolist() == [0, 0, 1] and second.text_of.tolist() == [0, 2]
    assert embed.seen == ["knee", "rash", "cough"]
    both = merged([first, second])
    assert both.text_of.tolist() == [0, 0, 1, 0, 2] and both.texts == ("knee", "rash", "cough")
    assert both.content == (first.content + second.content) % 2**256
