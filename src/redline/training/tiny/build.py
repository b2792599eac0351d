"""The whole way of `redline train tiny`: material, tokenizer, training, export, figures, card."""

from __future__ import annotations

import asyncio
import json
import math
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from redline.chat import ChatRequest, Sampling
from redline.chat.tiny import TinyModel
from redline.chat.tiny.tokens import TinyTokens
from redline.records import digest
from redline.training.tiny.batches import Batch, chat_batches, packed_batches, talk_batches
from redline.training.tiny.config import fresh_model
from redline.training.tiny.export import export, write_card
from redline.training.tiny.loop import Run, held_loss
from redline.training.tiny.material import FORMS, Example, Material
from redline.training.tiny.recipe import Recipe
from redline.training.tiny.sources import WRITTEN, documents, read_sources
from redline.training.tiny.tokenizer import train_tokenizer

__all__ = ["DEMONSTRATION", "Request", "build_tiny", "misplaced"]

DEMONSTRATION = (
    "A demonstration model: it shows that drafting, serving and training work on a machine without a GPU. "
    "What it writes hardly depends on the message, is often wrong, and must not be shown to patients."
)


@dataclass(frozen=True)
class Request:
    """Where to and how; `documents_cap` and `examples_cap` cut the material for a quick run."""

    out: Path
    recipe: Recipe = Recipe()
    threads: int = 1
    command: str = "redline train tiny --out FOLDER"
    documents_cap: int | None = None
    examples_cap: int | None = None


def build_tiny(request: Request, say: Callable[[str], None]) -> dict[str, Any]:
    """Build the model folder `request.out`; returns the card.  The folder appears only when all is done.

    Stopped and started again, training goes on after the last whole epoch (`OUT.checkpoint.pt`).
    """
    torch.set_num_threads(request.threads)
    recipe = request.recipe
    request.out.parent.mkdir(parents=True, exist_ok=True)
    sources = read_sources(recipe.held, recipe.seed)
    texts = documents(sources)
    tokenizer = train_tokenizer((text for document in texts for text in document), recipe.vocabulary)
    tokens = TinyTokens(tokenizer)
    material = Material(
        sources, lambda messages: len(tokens.prompt(messages)), recipe.window, recipe.swaps, request.examples_cap
    )
    held = material.held(recipe.seed)
    origin = digest([recipe.as_dict(), texts, [[m.text for m in e.messages] for e in material.trained(recipe.seed, 0)]])
    checkpoint = request.out.with_name(request.out.name + ".checkpoint.pt")
    model = fresh_model(recipe, tokenizer.get_vocab_size())
    run = Run(model, recipe, origin, checkpoint, lambda row: say(json.dumps(row)))
    _train(run, request, texts, material, tokens, held)
    work = request.out.with_name(request.out.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    best = run.best_model()
    export(best, tokenizer, work, recipe.window)
    card = _card(request, best, material, texts, origin) | {
        "history": run.history,
        "held_out": _figures(best, tokens, held),
    }
    write_card(work, card)
    card = write_card(work, card | {"samples": _samples(work, material, held)})
    shutil.rmtree(request.out, ignore_errors=True)
    work.rename(request.out)
    checkpoint.unlink(missing_ok=True)
    return card


def _train(
    run: Run,
    request: Request,
    texts: Sequence[tuple[str, ...]],
    material: Material,
    tokens: TinyTokens,
    held: Sequence[Example],
) -> None:
    """Running text, whole cases, single replies."""
    recipe, cap = request.recipe, request.documents_cap

    def warm(epoch: int) -> list[Batch]:
        rng = random.Random(f"{recipe.seed} warm {epoch}")
        return packed_batches(texts[:cap], tokens, recipe.warm_length, recipe.warm_tokens, rng)

    def talk(epoch: int) -> list[Batch]:
        rng = random.Random(f"{recipe.seed} talk {epoch}")
        return talk_batches(material.conversations(recipe.seed, epoch), tokens, recipe.tokens, rng)

    def chat(epoch: int) -> list[Batch]:
        rng = random.Random(f"{recipe.seed} chat {epoch}")
        return chat_batches(material.trained(recipe.seed, epoch), tokens, recipe.tokens, rng)

    run.stage("warm", warm, recipe.warm_epochs, recipe.warm_rate)
    run.stage("talk", talk, recipe.talk_epochs, recipe.talk_rate)
    measured = chat_batches(held, tokens, recipe.tokens, random.Random(0))
    run.stage("chat", chat, recipe.epochs, recipe.rate, held=measured)


def _card(
    request: Request, model: Any, material: Material, texts: Sequence[tuple[str, ...]], origin: str
) -> dict[str, Any]:
    names = ("torch", "transformers", "tokenizers", "numpy")
    return {
        "name": "redline tiny",
        "what": DEMONSTRATION,
        "command": request.command,
        "parameters": sum(p.numel() for p in model.parameters()),
        "recipe": request.recipe.as_dict(),
        "data": material.describe()
        | {
            "written": list(WRITTEN),
            "documents": len(texts),
            "characters": sum(len(text) for document in texts for text in document),
            "digest": origin,
        },
        "versions": {name: version(name) for name in names},
    }


def _figures(model: Any, tokens: TinyTokens, held: Sequence[Example]) -> dict[str, Any]:
    """Loss a token (nats) and perplexity of the held-out replies: together, by form of the prompt, and misplaced.

    `misplaced` has every reply behind the prompt of another case (same form): the less the loss rises, the less the model
    reads.
    """

    def loss(examples: Sequence[Example]) -> dict[str, Any]:
        batches = chat_batches(examples, tokens, 4096, random.Random(0))
        value = held_loss(model, batches)
        return {
            "examples": len(examples),
            "tokens": sum(b.count for b in batches),
            "loss": round(value, 4),
            "perplexity": round(math.exp(value), 2),
        }

    forms = {form: [e for e in held if e.form == form] for form in FORMS}
    return {
        "all": loss(held),
        "misplaced": loss([e for examples in forms.values() for e in misplaced(examples)]),
        "forms": {form: loss(examples) for form, examples in forms.items() if examples},
    }


def misplaced(examples: Sequence[Example]) -> list[Example]:
    """Each reply with the prompt of the next example that is about another case."""
    found = []
    for number, example in enumerate(examples):
        others = (*examples[number + 1 :], *examples[:number])
        other = next((o for o in others if o.case != example.case), None)
        if other is not None:
            found.append(replace(example, messages=other.messages))
    return found


def _samples(folder: Path, material: Material, held: Sequence[Example]) -> list[dict[str, str]]:
    """Greedy drafts for three held-out cases, each under three forms, as the runtime writes them."""
    model = TinyModel(folder)
    cases = list(dict.fromkeys(e.case for e in held))[:3]
    asked = []
    for key in cases:
        reply = next(r for r in material.sources.replies if r.case == key)
        for form in ("zero_shot", "planned", "personal"):
            example = material.example(material.sources.cases[key], reply, form)
            if example is not None:
                asked.append((reply.clinician, example))

    async def write() -> list[Any]:
        requests = [ChatRequest(e.messages, Sampling(max_tokens=250)) for _, e in asked]
        return await asyncio.gather(*(model.complete(r) for r in requests))

    results = asyncio.run(write())
    return [
        {"case": e.case, "clinician": clinician, "form": e.form, "draft": r.text, "reply": e.reply}
        for (clinician, e), r in zip(asked, results, strict=True)
    ]
