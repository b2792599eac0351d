"""Vectors distilled from the encoder: fitted with an index, kept with it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from redline.encoder import EditEncoder, read_card
from redline.errors import InputError
from redline.records import digest
from redline.retrieval import FittedEmbedder, MessageIndex, Query, StaticEmbedder, StaticVectors
from tests.retrieval.helpers import HashedWords, past

TEXTS = [
    "My knee is swollen again after the injection.",
    "Can I get a refill of metformin before the weekend?",
    "A rash on both arms since the new detergent, it itches at night.",
    "The cough keeps me awake and there is a little blood.",
]
ROWS = [past(f"m{i}", text) for i, text in enumerate(TEXTS)]
NEW = past("n", "My daughter's fever is back and her ear hurts.")


@pytest.fixture(scope="module")
def recipe(encoder_built: Path) -> StaticEmbedder:
    return StaticEmbedder(read_card(encoder_built), width=32)


@pytest.fixture(scope="module")
def fitted(recipe: StaticEmbedder) -> StaticVectors:
    return recipe.fit(TEXTS)


def test_a_token_alone_is_what_the_encoder_says_of_it(recipe: StaticEmbedder) -> None:
    ids = [next(recipe.tokens.ids([word]))[0] for word in ("fever", "knee")]
    made = recipe.tokens.vectors(ids).astype(np.float64)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    own = EditEncoder(recipe.card, threads=1).sentence_vectors(["fever", "knee"])
    assert np.abs(made - own).max() < 0.02  # the encoder rounds to float16 and int8 on its way


def test_a_text_is_the_weighted_mean_of_its_whitened_tokens(recipe: StaticEmbedder, fitted: StaticVectors) -> None:
    """The formula of the docstring, a token at a time."""
    tokens = [list(ids) for ids in recipe.tokens.ids(TEXTS)]
    count = {t: sum(ids.count(t) for ids in tokens) for ids in tokens for t in ids}
    total = sum(count.values()) + recipe.tokens.size
    weight = {t: recipe.sif / (recipe.sif + (c + 1) / total) for t, c in count.items()}
    x = {t: recipe.tokens.vectors([t])[0].astype(np.float64) for t in count}
    whole = sum(count[t] * weight[t] for t in count)
    mean = sum(count[t] * weight[t] / whole * x[t] for t in count)
    spread = sum(count[t] * weight[t] / whole * np.outer(x[t] - mean, x[t] - mean) for t in count)
    spread = spread + recipe.ridge * np.trace(spread) / len(mean) * np.eye(len(mean))
    variance, axes = np.linalg.eigh(spread)
    project = (axes / np.sqrt(variance))[:, ::-1][:, : recipe.width]
    sums = np.stack([sum((weight[t] * (x[t] - mean) for t in ids), np.zeros(len(mean))) @ project for ids in tokens])
    expected = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    found = fitted.vectors(TEXTS)
    assert found.dtype == np.float32 and np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    assert found @ found.T == pytest.approx(expected @ expected.T, abs=2e-3)  # axes may be turned; cosines may not


def test_whitened_tokens_have_no_mean_and_no_favoured_axis(recipe: StaticEmbedder) -> None:
    made = replace(recipe, ridge=1e-6).fit(TEXTS)
    weight = recipe.sif / (recipe.sif + (made.counts + 1) / (made.counts.sum() + recipe.tokens.size))
    share = made.counts * weight / (made.counts * weight).sum()
    table = made.table.astype(np.float64)
    assert share @ table == pytest.approx(np.zeros(32), abs=1e-2)
    assert (table * share[:, None]).T @ table == pytest.approx(np.eye(32), abs=2e-2)


def test_order_and_company_do_not_matter(recipe: StaticEmbedder, fitted: StaticVectors) -> None:
    again = recipe.fit(TEXTS[::-1])
    assert again.digest == fitted.digest
    assert all(np.array_equal(again.arrays[name], fitted.arrays[name]) for name in fitted.arrays)
    asked = [*TEXTS, NEW.message, ""]
    together = fitted.vectors(asked)
    for text, row in zip(asked, together, strict=True):
        assert np.array_equal(again.vectors([text])[0], row)


def test_a_token_met_later_is_as_good_as_one_in_the_table(fitted: StaticVectors) -> None:
    kept = fitted.ids != fitted.ids[len(fitted.ids) // 2]
    late = int(fitted.ids[~kept][0])
    fewer = replace(fitted, ids=fitted.ids[kept], counts=fitted.counts[kept], table=fitted.table[kept], _met={})
    row = fewer._late(late)
    expected = fitted.table[~kept][0].astype(np.float64)
    assert row / np.linalg.norm(row) == pytest.approx(expected / np.linalg.norm(expected), abs=2e-3)
    assert fewer._late(late) is row


@pytest.mark.parametrize("text", ["", " \n ", "\0", "🙂", "x" * 5000, "[PAD] [CLS] [UNK]"])
def test_texts_that_say_nothing(fitted: StaticVectors, text: str) -> None:
    assert not fitted.vectors([text]).any()


@pytest.mark.parametrize("text", ["\ud83d", "knee\0pain \udfff.", "Grüße 🙂", "pneumonoultramicroscopic " * 900])
def test_odd_texts(fitted: StaticVectors, text: str) -> None:
    assert np.linalg.norm(fitted.vectors([text]), axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("texts", [[], [""], ["fever"], ["\ud83d", "🙂"], ["fever cough", "fever cough"]])
def test_fitted_on_next_to_nothing(recipe: StaticEmbedder, texts: list[str]) -> None:
    made = recipe.fit(texts).vectors(["fever and a rash", "", *texts])
    assert made.shape == (2 + len(texts), 32) and np.isfinite(made).all() and made[0].any() and not made[1].any()


def test_no_texts(fitted: StaticVectors) -> None:
    assert fitted.vectors([]).shape == (0, 32)


def test_the_digest_says_what_vectors_depend_on(recipe: StaticEmbedder, fitted: StaticVectors) -> None:
    others = [replace(recipe, width=16), replace(recipe, sif=0.01), replace(recipe, ridge=0.2)]
    assert len({recipe.digest, *(o.digest for o in others)}) == 4 and recipe.card.digest in recipe.digest
    assert fitted.digest.startswith(recipe.digest)
    assert recipe.fit([*TEXTS, "fever"]).digest != fitted.digest != recipe.fit([*TEXTS, TEXTS[0]]).digest


def test_an_index_fits_once_and_keeps_it(recipe: StaticEmbedder) -> None:
    index = MessageIndex.build([*ROWS, past("m0", TEXTS[0], "dr-2")], recipe)
    assert isinstance(index.embed, FittedEmbedder) and index.embed.digest == recipe.fit(TEXTS).digest
    grown = index.add([NEW])
    assert grown.embed is index.embed and grown.digest != index.digest
    assert grown.digest != MessageIndex.build([*ROWS, past("m0", TEXTS[0], "dr-2"), NEW], recipe).digest
    assert grown.search(Query("an ear infection with a high temperature"), 1)[0].past == NEW
    empty = MessageIndex.build([], recipe)
    assert empty.embed is recipe and empty.search(Query("knee"), 3) == []
    assert empty.add(ROWS).digest == MessageIndex.build(ROWS[::-1], recipe).digest


def test_grown_and_built_at_once_find_the_same_with_the_same_fit(recipe: StaticEmbedder, fitted: StaticVectors) -> None:
    at_once = MessageIndex.build([*ROWS, NEW], fitted)
    grown = MessageIndex.build(ROWS, fitted).add([NEW])
    assert grown.digest == at_once.digest
    query = Query("fever and a swollen ear")
    assert grown.search(query, 5) == at_once.search(query, 5) != []


def test_vectors_find_what_shares_no_word(recipe: StaticEmbedder) -> None:
    hits = MessageIndex.build(ROWS, recipe).search(Query("dermatitis"), 4)
    assert hits[0].past.case == "m2" and hits[0].word_rank is None


def test_comes_back_without_being_fitted_again(
    recipe: StaticEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = MessageIndex.build(ROWS, recipe)
    index.save(tmp_path)
    fresh = StaticEmbedder(recipe.card, width=32)

    def fail(*_: object) -> None:
        raise AssertionError("the encoder was asked")

    with monkeypatch.context() as patch:
        patch.setattr(StaticEmbedder, "fit", fail)
        patch.setattr("redline.retrieval.tokens.SessionPool", fail)
        again = MessageIndex.load(tmp_path, fresh)
        assert again.search(Query(TEXTS[0] + " metformin"), 4) == index.search(Query(TEXTS[0] + " metformin"), 4)
    assert again.digest == index.digest
    query = Query("An unheard-of question about gout and podagra")
    assert again.search(query, 4) == index.search(query, 4) != []
    grown = again.add([NEW])
    assert grown.digest == index.add([NEW]).digest
    grown.save(tmp_path)
    assert len(list(tmp_path.glob("embedder-*"))) == 1
    assert MessageIndex.load(tmp_path, fresh).search(query, 5) == grown.search(query, 5)
    assert MessageIndex.load(tmp_path, index.embed).digest == grown.digest


def test_folders_of_another_fit(recipe: StaticEmbedder, tmp_path: Path) -> None:
    MessageIndex.build(ROWS, recipe).save(tmp_path)
    for other in (replace(recipe, width=16), HashedWords(), None):
        with pytest.raises(InputError, match=r"was built with static:1.* and is opened with"):
            MessageIndex.load(tmp_path, other)
    new = MessageIndex.build([*ROWS, NEW], recipe)
    new.save(tmp_path)
    assert len(list(tmp_path.glob("embedder-*"))) == len(list(tmp_path.glob("segment-*"))) == 1
    assert MessageIndex.load(tmp_path, recipe).digest == new.digest
    MessageIndex.build([], recipe).save(tmp_path)
    assert MessageIndex.load(tmp_path, recipe).embed is recipe and not list(tmp_path.glob("embedder-*"))


def test_a_fit_that_was_changed_is_refused(recipe: StaticEmbedder, tmp_path: Path) -> None:
    MessageIndex.build(ROWS, recipe).save(tmp_path)
    place = next(tmp_path.glob("embedder-*"))
    assert place.name == f"embedder-{digest(json.loads((tmp_path / 'index.json').read_text())['fitted']['digest'])}"
    for name, change in (("counts", lambda a: a + 1), ("table", lambda a: a[1:]), ("projection", lambda a: a[:, 1:])):
        kept = np.load(place / f"{name}.npy")
        np.save(place / f"{name}.npy", change(kept))
        with pytest.raises(InputError, match="Build the index again"):
            MessageIndex.load(tmp_path, recipe)
        np.save(place / f"{name}.npy", kept)
    assert MessageIndex.load(tmp_path, recipe)
    (place / "mean.npy").unlink()
    with pytest.raises(InputError, match="Build the index again"):
        MessageIndex.load(tmp_path, recipe)
