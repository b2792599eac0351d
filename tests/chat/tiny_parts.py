"""A tokenizer, a random Llama and a random adapter, small enough to be made in a test."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

WORDS = (
    "the rash is red and it itches please take one tablet daily with food call us if you get worse thank for your message "
    "answer user system assistant when did start any fever today tomorrow we will see no yes"
).split()
TEMPLATE = (
    "{% for m in messages %}<turn> {{ m['role'] }} {{ m['content'] }} </turn> {% endfor %}"
    "{% if add_generation_prompt %}<turn> assistant {% endif %}"
)


def tokenizer() -> Tokenizer:
    special = ["<pad>", "<unk>", "<turn>", "</turn>"]
    made = Tokenizer(WordLevel({w: i for i, w in enumerate([*special, *dict.fromkeys(WORDS)])}, unk_token="<unk>"))
    made.pre_tokenizer = WhitespaceSplit()
    made.add_special_tokens(special)
    return made


def save_tokenizer(folder: Path, template: str | None = TEMPLATE) -> int:
    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer(), pad_token="<pad>", unk_token="<unk>", eos_token="</turn>",
        additional_special_tokens=["<turn>"],
    )  # fmt: skip
    fast.chat_template = template
    fast.save_pretrained(folder)
    return len(fast)


def save_llama(folder: Path, *, seed: int = 1, template: str | None = TEMPLATE, window: int = 256) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    size = save_tokenizer(folder, template)
    config = LlamaConfig(
        vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=window, initializer_range=0.4, pad_token_id=0, eos_token_id=3,
        bos_token_id=None, tie_word_embeddings=False,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def save_adapter(base: Path, folder: Path, *, seed: int = 2) -> Path:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = get_peft_model(
            LlamaForCausalLM.from_pretrained(base),
            LoraConfig(
                r=4, lora_alpha=32, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM"
            ),
        )
        model.save_pretrained(folder)
    return folder
