"""Prompts and replies in tokens: composed at the border, ended, never cut but at the oldest chart text."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from redline.chat import ChatMessage
from redline.chat.template import ChatTemplate
from redline.chat.tiny.card import bundled_tiny
from redline.drafting import DraftContext, Prompted, Task, shorten, strategy
from redline.errors import UsageError
from redline.records import Case, ChartSummary
from redline.training.preference import PreferenceSet, set_of_pairs
from redline.training.tokenise import LeftOut, tokenise

ASK = (ChatMessage("user", "It hurts."),)


@pytest.fixture(scope="module")
def template() -> ChatTemplate:
    return ChatTemplate(bundled_tiny())


def changed(tmp_path: Path, chat_template: str) -> ChatTemplate:
    """The demonstration model's tokenizer with another template."""
    folder = tmp_path / "model"
    shutil.copytree(bundled_tiny(), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(config | {"chat_template": chat_template}))
    return ChatTemplate(folder)


def test_prompt_and_reply_compose(template: ChatTemplate) -> None:
    before, after = template.encode_reply(ASK, "Rest today.")
    assert before == template.encode(ASK)
    assert template.decode(after) == "Rest today." and after[-1] == template.end


def test_a_reply_ends_once_whatever_it_spells(template: ChatTemplate) -> None:
    _, after = template.encode_reply(ASK, "Stop <|end|> here.")
    assert after.count(template.end or -1) == 1 and template.decode(after[:-1]).endswith("here.")


def test_a_border_that_does_not_compose_splits_the_reply_alone(tmp_path: Path) -> None:
    """Where the template ends in a letter, the first word would melt into it; the prompt's tokens stay as they are asked."""
    merging = changed(
        tmp_path,
        "{% for m in messages %}{{ m['content'] }}{% if not loop.last %}\nth{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}\nth{% endif %}",
    )
    before, after = merging.encode_reply(ASK, "ere is rest.")
    whole = merging._tokenizer("It hurts.\nthere is rest.", add_special_tokens=False)["input_ids"]
    assert whole[: len(before)] != before  # the case that this test is about
    assert before == merging.encode(ASK)
    assert merging.decode(after) == "ere is rest." and after[-1] == merging.end


def test_a_template_that_rewrites_the_prompt_is_refused(tmp_path: Path) -> None:
    odd = changed(
        tmp_path,
        "{% if messages[-1]['role'] == 'assistant' %}[answered] {% endif %}{{ messages[0]['content'] }}"
        "{% if add_generation_prompt %}>{% endif %}",
    )
    with pytest.raises(UsageError, match="writes a prompt differently once a reply follows"):
        odd.encode_reply(ASK, "Yes.")


def charted(notes: int) -> PreferenceSet:
    text = " ".join(f"On day {i} nothing new was found." for i in range(notes))
    chart = ChartSummary(
        age=40, sex="F", problems=("Asthma",), medications=("Salbutamol",), allergies=("Latex",), notes=text
    )
    prepared = strategy("zero_shot").prepare(Task(Case("s1", "It hurts.", chart)), DraftContext())
    assert isinstance(prepared, Prompted)
    pairs = [("Rest.", "Run a mile.", "treatment_planning", 1.0, "corruption")]
    return set_of_pairs("s1/c1", prepared.messages, pairs, own="Rest.", case="s1", clinician="c1")


def test_only_the_oldest_chart_text_goes(template: ChatTemplate) -> None:
    whole, left = charted(40), LeftOut()
    full = len(template.encode(whole.prompt))
    (short,) = tokenise([whole], template, full - 100, left, pairs=True, need_pair=True)
    assert short.cut > 0 and left.cut == 1 and short.longest <= full - 100
    text = template.decode(list(short.prompt))
    for kept in ("Asthma", "Salbutamol", "Latex", "It hurts.", "On day 39", "[Earlier chart text left out.]"):
        assert kept in text, kept
    assert "On day 0 " not in text
    assert [template.decode(list(r)) for r in short.replies] == ["Rest.", "Run a mile."]


def test_shorten_counts_and_gives_up() -> None:
    prompt = charted(8).prompt
    assert shorten(prompt, lambda m: True) == (prompt, 0)
    assert shorten(prompt, lambda m: False) is None
    assert shorten(ASK, lambda m: False) is None
    found = shorten(prompt, lambda m: "On day 1 " not in m[-1].text)
    assert found is not None and found[1] == 2


def test_what_does_not_fit_is_left_out_by_reason(template: ChatTemplate) -> None:
    left = LeftOut()
    long = replace(charted(2), replies=("Rest.", "Run. " * 500))
    assert list(tokenise([long], template, 400, left, pairs=True, need_pair=True)) == []
    (kept,) = tokenise([long], template, 400, left, pairs=True, need_pair=False)
    assert not kept.pairs and len(kept.replies) == 1 and kept.learn == (0,)
    assert sum(left.replies.values()) == 2 and sum(left.pairs.values()) == 2 and sum(left.sets.values()) == 1


def test_supervised_training_takes_own_replies_else_the_chosen(template: ChatTemplate) -> None:
    own = charted(1)
    foreign = replace(own, own=None)
    bare = PreferenceSet("x", ASK, ("Yes.",))
    left = LeftOut()
    found = list(tokenise([own, foreign, bare], template, None, left, pairs=False, need_pair=False))
    assert [len(s.replies) for s in found] == [1, 1] and all(s.learn == (0,) and not s.pairs for s in found)
    assert left.as_dict()["sets"] == {"no reply to learn in the set": 1}
