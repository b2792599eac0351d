"""Write docs/tiny-card.md from the card that ships with the demonstration model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redline.chat.tiny import bundled_tiny
from redline.chat.tiny.card import read_card

TARGET = Path(__file__).resolve().parents[1] / "docs" / "tiny-card.md"

SERVE = """## Serving it

`tiny` needs no server: `--model tiny` runs it with numpy alone. The folder is also a standard Hugging Face one, so that it can
stand in for a served model in tests and demonstrations. From a checkout, with `pip install 'transformers[serving]'`:

```sh
HF_HUB_OFFLINE=1 transformers serve src/redline/resources/tiny --device cpu --port 8000
curl http://localhost:8000/v1/chat/completions -H 'Content-Type: application/json' \\
  -d '{"model": "src/redline/resources/tiny", "messages": [{"role": "user", "content": "My ankle hurts."}], "max_tokens": 200}'
```

The model's name is the folder as it was given to the server: `--model openai:src/redline/resources/tiny@http://localhost:8000/v1`.
The greedy texts of both ways are the same. GGUF files and llama-server are out of scope: nothing here converts to them.
"""


def card() -> str:
    """The whole page."""
    data = read_card(bundled_tiny()).data
    lines = [
        "# The demonstration model's card\n",
        "Written by `python -m scripts.tiny_card` from `src/redline/resources/tiny/card.json`; do not edit.\n",
        f"**{data['what']}**\n",
        *_origin(data), *_figures(data), SERVE, *_samples(data),
    ]  # fmt: skip
    return "\n".join(lines)


def _origin(data: Mapping[str, Any]) -> list[str]:
    recipe, read = data["recipe"], data["data"]
    return [
        f"A Llama network with {data['parameters']:,} parameters: {recipe['layers']} layers, {recipe['hidden']} wide, "
        f"{recipe['heads']} query heads to {recipe['key_value_heads']} key heads, {recipe['vocabulary']} byte-level tokens, "
        f"tied embeddings, a window of {recipe['window']} tokens; weights in float16.\n",
        f"Rebuilt by `{data['command']}` (extra `train`), seed {recipe['seed']}; "
        f"the epochs took {sum(row['seconds'] for row in data['history']) / 60:.0f} minutes on a busy machine. {data.get('note', '')}\n",
        f"Read: {read['characters']:,} characters of running text ({recipe['warm_epochs']} times), then the replies "
        f"({read['replies']}) and drafts ({read['drafts']}) to {read['cases']} cases of the bundled train split, "
        f"{recipe['talk_epochs']} times case by case and at most {recipe['epochs']} times one by one in the prompts of all "
        "drafting strategies; there only the reply counts in the loss. In "
        f"{recipe['swaps']:.0%} of the examples the medicines have other names, the same in chart, message and reply. "
        f"{len(read['held_cases'])} train cases were held out to stop in time. No text of the test split was read, by the "
        "tokenizer either. Everything it read was written by language models.\n",
        "Versions: " + ", ".join(f"{k} {v}" for k, v in data["versions"].items()) + ".\n",
        "Files: " + ", ".join(f"`{k}` {v[:12]}" for k, v in data["files"].items()) + ".\n",
    ]  # fmt: skip


def _figures(data: Mapping[str, Any]) -> list[str]:
    held = data["held_out"]
    rows = [("all", held["all"]), ("all, each of another case", held["misplaced"]), *held["forms"].items()]
    return [
        "## Held-out train cases\n",
        "| prompt | replies | tokens | loss a token (nats) | perplexity |", "| --- | --- | --- | --- | --- |",
        *(f"| {n} | {r['examples']} | {r['tokens']} | {r['loss']:.3f} | {r['perplexity']:.1f} |" for n, r in rows),
        "\n`planned` prompts name the themes of the very reply that is asked for. The second row puts every reply behind another "
        "case's prompt: the little that the loss rises by is what the model reads out of a message.\n",
    ]  # fmt: skip


def _samples(data: Mapping[str, Any]) -> list[str]:
    lines = [
        "## Drafts for three held-out cases\n",
        "Greedy, as they came; the first line of each case is a clinician's own reply.\n",
    ]
    for number, sample in enumerate(data["samples"]):
        if number % 3 == 0:
            lines.append(f"**{sample['case']}**, reply of {sample['clinician']}: {_line(sample['reply'])}\n")
        lines.append(f"* `{sample['form']}`: {_line(sample['draft'])}")
        if number % 3 == 2:
            lines.append("")
    return lines


def _line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    TARGET.write_text(card(), encoding="utf-8")
