"""A site's own taxonomy file: what is wrong is said with its place."""

from pathlib import Path

import pytest

from redline.errors import InputError
from redline.taxonomy import Taxonomy

GOOD = "themes:\n  - {key: empathy, name: E, has: x}\n  - {key: other, name: O, has: y, published: [0.1, 0.2]}\n"


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(GOOD)
    found = Taxonomy.from_yaml(path)
    assert found.keys == ("empathy", "other") and found.residual == "other" and found["other"].published == (0.1, 0.2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("themes: []", "at least one theme"),
        ("themes: [", "is not valid YAML"),
        (GOOD.replace("key: empathy", "key: Follow up"), "a key is lower-case letters"),
        (GOOD.replace("key: empathy", "key: other"), "more than once"),
        (GOOD.replace("[0.1, 0.2]", "[0.1, 0.2, 0.3]"), "is not a share between 0 and 1"),
        (GOOD + "version: v2\n", "expected a whole number"),
        (GOOD + "residual: nothing\n", "is no theme of this file"),
        (GOOD.replace("name: E, ", ""), "themes[0].name"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        Taxonomy.from_yaml(path)
    assert words in str(caught.value)
