"""Training: what may never be seen, calibration and measures against scikit-learn, and a tiny run from end to end."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from redline.corpus import load_corpus
from redline.training.encoder.calibrate import content_calibration, platt
from redline.training.encoder.material import gather
from redline.training.encoder.measures import auc, calibration_error, f1_at, kappa
from redline.training.encoder.recipe import Recipe
from redline.training.encoder.sources import annotated_pairs, theme_examples
from redline.training.encoder.written import written_passages, written_themes

TEST_CASES = {c.id for c in load_corpus("bundled").cases if c.split == "test"}


def test_no_test_case_is_trained_on() -> None:
    assert not {p.key for p in annotated_pairs()} & TEST_CASES
    assert not {t.key for t in theme_examples() + written_themes()} & TEST_CASES


def test_no_reporting_set_is_trained_on(public_data: Path) -> None:
    """K-QA's evaluated questions and claims, MTS-Dialog and the test split never occur, held out or trained."""
    material = gather(Recipe(), public_data)
    passages = material.passages + material.held
    assert {p.source for p in passages} == {"pairs", "questions", "facts", "dictated", "answers", "notes", "expertqa"}
    evaluated = [json.loads(x) for x in (public_data / "kqa" / "nli.jsonl").read_text().splitlines()]
    assert not {p.key for p in passages} & {f"kqa{r['question_id']}" for r in evaluated}
    asked = {q.unit for p in passages for q in p.questions}
    assert not asked & {r["claim"].strip() for r in evaluated}
    mts = [json.loads(x) for x in (public_data / "mts_dialog" / "correlation_study.jsonl").read_text().splitlines()]
    units = {u for p in passages for u in p.units} | asked
    summaries = {r["reference_summary"].strip() for r in mts} | {(r["automatic_summary"] or "").strip() for r in mts}
    same = units & summaries  # what every note says ("No known drug allergies.") and nothing longer
    assert not [u for u in same if len(u.split()) > 4] and len(same) < 10
    assert not {p.key for p in passages} & TEST_CASES


def test_no_key_is_both_trained_on_and_held_out(public_data: Path) -> None:
    material = gather(Recipe(), public_data)
    assert not {p.key for p in material.passages} & {p.key for p in material.held}
    assert not {t.key for t in material.themes} & {t.key for t in material.held_themes}


def test_no_text_is_both_trained_on_and_held_out(public_data: Path) -> None:
    """Under whatever key: the units of a held-out passage are nowhere among the trained ones."""
    material = gather(Recipe(), public_data)
    trained = {p.units for p in material.passages if sum(map(len, p.units)) > 40}
    assert not [p.key for p in material.held if p.units in trained]


def test_without_the_evaluation_file_kqa_would_leak(public_data: Path) -> None:
    """Negative control: the filter is what keeps the evaluated questions out."""
    answers = [json.loads(x) for x in (public_data / "kqa" / "answers.jsonl").read_text().splitlines()]
    evaluated = {json.loads(x)["question_id"] for x in (public_data / "kqa" / "nli.jsonl").read_text().splitlines()}
    assert evaluated & {a["question_id"] for a in answers}


def test_measures_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        y = rng.random(80) < 0.4
        score = np.round(y * 0.3 + rng.random(80), 1)
        assert auc(score, y) == pytest.approx(roc_auc_score(y, score))
        said = score >= 0.6
        assert kappa(said, y) == pytest.approx(cohen_kappa_score(said, y))
        assert f1_at(score, y, 0.6)[2] == pytest.approx(f1_score(y, said))


def test_platt_agrees_with_logistic_regression() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, 3000)
    y = rng.random(3000) < 1 / (1 + np.exp(-(0.7 * z - 0.4)))
    slope, offset = platt(z, y.astype(float), prior=1e-9)
    fitted = LogisticRegression(C=1e9).fit(z[:, None], y)
    assert (slope, offset) == (
        pytest.approx(fitted.coef_[0, 0], abs=0.01),
        pytest.approx(fitted.intercept_[0], abs=0.01),
    )


def test_the_content_head_agrees_with_scikit_learn() -> None:
    from redline.encoder import NAMES
    from redline.training.encoder.head import RIDGE, FeatureTable, fit_head

    rng = np.random.default_rng(2)
    x = rng.normal(0, 1, (600, len(NAMES)))
    y = rng.random(600) < 1 / (1 + np.exp(-(x[:, 0] - 0.5 * x[:, 3])))
    head = fit_head(FeatureTable(x, y.astype(float), np.full(600, "pairs")), without=(NAMES[5],))
    used = (x - head.mean) / head.scale
    used[:, 5] = 0.0
    fitted = LogisticRegression(C=1 / RIDGE, max_iter=2000, tol=1e-10).fit(used, y)
    np.testing.assert_allclose(head.weights, fitted.coef_[0], atol=1e-4)
    assert head.weights[5] == 0.0 and head.offset == pytest.approx(fitted.intercept_[0], abs=1e-4)


def test_calibration_makes_overconfident_logits_honest() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(0, 1.5, 4000)
    y = rng.random(4000) < 1 / (1 + np.exp(-z))
    found = content_calibration({"one": (z * 4, y.astype(float))})
    p = 1 / (1 + np.exp(-(found["slope"] * z * 4 + found["offset"])))
    assert calibration_error(p, y) < 0.03 < calibration_error(1 / (1 + np.exp(-z * 4)), y)
    assert 0.4 < found["threshold"] < 0.6


def test_shares_of_facts_calibrate_to_shares() -> None:
    """Labels between 0 and 1 move probabilities towards them; cut at one half they would not (negative control)."""
    rng = np.random.default_rng(3)
    z = rng.normal(0, 2, 5000)
    share = np.round(4 / (1 + np.exp(-(0.5 * z + 0.8)))) / 4
    slope, offset = platt(z, share)
    assert abs((1 / (1 + np.exp(-(slope * z + offset))) - share).mean()) < 0.01
    slope, offset = platt(z, (share >= 0.5).astype(float))
    assert abs((1 / (1 + np.exp(-(slope * z + offset))) - share).mean()) > 0.05


def test_the_network_sees_the_closeness_that_scoring_sees() -> None:
    """The features with gradients against the numpy ones, units of one token and texts of one unit included."""
    torch = pytest.importorskip("torch", reason="needs the extra 'train'")
    from redline.encoder.closeness import UnitVectors, closeness, joined
    from redline.training.encoder.network import Rows, close

    rng = np.random.default_rng(0)
    texts = [[rng.normal(size=(n, 8)).astype(np.float32) for n in lengths] for lengths in ([3, 6, 9], [5], [4, 4])]
    units = [rng.normal(size=(n, 8)).astype(np.float32) for n in (3, 12, 7)]

    def rows(items: list[list[np.ndarray]]) -> Rows:
        longest = max(sum(map(len, x)) for x in items)
        tokens, mask, inner = (
            np.zeros((len(items), longest, 8), np.float32),
            np.zeros((2, len(items), longest), bool),
            None,
        )
        for i, parts in enumerate(items):
            flat = np.concatenate(parts)
            tokens[i, : len(flat)], mask[0, i, : len(flat)] = flat, True
            mask[1, i, : len(flat)] = np.concatenate([[0 < k < len(p) - 1 for k in range(len(p))] for p in parts])
        inner = torch.from_numpy(mask[1])
        return Rows(torch.from_numpy(tokens), torch.from_numpy(mask[0]), inner)

    most = max(map(len, texts))
    vectors, known = np.zeros((len(texts), most, 8), np.float32), np.zeros((len(texts), most), bool)
    for i, parts in enumerate(texts):
        for j, part in enumerate(parts):
            vectors[i, j], known[i, j] = UnitVectors.of(part).sentence, True
    found = close(
        rows([[u] for u in units]), rows(texts), torch.from_numpy(vectors), torch.from_numpy(known), torch.arange(3)
    ).numpy()  # fmt: skip
    for i, unit in enumerate(units):
        expected = closeness(UnitVectors.of(unit), *joined([UnitVectors.of(p) for p in texts[i]]))
        np.testing.assert_allclose(found[i], expected, atol=2e-3)


def test_a_base_that_is_nowhere_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="needs the extra 'train'")
    from redline.errors import UsageError
    from redline.training.encoder.build import resolve_base

    with pytest.raises(UsageError, match=r"holds no tokenizer\.json"):
        resolve_base(str(tmp_path))

    def unreachable(*_: object, **__: object) -> str:
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(UsageError, match=r"is no folder and cannot be fetched \(no network\)"):
        resolve_base("nobody/nothing-of-this-name")


@pytest.mark.slow
def test_a_tiny_encoder_is_built_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A self-made BERT of two layers, a hundred passages, one epoch: the folder works as a judge."""
    pytest.importorskip("torch", reason="needs the extra 'train'")
    transformers = pytest.importorskip("transformers", reason="needs the extra 'train'")
    import shutil
    from dataclasses import replace

    from redline.corpus import bundled_path
    from redline.encoder import read_card
    from redline.errors import UsageError
    from redline.judging import check_judge, content_judge, theme_judge
    from redline.judging.questions import ThemeQuestion
    from redline.training.encoder import build, material

    base = tmp_path / "base"
    config = transformers.BertConfig(
        vocab_size=30522, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    transformers.BertModel(config).save_pretrained(base)
    shutil.copy(bundled_path().parent / "encoder" / "tokenizer.json", base)
    keep = {c.id for c in load_corpus("bundled").cases[80:110]}
    monkeypatch.setattr(material, "annotated_pairs", lambda: [p for p in annotated_pairs() if p.key in keep])
    monkeypatch.setattr(
        material, "written_passages", lambda _: [p for p in written_passages(None) if p.key[-2:] == "17"]
    )
    monkeypatch.setattr(material, "written_themes", lambda: written_themes()[::20])
    monkeypatch.setattr(build, "quality", lambda *_: {})
    request = build.Request(
        tmp_path / "out", str(base), None, Recipe(epochs=1, refine_epochs=1, held=0.3, theme_epochs=1)
    )
    card = build.build_encoder(request, lambda _: None)
    assert card["int8"]["questions"] > 50 and not (tmp_path / "out.part").exists()
    again = replace(request, out=tmp_path / "again", checkpoint=tmp_path / "out.checkpoint.pt")
    said: list[str] = []
    build.build_encoder(again, said.append)
    first, second = (read_card(tmp_path / name).data["files"] for name in ("out", "again"))
    assert first == second, "nothing is trained again"
    assert not [line for line in said if line.startswith("training")]
    with pytest.raises(UsageError, match="was made with other choices, another base or other material"):
        build.build_encoder(replace(again, recipe=replace(request.recipe, seed=3)), said.append)
    judge = content_judge(f"encoder:{tmp_path / 'out'}")
    check_judge(judge)
    assert theme_judge(f"encoder:{tmp_path / 'out'}").judge([ThemeQuestion(("Rest.",), 0)])[0].themes
