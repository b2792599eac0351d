"""What a run refuses before it starts, what it says when it goes wrong, and clinicians of all kinds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("accelerate")

from redline.chat.adapters import read_adapter  # noqa: E402
from redline.errors import InputError, UsageError  # noqa: E402
from redline.training.adapt.made import _material  # noqa: E402
from redline.training.adapt.metrics import MetricsLog  # noqa: E402
from redline.training.adapt.personal import adapt_clinicians  # noqa: E402
from redline.training.adapt.policy import Policy, open_ground, open_policy  # noqa: E402
from redline.training.adapt.run import Adapted, adapt  # noqa: E402
from redline.training.adapt.settings import AdaptSettings, Method, settings_for  # noqa: E402
from redline.training.preference import PreferencePair  # noqa: E402
from redline.training.trees import TokenSet, TreeScorer, pack  # noqa: E402
from tests.training.adapt.conftest import some_sets  # noqa: E402


def settings(base: Path, method: Method = "tadpole", **tables: dict[str, Any]) -> AdaptSettings:
    given: dict[str, Any] = {
        "model": {"base": str(base), "device": "cpu", "dtype": "float64"}, "lora": {"rank": 4, "alpha": 8},
        "train": {"epochs": 1, "prompts": 4, "rate": 1e-2}, "data": {"validation": 0.25},
    }  # fmt: skip
    for table, values in tables.items():
        given[table] = given.get(table, {}) | values
    return settings_for(method, None, given)


@pytest.fixture(scope="module")
def noisy(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Adapted:
    """A supervised adapter that was trained with dropout, and says so."""
    return adapt(settings(base, "sft", lora={"dropout": 0.3}), "sft", some_sets(), tmp_path_factory.mktemp("noisy"))


@pytest.mark.parametrize("method", ["tadpole", "personal"])
def test_dropout_of_the_adapter_below_is_refused(base: Path, noisy: Adapted, tmp_path: Path, method: Method) -> None:
    asked = settings(base, method, model={"adapter": str(noisy.info.folder)})
    with pytest.raises(UsageError, match=r"starts from has 0\.3; set lora_dropout to 0"):
        adapt(asked, method, some_sets(), tmp_path / "a")
    import shutil

    quiet = tmp_path / "quiet"
    shutil.copytree(noisy.info.folder, quiet)
    config = json.loads((quiet / "adapter_config.json").read_text())
    (quiet / "adapter_config.json").write_text(json.dumps(config | {"lora_dropout": 0.0}))
    assert read_adapter(quiet).digest == noisy.info.digest  # as the message promises
    adapt(settings(base, method, model={"adapter": str(quiet)}), method, some_sets(), tmp_path / "b")


class Stop(Exception):  # noqa: N818
    """As if the process had ended."""


@pytest.mark.parametrize("below", [False, True])
def test_a_stopped_run_with_dropout_draws_the_same_masks(
    base: Path, noisy: Adapted, tmp_path: Path, below: bool
) -> None:
    """Dropout of the settings, and of an adapter that training goes on with."""
    tables: dict[str, Any] = {"model": {"adapter": str(noisy.info.folder)}} if below else {"lora": {"dropout": 0.3}}
    asked = settings(base, "sft", train={"save_every": 1, "epochs": 2}, **tables)
    whole = adapt(asked, "sft", some_sets(), tmp_path / "whole")

    def tell(what: str, done: int, total: int, words: str) -> None:
        if what == "steps" and done == 3:
            raise Stop

    with pytest.raises(Stop):
        adapt(asked, "sft", some_sets(), tmp_path / "cut", tell=tell)
    torch.rand(17)  # whatever else draws numbers
    assert adapt(asked, "sft", some_sets(), tmp_path / "cut").info.digest == whole.info.digest


def test_the_head_is_refused_however_it_is_named(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the head .* is among the adapted layers"):
        adapt(settings(base, lora={"targets": ".*(q_proj|lm_head)"}), "tadpole", some_sets(), tmp_path)
    with pytest.raises(UsageError, match="no plain LoRA matrix"):
        adapt(settings(base, lora={"targets": ".*(q_proj|embed_tokens)"}), "tadpole", some_sets(), tmp_path)
    assert not list(tmp_path.glob("*/checkpoint.pt")) and not list(tmp_path.glob("*@*"))


def test_a_rank_that_no_server_takes_is_refused_before_training(base: Path, tmp_path: Path) -> None:
    steps: list[str] = []
    with pytest.raises(UsageError, match="rank 513 cannot be served"):
        adapt(settings(base, lora={"rank": 513}), "tadpole", some_sets(), tmp_path, tell=lambda w, *_: steps.append(w))
    assert not steps


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_no_reason_to_train_on_the_cpu(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no GPU can be used"):
        adapt(settings(base, model={"device": "cuda"}), "tadpole", some_sets(), tmp_path)


def test_a_weight_for_a_theme_that_no_pair_has(base: Path, tmp_path: Path) -> None:
    asked = settings(base, loss={"themes": {"empahty": 3.0, "empathy": 2.0}})
    with pytest.raises(UsageError, match="no pair has the theme empahty; the pairs have care_coordination, empathy"):
        adapt(asked, "tadpole", some_sets(), tmp_path)
    asked = settings(base, "personal", loss={"themes": {"empahty": 3.0}})
    with pytest.raises(UsageError, match="no pair has the theme empahty"):
        adapt_clinicians(asked, some_sets(20), tmp_path, tell=lambda *_: None)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": {"base": "m", "device": "gpu"}}, "model.device: input should be 'auto', 'cpu' or 'cuda'"),
        ({"model": {"base": "m"}, "name": "My Adapter"}, "name: "),
        ({"model": {"base": "m"}, "train": {"rate": -1.0}}, "train.rate: "),
    ],
)
def test_options_that_are_wrong_are_said_in_words(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        settings_for("sft", None, given)


@pytest.mark.parametrize("validation", [0.25, 0.0])
def test_a_run_that_blows_up_says_so(base: Path, tmp_path: Path, validation: float) -> None:
    wild = {"rate": 1e30, "optimizer": "sgd", "max_norm": 0, "epochs": 5}
    asked = settings(base, train=wild, data={"validation": validation})
    with pytest.raises(UsageError, match=r"no number any more at step \d+: lower \[train\] rate"):
        adapt(asked, "tadpole", some_sets(), tmp_path)
    for line in (tmp_path / "tadpole.run" / "metrics.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)  # NaN is no JSON
    assert not list(tmp_path.glob("*@*"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_metrics_on_a_full_disk(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path, -1)
    log.path = Path("/dev/full")
    with pytest.raises(InputError, match="No space left"):
        log.add(1, "train", {"prompts": 1})
    log.close()


def test_prompts_are_counted_once_however_many_rows_hold_them(base: Path, tmp_path: Path) -> None:
    asked = settings(base, train={"row_tokens": 60})
    adapt(asked, "tadpole", some_sets(), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "tadpole.run" / "metrics.jsonl").read_text().splitlines()]
    assert [r["prompts"] for r in lines] == [3, 4, 4, 1, 3]


def test_what_is_kept_is_the_best_validated_and_not_the_last(base: Path, tmp_path: Path) -> None:
    """Started from again, the adapter of a run that stopped early has the loss of its best validation."""
    wild = {"rate": 3.0, "epochs": 20, "optimizer": "sgd", "max_norm": 0}
    found = adapt(settings(base, train=wild, stop={"patience": 2, "every": 2}), "tadpole", some_sets(), tmp_path / "a")
    at = {row["step"]: row["token_loss"] for row in found.card["validation"]}
    assert found.card["stopped_early"] and 0 < found.card["best_step"] < found.card["steps"]
    asked = settings(base, model={"adapter": str(found.info.folder)})
    again = adapt(asked, "tadpole", some_sets(), tmp_path / "b").card["validation"][0]["token_loss"]
    assert again == pytest.approx(at[found.card["best_step"]], rel=1e-9)
    assert again != pytest.approx(at[found.card["steps"]], rel=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": (1, 2, 4)}, {"replies": ((5, 0), (6, 7, 0))}, {"replies": ((5,), (0, 6, 0))}, {"learn": (1,)},
        {"pairs": (PreferencePair(1, 0),)}, {"pairs": (PreferencePair(0, 1, weight=2.0),)},
    ],
)  # fmt: skip
def test_the_digest_of_the_material_holds_all_of_it(change: dict[str, Any]) -> None:
    one = TokenSet((1, 2, 3), ((5, 0), (6, 0)), (PreferencePair(0, 1),), (0,))
    other = replace(one, **change)
    assert _material(([one], [])) == _material(([replace(one, id="x")], []))
    found = [_material(parts) for parts in (([one], []), ([other], []), ([], [one]), ([one, one], []))]
    assert len(set(found)) == 4


def test_a_reply_of_the_corpus_that_a_set_holds_is_learned_once() -> None:
    from redline.cli.adapt import _joined

    sets = some_sets(3)
    alone = [replace(s, pairs=(), replies=(s.replies[0],)) for s in some_sets(5)]
    other = replace(alone[0], replies=("Another reply.",))
    found = _joined([*alone, other], [*sets, replace(sets[0], id="bare", pairs=())])
    assert found == [alone[3], alone[4], other, *sets]


def test_personal_without_material_is_said(base: Path) -> None:
    from redline.cli.adapt import personal as command

    with pytest.raises(UsageError, match="say what is learned"):
        command(base=str(base))


def test_a_clinician_with_a_long_name_and_one_with_nothing_to_learn(base: Path, tmp_path: Path) -> None:
    long = "dr.johanna.smith-the-third.of.springfield@hospital.example.org"
    bare = [replace(s, pairs=(), own=None) for s in some_sets(20, "c9")]
    asked = settings(base, "personal")
    found = adapt_clinicians(asked, [*some_sets(20, long), *bare], tmp_path, tell=lambda *_: None)
    assert list(found.made) == [long] and found.made[long].info.clinician == long
    assert found.left_out["c9"].startswith("nothing to train on: 20 x no reply to learn")


def test_a_personal_adapter_is_the_shared_one_and_what_was_learned(base: Path, tmp_path: Path) -> None:
    """The saved sum, put on the base alone, gives the numbers that the last validation saw with both."""
    shared = adapt(settings(base, "sft", lora={"rank": 3}), "sft", some_sets(), tmp_path / "shared")
    asked = settings(base, "personal", model={"adapter": str(shared.info.folder)}, loss={"sft": 1.0, "beta": 0.2})
    made = adapt_clinicians(asked, some_sets(20), tmp_path / "own", tell=lambda *_: None).made["c1"]
    last = next(row for row in made.card["validation"] if row["step"] == made.card["best_step"])
    assert last["step"] > 0 and abs(last["margin"]) > 1e-3

    def opened(asked: AdaptSettings) -> Policy:
        return open_policy(open_ground(asked, "cpu"), asked, "sft")

    def scored(adapter: Adapted) -> list[torch.Tensor]:
        policy = opened(settings(base, model={"adapter": str(adapter.info.folder)}))
        with torch.no_grad():
            return [TreeScorer(policy.model)(row) for row in pack(tokens(policy), 8192)]

    def tokens(policy: Policy) -> list[Any]:
        from redline.training.adapt.material import held_out
        from redline.training.tokenise import LeftOut, tokenise

        _, held = held_out(some_sets(20), 0.25, asked.seed)
        return list(
            tokenise(held, policy.ground.template, policy.ground.window, LeftOut(), pairs=True, need_pair=False)
        )

    ((ref,), (own,)) = scored(shared), scored(made)
    (row,) = pack(tokens(opened(settings(base))), 8192)
    margins = [float((own - ref)[p.chosen] - (own - ref)[p.rejected]) for p in row.pairs]
    weights = [p.weight for p in row.pairs]
    mean = sum(0.2 * m * w for m, w in zip(margins, weights, strict=True)) / sum(weights)
    assert mean == pytest.approx(last["margin"], abs=1e-6)
