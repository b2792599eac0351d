from pathlib import Path

import numpy as np
import pytest

from redline.encoder import EditEncoder, read_card
from redline.retrieval import EncoderEmbedder


@pytest.fixture(scope="module")
def embed(encoder_built: Path) -> EncoderEmbedder:
    return EncoderEmbedder(EditEncoder(read_card(encoder_built), threads=1))


def test_the_mean_of_the_units(embed: EncoderEmbedder) -> None:
    units = ["My knee hurts.", "Can I get a refill?"]
    mean = embed.encoder.sentence_vectors(units).astype(np.float64).mean(axis=0)
    found = embed.vectors([" ".join(units)])
    assert found.dtype == np.float32 and found.shape == (1, len(mean))
    assert found[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_a_text_has_the_same_vector_in_any_company(embed: EncoderEmbedder) -> None:
    texts = ["My knee hurts. It is red.", "", "Refill please.", "My knee hurts."]
    together = embed.vectors(texts)
    for text, row in zip(texts, together, strict=True):
        assert np.array_equal(embed.vectors([text])[0], row)
    assert not together[1].any() and np.linalg.norm(together[[0, 2, 3]], axis=1) == pytest.approx(1)


@pytest.mark.parametrize("text", ["\0", " \n ", "\ud83d", "a\0b \udfff.", "🙂", "x" * 5000])
def test_odd_texts(embed: EncoderEmbedder, text: str) -> None:
    assert np.isfinite(embed.vectors([text])).all()


def test_no_texts(embed: EncoderEmbedder) -> None:
    assert embed.vectors([]).shape[0] == 0 and embed.vectors([]).shape[1] > 0


def test_the_digest_names_the_encoder(embed: EncoderEmbedder) -> None:
    assert embed.encoder.card.digest in embed.digest
