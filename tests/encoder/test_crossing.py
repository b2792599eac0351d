"""Cross-attention at work: pieces of long texts, batches, and that only the set of units counts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from redline.corpus import load_corpus
from redline.encoder import Asked, EditEncoder, bundled_encoder
from redline.encoder.crossing import UnitStates, crossed, pieces
from redline.encoder.model import _run_units

RNG = np.random.default_rng(0)


def states(tokens: int) -> UnitStates:
    return UnitStates(RNG.normal(size=(2, tokens, 4)).astype(np.float16), np.zeros(4, np.float32))


@dataclass
class Counting:
    """A pool whose graph adds the tokens of the unit and of the other text, and keeps the sizes of its runs."""

    size: int = 1

    def __post_init__(self) -> None:
        self.runs: list[tuple[int, int, int]] = []

    def map(self, work, items):
        return [work(i) for i in items]

    def run(self, inputs):
        self.runs.append((*inputs["unit"].shape[:2], inputs["other"].shape[1]))
        return [inputs["mask"].sum(axis=1) + 1000.0 * inputs["other"].shape[1]]


def test_a_long_text_becomes_pieces_and_the_best_one_answers() -> None:
    found = pieces([states(n) for n in (30, 30, 50, 200, 10)], most=100)
    assert [p.shape[1] for p in found] == [60, 50, 200, 10], "a unit is never divided"
    pool = Counting()
    assert crossed(pool, [(states(7), found)]).tolist() == [7 + 200_000]
    assert len(pool.runs) == 4


def test_each_question_gets_its_own_answer_whatever_the_batches() -> None:
    short, long = pieces([states(20)]), pieces([states(1500), states(500)])
    asked = [(states(int(n)), (short, long)[i % 2]) for i, n in enumerate(RNG.integers(3, 128, 300))]
    pool = Counting()
    expected = [u.lower.shape[1] + 1000.0 * (20, 2000)[i % 2] for i, (u, _) in enumerate(asked)]
    assert crossed(pool, asked).tolist() == expected
    assert all(batch == 1 for batch, _, _ in pool.runs)


@pytest.fixture(scope="module")
def encoder() -> EditEncoder:
    return EditEncoder(bundled_encoder())


def test_order_does_not_matter_in_texts_of_many_pieces(encoder: EditEncoder) -> None:
    """About 5,000 tokens: the pieces are cut in an order of their own."""
    other = tuple(
        f"Step {i}: take {i} drops of the solution with water before you go to bed tonight." for i in range(250)
    )
    asked = Asked("Take the iron with food.", other), Asked("Take the iron with food.", other[::-1])
    forward, backward = encoder.logits(asked)
    assert forward == pytest.approx(backward, abs=2e-2)


def test_saying_a_unit_twice_changes_nothing(encoder: EditEncoder) -> None:
    other = ("Rest today.", "Take the iron with food.", "Call us if it gets worse.")
    once, twice = encoder.logits(
        [Asked("Take iron with meals.", o) for o in (other, (*other, "- Rest today.", other[1]))]
    )
    assert once == pytest.approx(twice, abs=1e-3)


def test_a_verdict_is_the_same_to_the_bit_in_any_company(encoder: EditEncoder) -> None:
    """What a killed and resumed run needs: nothing depends on what else is asked, nor on what was asked before."""
    replies = [r.units for r in load_corpus("bundled").replies[:24] if r.units]
    asked = [Asked(u, replies[(i * 7 + 3) % len(replies)]) for i, reply in enumerate(replies) for u in reply]
    together, themes = encoder.logits(asked), encoder.theme_logits([q.unit for q in asked])
    order = RNG.permutation(len(asked))
    for start in range(0, len(order), 7):
        part = order[start : start + 7]
        encoder.forget()
        assert np.array_equal(encoder.logits([asked[i] for i in part]), together[part])
        assert np.array_equal(encoder.theme_logits([asked[i].unit for i in part]), themes[part])


@pytest.mark.slow
def test_units_of_one_length_are_encoded_together_to_the_bit(encoder: EditEncoder) -> None:
    """Every length up to the window, in groups of several sizes."""
    pool = encoder._graph("units")
    for length in (*range(3, 40), *range(40, 129, 8)):
        ids = RNG.integers(1_000, 25_000, (8, length)).tolist()
        alone = [_run_units(pool, [one])[0] for one in ids]
        for size in (2, 3, 5, 8):
            assert all(a.same(b) for a, b in zip(_run_units(pool, ids[:size]), alone, strict=False)), (length, size)
    themes = encoder._graph("themes")  # the control: this graph does depend on company
    start = RNG.normal(size=(4, 20, 384)).astype(np.float32)
    mask = np.ones((4, 20), bool)
    together = themes.run({"start": start, "mask": mask})[0]
    assert not np.array_equal(together[:1], themes.run({"start": start[:1], "mask": mask[:1]})[0])


def test_where_company_would_matter_units_go_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from redline.encoder import model

    runs: list[int] = []
    real = model._run_units

    def counting(pool, ids):
        runs.append(len(ids))
        return real(pool, ids)

    monkeypatch.setattr(model, "_run_units", counting)
    texts = [f"Please take {n} pills with water." for n in range(1_000, 1_120)]
    together, alone = EditEncoder(bundled_encoder()), EditEncoder(bundled_encoder())
    first = together.theme_logits(texts)
    assert max(runs) == model._TOGETHER
    runs.clear()
    EditEncoder(bundled_encoder()).theme_logits(texts[:20])
    assert set(runs) == {1}, "a few units are not worth the look"
    monkeypatch.setattr(model._Chunk, "same", lambda *_: False)
    runs.clear()
    assert np.array_equal(alone.theme_logits(texts), first)
    assert alone._most_together == 1 and runs.count(1) > len(texts)


def test_threads_that_ask_at_once_load_each_graph_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from redline.encoder import model

    loaded: list[str] = []
    real = model.SessionPool

    def counting(path, size, **options):
        loaded.append(path.stem)
        return real(path, size, **options)

    monkeypatch.setattr(model, "SessionPool", counting)
    fresh = EditEncoder(bundled_encoder())
    asked = [Asked("Rest.", ("Please rest today.",))]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fresh.logits(asked)[0], range(8)))
    assert sorted(loaded) == ["content", "units"] and len(set(found)) == 1


def test_kept_vectors_are_bounded_by_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    from redline.encoder import model

    monkeypatch.setattr(model, "_KEPT_TOKENS", 60)
    fresh = EditEncoder(bundled_encoder())
    fresh.theme_logits([f"Please take {n} pills with water every morning." for n in range(40)])
    fresh.theme_logits(["word " * 2000])
    assert fresh._kept_tokens <= 60
    assert fresh._kept_tokens == sum(len(c.start) for chunks in fresh._kept.values() for c in chunks)


def test_probabilities_follow_the_logits(encoder: EditEncoder) -> None:
    asked = [
        Asked("Take iron with meals.", ("Take the iron with food.",)),
        Asked("Rest.", ("Sell the boat.",)),
        Asked("Rest.", ()),
    ]
    logits, (p, _) = encoder.logits(asked), encoder.carried(asked)
    assert p[0] > p[1] > p[2] == 0.0 and logits[0] > logits[1] > logits[2] == -np.inf
