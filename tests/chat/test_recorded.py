"""Recorded completions: how they are found, what a changed prompt does, torn lines, recording and replaying."""

import asyncio
import json
from pathlib import Path

import pytest

from redline.chat import ChatModel, OpenAiModel, RecordedModel, Recording, Tag, Usage, chat_model
from redline.chat.contract import ChatResult
from redline.errors import InputError, UsageError
from redline.records import Status
from tests.chat.faulty_server import SECRET, ask


def write(path: Path, *rows: dict, end: str = "") -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in rows) + end)
    return path


def said(model, request) -> str | Status:
    result = asyncio.run(model.complete(request))
    assert result.seconds == 0.0
    return result.text if result.status is Status.OK else result.status


def test_look_up_by_request_then_by_tag_then_for_anybody(tmp_path: Path) -> None:
    request = ask("hello", Tag("c1", "zero_shot", "dr_a"))
    model = RecordedModel.from_file(
        write(
            tmp_path / "r.jsonl",
            {"case": "c1", "strategy": "zero_shot", "text": "anybody"},
            {"case": "c1", "strategy": "zero_shot", "clinician": "dr_b", "text": "dr_b's"},
            {"case": "other", "strategy": "other", "text": "by request", "request": ask("by digest").digest},
        )
    )
    assert isinstance(model, ChatModel) and model.name == "r"
    assert said(model, request) == "anybody"
    assert said(model, ask("hello", Tag("c1", "zero_shot", "dr_b"))) == "dr_b's"
    assert said(model, ask("by digest", Tag("c1", "zero_shot"))) == "by request", "the request comes first"
    assert said(model, ask("by digest")) == "by request"
    missing = asyncio.run(model.complete(ask(SECRET, Tag("c2", "zero_shot"))))
    assert missing.status is Status.MISSING
    assert missing.detail == "r has no recorded completion for case c2, strategy zero_shot"
    assert said(model, ask("no tag")) is Status.MISSING


def test_a_completion_of_another_prompt_is_not_used(tmp_path: Path) -> None:
    tag = Tag("c1", "s")
    row = {"case": "c1", "strategy": "s", "text": "old", "request": ask("old prompt").digest}
    model = RecordedModel.from_file(write(tmp_path / "r.jsonl", row))
    result = asyncio.run(model.complete(ask("new prompt", tag)))
    assert result.status is Status.MISSING and "another prompt" in result.detail
    assert said(model, ask("old prompt", tag)) == "old"


def test_refusals_and_usage_come_back(tmp_path: Path) -> None:
    rows = (
        {"case": "c1", "strategy": "s", "text": "", "status": "refused"},
        {"case": "c2", "strategy": "s", "text": "cut", "finish": "length", "tokens_in": 5, "tokens_out": 2},
    )
    model = RecordedModel.from_file(write(tmp_path / "r.jsonl", *rows))
    assert said(model, ask("x", Tag("c1", "s"))) is Status.REFUSED
    result = asyncio.run(model.complete(ask("x", Tag("c2", "s"))))
    assert (result.finish, result.usage) == ("length", Usage(5, 2))


def test_the_bundled_drafts_are_a_model() -> None:
    model = RecordedModel.bundled("frontier-llm")
    assert said(model, ask("x", Tag("s003", "zero_shot"))).startswith("Thank you for such helpful details.")
    assert said(model, ask("x", Tag("s003", "zero_shot", "dr_a"))) == said(model, ask("y", Tag("s003", "zero_shot")))
    with pytest.raises(UsageError, match="did you mean 'frontier-llm'"):
        chat_model("recorded:frontier-lm")


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    row = {"case": "c1", "strategy": "s", "text": "a"}
    one, same = (RecordedModel.from_file(write(tmp_path / n, row)) for n in ("1.jsonl", "2.jsonl"))
    other = RecordedModel.from_file(write(tmp_path / "3.jsonl", {**row, "text": "b"}))
    assert one.digest == same.digest != other.digest


def test_a_torn_last_line_is_ignored_and_any_other_wrong_line_is_named(tmp_path: Path) -> None:
    good = {"case": "c1", "strategy": "s", "text": "a"}
    torn = RecordedModel.from_file(write(tmp_path / "r.jsonl", good, end='{"case": "c2", "te'))
    assert said(torn, ask("x", Tag("c1", "s"))) == "a"
    assert torn.digest == RecordedModel.from_file(write(tmp_path / "r.jsonl", good)).digest
    path = write(tmp_path / "r.jsonl", good, end=f'not JSON {SECRET}\n{{"text": "{SECRET}"}}\n{{"text": 3}}\n')
    with pytest.raises(InputError) as caught:
        RecordedModel.from_file(path)
    assert [p.line for p in caught.value.problems] == [2, 3, 4] and SECRET not in str(caught.value)
    assert "needs 'case' and 'strategy', or 'request'" in str(caught.value)
    assert "line 4, field 'text'" in str(caught.value)


def test_a_file_of_several_models_must_say_which(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.jsonl",
        {"case": "c", "strategy": "s", "text": "A", "model": "model-a"},
        {"case": "c", "strategy": "s", "text": "B", "model": "model-b"},
    )
    with pytest.raises(UsageError, match=r"pick one: recorded:.*r\.jsonl#model-a"):
        chat_model(f"recorded:{path}")
    model = chat_model(f"recorded:{path}#model-b")
    assert (model.name, said(model, ask("x", Tag("c", "s")))) == ("model-b", "B")
    with pytest.raises(UsageError, match="did you mean 'model-a'"):
        chat_model(f"recorded:{path}#modell-a")


def test_what_is_recorded_can_be_replayed(faulty, tmp_path: Path) -> None:
    server, path = faulty(), tmp_path / "new" / "r.jsonl"
    model = Recording(OpenAiModel(server.url, "m"), path)
    assert isinstance(model, ChatModel) and (model.name, model.digest) == ("m", model.model.digest)
    requests = [ask(f"message {i} \ud800", Tag(f"c{i}", "s", "dr_a")) for i in range(5)]

    async def main():
        try:
            return await asyncio.gather(*(model.complete(r) for r in requests))
        finally:
            await model.close()

    results = asyncio.run(main())
    replayed = RecordedModel.from_file(path)
    assert replayed.name == "m" and [said(replayed, r) for r in requests] == [r.text for r in results]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert {(r["case"], r["strategy"], r["clinician"], r["model"], r["status"]) for r in rows} == {
        (f"c{i}", "s", "dr_a", "m", "ok") for i in range(5)
    }
    assert SECRET not in path.read_text()


class Scripted:
    """A model that says what it is told to."""

    name, digest, window, concurrent = "scripted", "0", None, 1

    def __init__(self, *results: ChatResult) -> None:
        self.results = list(results)

    async def complete(self, request):
        return self.results.pop(0)

    async def close(self) -> None:
        return


def test_only_answers_and_refusals_are_recorded_and_files_are_only_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    statuses = (Status.OK, Status.TIMEOUT, Status.REFUSED, Status.UNPARSABLE, Status.TOO_LONG, Status.MISSING)
    for _ in range(2):
        model = Recording(Scripted(*(ChatResult(s, "t") for s in statuses)), path)
        for _ in statuses:
            asyncio.run(model.complete(ask("x", Tag("c", "s"))))
        asyncio.run(model.close())
    assert [json.loads(line)["status"] for line in path.read_text().splitlines()] == ["ok", "refused"] * 2


@pytest.mark.parametrize(
    ("before", "kept"),
    [('{"case": "c1", "te', 0), ('{"case": "c1", "strategy": "s", "text": "a"}', 1), ("", 0), ("x" * 200_000, 0)],
)
def test_recording_goes_on_behind_a_torn_line(tmp_path: Path, before: str, kept: int) -> None:
    path = tmp_path / "r.jsonl"
    first = '{"case": "c0", "strategy": "s", "text": "' + "long " * 20_000 + '"}\n'
    path.write_text(first + before)
    model = Recording(Scripted(ChatResult(Status.OK, "new")), path)
    asyncio.run(model.complete(ask("x", Tag("c2", "s"))))
    asyncio.run(model.close())
    lines = path.read_text().splitlines()
    assert lines[0] + "\n" == first and len(lines) == 2 + kept
    assert said(RecordedModel.from_file(path, model="scripted"), ask("x")) == "new"


def test_a_target_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        Recording(Scripted(), tmp_path)
