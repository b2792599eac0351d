"""Training of the demonstration model: what it may never read, what its examples look like, and a tiny run end to end."""

import asyncio
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from redline.chat import ChatMessage, ChatRequest, Sampling
from redline.chat.tiny import TinyModel
from redline.chat.tiny.network import Network
from redline.chat.tiny.shape import Shape
from redline.chat.tiny.template import END
from redline.chat.tiny.tokens import TinyTokens
from redline.chat.tiny.weights import read_tensors
from redline.corpus import Corpus, load_corpus
from redline.errors import UsageError
from redline.records import Case, ChartSummary, Status
from redline.training.tiny.batches import Batch, chat_batches, packed_batches, talk_batches
from redline.training.tiny.build import Request, build_tiny, misplaced
from redline.training.tiny.config import fresh_model
from redline.training.tiny.loop import Run, held_loss
from redline.training.tiny.material import FORMS, Conversation, Example, Material
from redline.training.tiny.recipe import Recipe
from redline.training.tiny.sources import Sources, documents, read_sources
from redline.training.tiny.swaps import swapped
from redline.training.tiny.tokenizer import train_tokenizer

SMALL = Recipe(
    vocabulary=1500, hidden=32, layers=2, heads=4, key_value_heads=2, inner=64, held=4, warm_epochs=1, warm_length=64,
    warm_tokens=1024, talk_epochs=1, epochs=2, tokens=4096, average=0.5,
)  # fmt: skip


@pytest.fixture(scope="module")
def sources() -> Sources:
    return read_sources(16, 17)


@pytest.fixture(scope="module")
def material(sources: Sources) -> Material:
    return Material(sources, lambda messages: sum(len(m.text) for m in messages) // 3, 2048, 0.5)


@pytest.fixture(scope="module")
def trained(material: Material) -> list[Example]:
    return material.trained(17, 1)


def sentences(texts: list[str]) -> set[str]:
    """Those of at least ten words: shorter ones ("If you faint or have chest pain, call 911.") many people write."""
    found = {s.strip() for text in texts for s in re.split(r"(?<=[.?!])\s+|\n", text)}
    return {s for s in found if len(s.split()) >= 10}


def leaked(texts: list[str], corpus: Corpus) -> set[str]:
    """Long sentences of the corpus' messages, replies and drafts that occur in `texts`."""
    own = [c.message for c in corpus.cases] + [x.text for x in (*corpus.replies, *corpus.drafts)]
    return sentences(own) & sentences(texts)


def test_no_test_text_is_read(sources: Sources, material: Material, trained: list[Example]) -> None:
    corpus = load_corpus("bundled")
    test, train = corpus.only(split="test"), corpus.only(split="train")
    running = [text for document in documents(sources) for text in document]
    examples = trained + material.held(17)
    chat = [text for e in examples for text in (*(m.text for m in e.messages), e.reply)]
    chat += [text for t in material.conversations(17, 1) for text in (*(m.text for m in t.messages), *t.replies)]
    assert not leaked(running, test) and not leaked(chat, test)
    assert not {e.case for e in examples} & {c.id for c in test.cases}
    # Negative control: the same search finds the train split.
    assert len(leaked(running, train)) > 500 and len(leaked(chat, train)) > 500


def test_held_out_cases_are_nowhere_in_what_is_trained_on(
    sources: Sources, material: Material, trained: list[Example]
) -> None:
    corpus = load_corpus("bundled").only(cases=sources.held)
    assert len(corpus.cases) == 16
    running = [text for document in documents(sources) for text in document]
    chat = [text for e in trained for text in (*(m.text for m in e.messages), e.reply)]
    chat += [text for t in material.conversations(17, 1) for text in (*(m.text for m in t.messages), *t.replies)]
    assert not leaked(running, corpus) and not leaked(chat, corpus)
    assert {e.case for e in material.held(17)} == sources.held


def test_an_example_never_shows_its_own_case(material: Material, trained: list[Example]) -> None:
    for example in material.held(17) + trained[::7]:
        prompt = "\n".join(m.text for m in example.messages)
        assert example.reply not in prompt


def test_each_form_has_its_section(material: Material) -> None:
    reply = material.sources.replies[0]
    case = material.sources.cases[reply.case]
    headings = {
        "theme_guided": "## Themes",
        "rag": "## Past replies",
        "planned": "## Write these themes",
        "personal": "## Style",
    }
    for form in FORMS:
        example = material.example(case, reply, form)
        assert example is not None
        text = example.messages[-1].text
        assert {h for h in headings.values() if f"{h}\n" in text} >= {
            headings[p] for p in form.split("+") if p in headings
        }
        assert "## Chart summary\n" in text and "## Patient message\n" in text
    planned = material.example(case, reply, "planned")
    assert planned is not None
    asked = {t.name for t in material.context.taxonomy.themes if f"- {t.name}:" in planned.messages[-1].text}
    assert asked == {material.context.taxonomy[k].name for unit in reply.themes or () for k in unit}


def test_epochs_differ_and_a_seed_repeats(material: Material, trained: list[Example]) -> None:
    few = replace(material, cap=60)
    assert trained[:60] == few.trained(17, 1) != few.trained(17, 2)


def test_medicines_are_exchanged_everywhere() -> None:
    chart = ChartSummary(medications=("Warfarin 5 mg daily", "Metformin 500 mg"), notes="INR 2.5 on warfarin.")
    case = Case("a", "Can I skip my WARFARIN?", chart)
    new, reply = swapped(case, "Keep the warfarin; metformin is fine.", ("aspirin", "metformin"), random.Random(1))
    assert new == case and reply.startswith("Keep the warfarin")  # one name in the pool for two medicines: left alone
    new, reply = swapped(case, "Keep the warfarin; metformin is fine.", ("aspirin", "losartan"), random.Random(1))
    text = f"{new.message} {new.chart.as_text()} {reply}".lower()
    assert "warfarin" not in text and "metformin" not in text
    first = new.chart.medications[0].split()[0].lower()
    assert first in new.message.lower() and f"Keep the {first};" in reply and f"on {first}." in new.chart.notes


@pytest.fixture(scope="module")
def tokens() -> TinyTokens:
    return TinyTokens(train_tokenizer(["Take one tablet daily.", "Call us if it gets worse."] * 20, 300))


def test_only_the_reply_counts(tokens: TinyTokens) -> None:
    examples = [Example("a", "zero_shot", (ChatMessage("user", "Hi " * n),), "Call us.") for n in (1, 9, 40)]
    [batch] = chat_batches(examples, tokens, 4096, random.Random(1))
    for ids, wanted in zip(batch.ids, batch.wanted, strict=True):
        assert tokens.text(ids[wanted].tolist()) == "Call us." and ids[wanted][-1] == tokens.ids[END]
    assert batch.count == int(batch.wanted.sum())


def test_all_replies_of_a_conversation_count(tokens: TinyTokens) -> None:
    talks = [Conversation((ChatMessage("user", "Hi"),), ("Call us.", "Take one."))]
    [batch] = talk_batches(talks, tokens, 4096, random.Random(1))
    ids, wanted = batch.ids[0], batch.wanted[0]
    assert tokens.text(ids[wanted].tolist()) == "Call us.Take one." and int((ids[wanted] == tokens.ids[END]).sum()) == 2
    marks = [i for i in ids.tolist() if i < 5 and i != tokens.ids[END]]
    assert marks == [tokens.ids["<|user|>"], tokens.ids["<|assistant|>"], tokens.ids["<|assistant|>"]]


def test_a_conversation_has_every_reply_to_its_case(material: Material) -> None:
    plain = replace(material, swaps=0.0, cap=5).conversations(17, 1)
    assert len(plain) == 5 and plain != replace(material, swaps=0.0, cap=5).conversations(17, 2)
    for talk in plain:
        [case] = [c.id for c in material.sources.cases.values() if c.message in talk.messages[-1].text]
        both = (*material.sources.replies, *material.sources.drafts)
        assert sorted(talk.replies) == sorted(x.text for x in both if x.case == case) and len(talk.replies) >= 5


def test_no_running_text_is_lost_but_the_last_row(tokens: TinyTokens) -> None:
    texts = [(f"Text {n}.", "Call us.") for n in range(50)]
    batches = packed_batches(texts, tokens, 16, 64, random.Random(1))
    total = sum(len(tokens.words("\n\n".join(t))) + 1 for t in texts)
    assert 0 <= total - sum(b.ids.numel() for b in batches) < 16 and all(b.wanted.all() for b in batches)


def fixed_batch(recipe: Recipe) -> Batch:
    ids = torch.randint(5, 60, (8, 24), generator=torch.Generator().manual_seed(3))
    return Batch(ids, torch.ones_like(ids, dtype=torch.bool))


def test_the_loss_falls_and_the_best_is_kept() -> None:
    rows: list[dict[str, Any]] = []
    run = Run(fresh_model(SMALL, 64), SMALL, "x", None, rows.append)
    batch = fixed_batch(SMALL)
    before = held_loss(run.model, [batch])
    run.stage("chat", lambda epoch: [batch] * 8, 5, 3e-3, held=[batch])
    assert held_loss(run.best_model(), [batch]) < 0.9 * before
    losses = [row["held"] for row in rows]
    assert held_loss(run.best_model(), [batch]) == pytest.approx(min(losses), abs=1e-3)


def test_it_stops_where_nothing_is_gained() -> None:
    """What is held out is noise: its loss can only rise."""
    rows: list[dict[str, Any]] = []
    run = Run(fresh_model(SMALL, 64), replace(SMALL, patience=2), "x", None, rows.append)
    noise = Batch(torch.randint(5, 60, (8, 24), generator=torch.Generator().manual_seed(9)), fixed_batch(SMALL).wanted)
    run.stage("chat", lambda epoch: [fixed_batch(SMALL)] * 10, 30, 1e-2, held=[noise])
    assert len(rows) < 30


def timeless(run: Run) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in run.history]


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    batch, path = fixed_batch(SMALL), tmp_path / "x.checkpoint.pt"

    def run(checkpoint: Path | None) -> Run:
        return Run(fresh_model(SMALL, 64), SMALL, "x", checkpoint, lambda row: None)

    def broken(epoch: int) -> list[Batch]:
        if epoch == 2:
            raise KeyboardInterrupt
        return [batch] * 2

    whole = run(None)
    whole.stage("chat", lambda epoch: [batch] * 2, 4, 1e-3, held=[batch])
    with pytest.raises(KeyboardInterrupt):
        run(path).stage("chat", broken, 4, 1e-3, held=[batch])
    again = run(path)
    again.stage("chat", lambda epoch: [batch] * 2, 4, 1e-3, held=[batch])
    assert timeless(again) == timeless(whole)
    with pytest.raises(UsageError, match="other choices or other material"):
        Run(fresh_model(SMALL, 64), SMALL, "y", path, lambda row: None)


def test_a_misplaced_prompt_is_of_another_case(material: Material) -> None:
    examples = [e for e in material.held(17) if e.form == "planned"]
    moved = misplaced(examples)
    own = {(e.case, e.reply): e.messages for e in examples}
    assert len(moved) == len(examples)
    for example in moved:
        assert material.sources.cases[example.case].message not in example.messages[-1].text
        assert example.messages != own[example.case, example.reply]
    assert misplaced(examples[:1]) == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], list[str]]:
    out, said = tmp_path_factory.mktemp("tiny") / "model", []
    card = build_tiny(Request(out, SMALL, threads=1, documents_cap=40, examples_cap=16), said.append)
    return out, card, said


@pytest.mark.slow
def test_a_small_run_learns(built: tuple[Path, dict[str, Any], list[str]]) -> None:
    out, card, _ = built
    first, second = card["history"][2:]
    assert [row["stage"] for row in card["history"]] == ["warm", "talk", "chat", "chat"] and second["held"] < first[
        "held"
    ]
    assert json.loads((out / "card.json").read_text(encoding="utf-8")) == card
    assert card["held_out"]["all"]["loss"] == pytest.approx(min(first["held"], second["held"]), abs=0.01)
    assert len(card["samples"]) == 9 and not out.with_name("model.checkpoint.pt").exists()


@pytest.mark.slow
def test_the_export_reads_alike_in_numpy_and_transformers(built: tuple[Path, dict[str, Any], list[str]]) -> None:
    out, _, _ = built
    network = Network(Shape.read(out / "config.json"), read_tensors(out / "model.safetensors"))
    peer = AutoModelForCausalLM.from_pretrained(out, local_files_only=True).float()
    ids = TinyTokens.read(out / "tokenizer.json").prompt((ChatMessage("user", "My <|end|> ankle hurts."),))
    with torch.no_grad():
        theirs = peer(torch.tensor([ids])).logits[0].numpy()
    assert np.abs(network.all_logits(np.array(ids)) - theirs).max() < 1e-4
    turns = [{"role": "user", "content": "My <|end|> ankle hurts."}]
    text = AutoTokenizer.from_pretrained(out).apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert AutoTokenizer.from_pretrained(out)(text, add_special_tokens=False)["input_ids"] == ids
    result = asyncio.run(TinyModel(out).complete(ChatRequest((ChatMessage("user", "Hi"),), Sampling(max_tokens=5))))
    assert result.status is Status.OK and result.usage.tokens_out <= 5
