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


def test_all_replies_of_a_prompt_are_those_of_one_at_a_time(template: ChatTemplate) -> None:
    texts = ["Rest today.", "Stop <|end|> here.", "Call us."]
    before, found = template.encode_replies(ASK, texts)
    assert found == [template.encode_reply(ASK, text)[1] for text in texts] and before == template.encode(ASK)
    assert template.encode_replies(ASK, []) == (before, [])


def test_a_template_that_writes_the_date_writes_the_same_tomorrow(tmp_path: Path) -> None:
    """Llama 3.2's does; a run that went on the next day would have other tokens, other references, another checkpoint."""
    dated = changed(
        tmp_path,
        "{{ strftime_now('%d %b %Y') }} {% for m in messages %}{{ m['content'] }}|{% endfor %}",
    )
    assert dated.decode(dated.encode(ASK)).startswith("26 Jul 2024 ")
    assert dated.encode_reply(ASK, "Yes.")[0] == dated.encode(ASK)


def test_a_block_of_thinking_is_closed_before_the_reply(tmp_path: Path) -> None:
    """Qwen 3's template: left open, the empty block would be learned as part of each reply and stand in every draft."""
    thinking = changed(
        tmp_path,
        "{% for m in messages %}{% if m['role'] == 'assistant' %}A: <think>\n\n</think>\n\n{{ m['content'] }}"
        "{% else %}{{ m['content'] }}\n{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}A: {% if enable_thinking is defined and enable_thinking is false %}"
        "<think>\n\n</think>\n\n{% endif %}{% endif %}",
    )
    before, after = thinking.encode_reply(ASK, "Rest today.")
    assert thinking.decode(before).endswith("</think>\n\n") and thinking.decode(after) == "Rest today."


def test_one_bos_token_from_the_template_alone(tmp_path: Path) -> None:
    """A tokenizer that would put one in front of every text: the template's own is the only one, and replies have none."""
    from tokenizers.processors import TemplateProcessing

    begun = changed(
        tmp_path,
        "<|user|>{% for m in messages %}{{ m['content'] }}{% if not loop.last %}|{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}|{% endif %}",
    )
    bos = begun._tokenizer.convert_tokens_to_ids("<|user|>")
    begun._tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|user|> $A", special_tokens=[("<|user|>", bos)]
    )
    assert begun._tokenizer("x")["input_ids"][0] == bos  # the case that this test is about
    before, after = begun.encode_reply(ASK, "Yes.")
    assert before.count(bos) == 1 and bos not in after and before == begun.encode(ASK)


def test_tokens_are_one_object_a_number(template: ChatTemplate) -> None:
    """A hundred thousand sets are held in memory: 8 bytes a token, not 40."""
    found = list(
        tokenise([charted(3), replace(charted(3), id="s2")], template, None, LeftOut(), pairs=True, need_pair=True)
    )
    ids = [i for s in found for i in (*s.prompt, *(t for r in s.replies for t in r))]
    assert len({id(i) for i in ids}) == len(set(ids)) > 20 and max(ids) > 256


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


def test_a_pair_of_the_same_tokens_is_left_out(tmp_path: Path) -> None:
    """Llama's and Gemma's templates trim a reply: such a pair has a margin of nought for ever and counts as wrong."""
    trimming = changed(tmp_path, "{% for m in messages %}{{ m['content']|trim }}|{% endfor %}")
    pairs = [("Yes.", "Yes. ", "empathy", 1.0, "corruption"), ("Yes.", "No.", "empathy", 1.0, "corruption")]
    both, left = set_of_pairs("s1", ASK, pairs, own="Yes."), LeftOut()
    (found,) = tokenise([both], trimming, None, left, pairs=True, need_pair=True)
    assert len(found.pairs) == 1 and len(found.replies) == 2
    alone = set_of_pairs("s2", ASK, pairs[:1], own="Yes.")
    assert list(tokenise([alone], trimming, None, left, pairs=True, need_pair=True)) == []
    assert left.as_dict() == {
        "sets": {"both replies of the pair are the same in tokens": 1}, "replies": {},
        "pairs": {"both replies of the pair are the same in tokens": 2}, "prompts cut": 0,
    }  # fmt: skip


def test_supervised_training_takes_own_replies_else_the_chosen(template: ChatTemplate) -> None:
    own = charted(1)
    foreign = replace(own, own=None)
    bare = PreferenceSet("x", ASK, ("Yes.",))
    left = LeftOut()
    found = list(tokenise([own, foreign, bare], template, None, left, pairs=False, need_pair=False))
    assert [len(s.replies) for s in found] == [1, 1] and all(s.learn == (0,) and not s.pairs for s in found)
    assert left.as_dict()["sets"] == {"no reply to learn in the set": 1}
