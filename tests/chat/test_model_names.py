"""Models by name, and what is said about names that are none."""

import importlib.metadata
from pathlib import Path

import pytest

from redline.chat import ModelOptions, OpenAiModel, Prices, chat_model, model_names
from redline.errors import RemoteNotAllowedError, UsageError


def test_options_reach_an_endpoint() -> None:
    options = ModelOptions(
        frozenset({"api.example.org"}), Prices(1, 2), 3, timeout=9, key_variable="K", window=77, name="ours"
    )
    model = chat_model("openai:org/m@1@https://api.example.org/v1", options)
    assert isinstance(model, OpenAiModel) and model.model == "org/m@1" and model.name == "ours"
    assert (model.concurrent, model.timeout, model.key_variable, model.window) == (3, 9, "K", 77)
    assert model.prices == Prices(1, 2)
    with pytest.raises(RemoteNotAllowedError):
        chat_model("openai:m@https://api.example.org/v1")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("opnai:m@http://localhost/v1", "did you mean 'openai'"),
        ("gpt-4", "Write one of: openai:MODEL"),
        ("openai:m", "write openai:MODEL@"),
        ("openai:@http://localhost/v1", "write openai:MODEL@"),
        ("hf:", "write hf:"),
        ("recorded:", "write recorded:"),
        ("recorded:nothing-of-the-kind", "no file 'nothing-of-the-kind'"),
    ],
)
def test_wrong_names_say_what_is_right(spec: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        chat_model(spec)
    assert words in str(caught.value)


def test_a_recorded_file_has_the_name_of_its_model(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text('{"case": "c", "strategy": "s", "text": "t", "model": "gpt"}\n')
    assert chat_model(f"recorded:{path}").name == "gpt"
    assert chat_model(f"recorded:{path}", ModelOptions(name="mine")).name == "mine"
    path.write_text('{"case": "c", "strategy": "s", "text": "t"}\n')
    assert chat_model(f"recorded:{path}").name == "runs"


def test_installed_packages_add_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = importlib.metadata.EntryPoint("house", "tests.chat.test_model_names:made", "redline.chat")
    monkeypatch.setattr("redline.chat.registry.entry_points", lambda group: [entry] if group == "redline.chat" else [])
    assert model_names() == ("openai", "hf", "recorded", "tiny", "house")
    assert chat_model("house:x", ModelOptions(name="n")) == ("x", "n")


def made(rest: str, options: ModelOptions):
    return (rest, options.name)


def test_every_kind_of_model_takes_a_name_for_tables() -> None:
    for spec in ("tiny", "recorded:frontier-llm", "openai:m@http://localhost:1/v1"):
        assert chat_model(spec, ModelOptions(name="mine")).name == "mine"
