"""Trees against one row a reply: log-probabilities, gradients, and wrong variants that the comparison must catch."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from peft import LoraConfig, get_peft_model  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from redline.training.preference import PreferencePair  # noqa: E402
from redline.training.trees import TREE_MODELS, PlainScorer, Row, TokenSet, TreeScorer, pack, runs_trees, scorer_for  # noqa: E402
from redline.training.trees.attention import Plan  # noqa: E402
from redline.training.trees.head import token_logps  # noqa: E402
from tests.training.trees.models import random_model  # noqa: E402


def some_sets(seed: int = 0, count: int = 3) -> list[TokenSet]:
    """Prompts with replies that share leads at several depths."""
    rng = random.Random(seed)

    def ids(n: int) -> tuple[int, ...]:
        return tuple(rng.randrange(3, 60) for _ in range(n))

    found = []
    for _ in range(count):
        lead = ids(6)
        replies = (
            lead + ids(5) + (2,), lead + ids(9) + (2,), lead[:3] + ids(4) + (2,), (*ids(8), 2), (*lead[:2], 2),
        )  # fmt: skip
        found.append(TokenSet(ids(20), replies, (PreferencePair(0, 1), PreferencePair(0, 3)), (0,)))
    return found


def difference(row: Row, tree: torch.Tensor, plain: torch.Tensor) -> float:
    """Largest difference of log-probabilities; a comparison of nothing fails."""
    assert tree.numel() == plain.numel() == len(row.replies) > 0
    assert bool((plain < -1).all())
    return float((tree - plain).detach().abs().max())


@pytest.mark.parametrize("kind", sorted(TREE_MODELS))
@pytest.mark.parametrize("budget", [1000, 45])
def test_log_probabilities_are_those_of_plain_rows(kind: str, budget: int) -> None:
    eager = kind == "gemma2"  # its capped scores have no other path; that one's softmax is in 32 bits
    model = random_model(kind, attention="eager" if eager else "sdpa")
    plain, tree = PlainScorer(copy.deepcopy(model)), TreeScorer(model)
    with torch.no_grad():
        for row in pack(some_sets(), budget):
            assert difference(row, tree(row), plain(row)) < (1e-5 if eager else 1e-9)


def wrong_positions(row: Row) -> Row:
    """Positions that go on through the row instead of starting again behind the prompt."""
    return replace(row, positions=list(range(len(row.ids))))


def visible_siblings(row: Row) -> Row:
    """Every segment sees all that stands before it."""
    return replace(row, segments=[replace(s, path=tuple(range(i))) for i, s in enumerate(row.segments)])


def wrong_predictor(row: Row) -> Row:
    """Each reply's first token predicted from the last but one token of the prompt."""
    return replace(row, predictor=[p - 1 if row.positions[p] == 19 else p for p in row.predictor])


@pytest.mark.parametrize(
    ("wrong", "least"), [(wrong_positions, 1e-3), (visible_siblings, 1e-2), (wrong_predictor, 1e-2)]
)
def test_wrong_variants_are_caught(wrong: Callable[[Row], Row], least: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of the known mistakes are far above the tolerance of the test above, and far below careless ones."""
    model = random_model("llama")
    plain, tree = PlainScorer(copy.deepcopy(model)), TreeScorer(model)
    (row,) = pack(some_sets(count=1), 1000)

    def wide_mask(self: Plan, segment: Any, window: int | None, dtype: torch.dtype) -> torch.Tensor | None:
        before = sum(self.segments[p].stop - self.segments[p].start for p in segment.path)
        if not before:
            return None
        return torch.ones(segment.stop - segment.start, before + segment.stop - segment.start, dtype=torch.bool).tril(
            before
        )

    monkeypatch.setattr(Plan, "mask", wide_mask)
    with torch.no_grad():
        assert difference(row, tree(row), plain(row)) < 1e-9
        assert difference(row, tree(wrong(row)), plain(row)) > least


def test_a_comparison_of_nothing_fails() -> None:
    with pytest.raises(AssertionError):
        difference(Row(), torch.zeros(0), torch.zeros(0))


def test_siblings_change_nothing_in_a_reply() -> None:
    """Removing and turning round the other replies leaves a reply's number the same to the last bit."""
    tree = TreeScorer(random_model("llama"))
    (whole,) = some_sets(count=1)
    apart = TokenSet(whole.prompt, (whole.replies[3], whole.replies[0]))
    with torch.no_grad():
        (row,), (alone,), (turned,) = (
            pack([s], 1000)
            for s in (apart, apart.only([0]), TokenSet(whole.prompt, (whole.replies[0], whole.replies[3])))
        )
        first = tree(row)
        assert first[0].item() == tree(alone)[0].item() == tree(turned)[1].item()
        assert first[1].item() == tree(turned)[0].item()


def lora(model: Any, seed: int = 1) -> Any:
    """The model with an adapter that already says something."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        adapted = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", lora_dropout=0.0))
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.1)
    return adapted.double()


@pytest.mark.parametrize("repeats", [False, True])  # as on a CPU, as on a GPU
@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("kind", ["llama", "gemma2", "qwen3"])
def test_gradients_are_those_of_plain_rows(
    kind: str, checkpointing: bool, repeats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redline.training.trees.attention._repeats", lambda query: repeats)
    adapted = lora(random_model(kind, attention="eager" if kind == "gemma2" else "sdpa"))
    other = copy.deepcopy(adapted)
    if checkpointing:
        adapted.train()
        adapted.gradient_checkpointing_enable({"use_reentrant": False})
    rows = pack(some_sets(), 45)
    for scorer in (TreeScorer(adapted), PlainScorer(other)):
        for row in rows:
            logp = scorer(row)
            (-F.logsigmoid(0.1 * (logp[0] - logp[1])) - 0.01 * logp.sum()).backward()
    compared = 0
    for (name, mine), (_, theirs) in zip(adapted.named_parameters(), other.named_parameters(), strict=True):
        if mine.requires_grad:
            scale = float(theirs.grad.norm())
            assert scale > 0, name
            assert float((mine.grad - theirs.grad).norm()) / scale < (1e-4 if kind == "gemma2" else 1e-6), name
            compared += 1
    assert compared > 10


def test_gradient_checkpointing_keeps_the_prompt() -> None:
    """With a cache it would be dropped silently; here another prompt must give another number."""
    adapted = lora(random_model("llama")).train()
    adapted.gradient_checkpointing_enable({"use_reentrant": False})
    scorer = TreeScorer(adapted)
    (whole,) = some_sets(count=1)
    found = [scorer(pack([replace(whole, prompt=p)], 1000)[0]) for p in (whole.prompt, whole.prompt[::-1])]
    assert float((found[0] - found[1]).detach().abs().min()) > 1e-3


@pytest.mark.parametrize("softcap", [None, 2.0])
def test_the_head_and_its_gradient(softcap: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redline.training.trees.head._ELEMENTS", 16 * 11)  # several chunks
    monkeypatch.setattr("redline.training.trees.head._LEAST", 1)
    generator = torch.Generator().manual_seed(0)
    head = torch.nn.Linear(7, 11, dtype=torch.float64)
    hidden = torch.randn(40, 7, dtype=torch.float64, generator=generator, requires_grad=True)
    target = torch.randint(0, 11, (40,), generator=generator)
    logits = head(hidden) if softcap is None else torch.tanh(head(hidden) / softcap) * softcap
    wanted = logits.log_softmax(1).gather(1, target[:, None])[:, 0]
    found = token_logps(hidden, head, target, softcap)
    assert torch.allclose(found, wanted, atol=1e-12)
    weights = torch.randn(40, dtype=torch.float64, generator=generator)
    (slope,) = torch.autograd.grad((wanted * weights).sum(), hidden)
    (own,) = torch.autograd.grad((found * weights).sum(), hidden)
    assert torch.allclose(own, slope, atol=1e-12)


def test_half_precision_sums_in_single() -> None:
    model = random_model("llama", dtype=torch.bfloat16)
    (row,) = pack(some_sets(count=1), 1000)
    with torch.no_grad():
        assert TreeScorer(model)(row).dtype == torch.float32


def test_other_architectures_run_on_plain_rows_and_say_why() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=61, n_embd=16, n_layer=1, n_head=2, n_positions=64)).eval()
    scorer, why = scorer_for(model)
    assert isinstance(scorer, PlainScorer) and "'gpt2'" in why
    (row,) = pack(some_sets(count=1), 1000)
    assert scorer(row).shape == (5,)


def test_rotary_positions_that_look_at_the_row_are_refused() -> None:
    config = random_model("llama").config
    config.rope_parameters = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    assert "depend on what else" in runs_trees(config)
