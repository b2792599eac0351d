"""The endpoint model against a server that fails on purpose: statuses, retries, pace, privacy."""

import asyncio
import logging
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from redline.chat import ChatMessage, ChatModel, ChatRequest, OpenAiModel, Prices, estimate_tokens
from redline.errors import InputError, RemoteNotAllowedError, UsageError
from redline.records import Status
from tests.chat.faulty_server import SECRET, FakeTime, ask, request_digest


def run(model: OpenAiModel, *requests: ChatRequest):
    """Results of all requests, asked at once."""

    async def main():
        try:
            return await asyncio.gather(*(model.complete(r) for r in requests))
        finally:
            await model.close()

    return asyncio.run(main())


def quick(url: str, **more) -> OpenAiModel:
    """A model that waits on a clock of its own."""
    return OpenAiModel(url, "m", **{"timing": FakeTime().timing, "retries": 4, **more})


def test_a_good_answer(faulty) -> None:
    server = faulty()
    model = OpenAiModel(server.url, "m", prices=Prices(1, 2))
    assert isinstance(model, ChatModel)
    (result,) = run(model, ask(temperature=0.7, top_p=0.9, max_tokens=33, seed=3))
    assert result.status is Status.OK and result.text.startswith("Thank you") and result.finish == "stop"
    assert result.usage.tokens_in == (len(SECRET) + len("Answer.")) // 4
    assert result.attempts == 1 and 0 < result.seconds < 5
    body = server.bodies[0]
    assert (body["model"], body["temperature"], body["top_p"]) == ("m", 0.7, 0.9)
    assert (body["max_tokens"], body["seed"], body["stream"]) == (33, 3, False)
    assert [m["role"] for m in body["messages"]] == ["system", "user"]


@pytest.mark.parametrize(
    ("fault", "status", "attempts", "words"),
    [
        ("500", Status.TIMEOUT, 5, "HTTP 500"),
        ("409", Status.TIMEOUT, 5, "HTTP 409"),
        ("truncated", Status.UNPARSABLE, 5, "broke off"),
        ("dropped", Status.TIMEOUT, 5, "the connection broke off"),
        ("400:This model's maximum context length is 10 tokens", Status.TOO_LONG, 1, "context"),
        ("413", Status.TOO_LONG, 1, "context"),
        ("422:`inputs` tokens + `max_new_tokens` must be <= 2048", Status.TOO_LONG, 1, "context"),
        ("400:filtered by our content management policy", Status.REFUSED, 1, "filter"),
    ],
)
def test_what_happened_to_a_request_is_a_status(faulty, fault: str, status: Status, attempts: int, words: str) -> None:
    server = faulty({fault: 1.0})
    (result,) = run(quick(server.url), ask())
    assert (result.status, result.attempts) == (status, attempts) and words in result.detail
    assert sum(server.attempts.values()) == attempts
    assert SECRET not in result.detail and not result.text


def test_a_stall_is_a_timeout_after_the_retries(faulty) -> None:
    server = faulty({"stall": 1.0}, stall_s=30)
    (result,) = run(quick(server.url, timeout=0.1, retries=1), ask())
    assert (result.status, result.attempts, result.detail) == (Status.TIMEOUT, 2, "no answer within 0.1 s")


def test_an_unreachable_host_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (result,) = run(quick(f"http://localhost:{port}/v1"), ask())
    assert (result.status, result.attempts) == (Status.TIMEOUT, 5) and result.detail == "cannot connect to localhost"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("401", "HTTP 401 from 127.0.0.1: it wants a key; set the environment variable MY_KEY"),
        ("403", "MY_KEY"),
        ("404", "no model 'm'"),
        ("302", "redirects"),
    ],
)
def test_what_a_person_has_to_mend_is_an_error_at_once(faulty, fault: str, words: str) -> None:
    server = faulty({fault: 1.0})
    with pytest.raises(UsageError) as caught:
        run(quick(server.url, key_variable="MY_KEY"), ask())
    assert words in str(caught.value) and SECRET not in str(caught.value), "the server echoes the prompt"
    assert sum(server.attempts.values()) == 1


@pytest.mark.parametrize("fault", ["400", "422"])
def test_a_request_that_is_not_taken_is_that_row_s_failure(faulty, fault: str) -> None:
    """One odd message must not end a whole cell; nothing of it is repeated."""
    server = faulty({fault: 1.0})
    result = run(quick(server.url), ask())[0]
    assert result.status is Status.UNPARSABLE and "does not take the request" in result.detail
    assert SECRET not in result.detail and sum(server.attempts.values()) == 1


def test_the_key_is_read_at_call_time_sent_and_never_shown(faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    server = faulty(key="sk-right")
    model = quick(server.url, key_variable="MY_KEY")
    monkeypatch.setenv("MY_KEY", "sk-wrong")
    with pytest.raises(UsageError, match="does not accept the key in the environment variable MY_KEY") as caught:
        run(model, ask())
    monkeypatch.setenv("MY_KEY", " sk-right\n")
    assert run(model, ask())[0].status is Status.OK
    assert "sk-" not in str(caught.value) + repr(model) + repr(vars(model)) + model.digest
    monkeypatch.setenv("MY_KEY", "sk-ü")
    with pytest.raises(UsageError, match="characters that no key has"):
        run(model, ask())


def test_the_environment_adds_nothing_to_a_request(faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "ambient")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Who: ambient")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    server = faulty()
    assert run(quick(server.url, key_variable="NO_SUCH_KEY"), ask())[0].status is Status.OK
    assert "ambient" not in str(server.headers)
    assert set(server.headers[0]) <= {
        "host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "content-type",
        "x-stainless-raw-response",
    }  # fmt: skip


def test_nothing_of_a_request_or_answer_is_logged(faulty, caplog: pytest.LogCaptureFixture) -> None:
    server = faulty({"400:context length": 0.5, "500": 0.3})
    with caplog.at_level(logging.DEBUG):
        run(quick(server.url), *(ask(f"{SECRET} {i}") for i in range(8)))
    assert server.failed and SECRET not in caplog.text and "Thank you" not in caplog.text


@pytest.mark.parametrize("url", ["ftp://localhost/v1", "localhost:8000", "http://", "http://localhost:x/v1", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not the address"):
        OpenAiModel(url, "m")


@pytest.mark.parametrize("url", ["http://me:hush@localhost/v1", "http://localhost/v1?key=hush"])
def test_an_address_with_a_secret_in_it_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        OpenAiModel(url, "m")
    assert "hush" not in str(caught.value)


def test_a_remote_host_must_be_allowed() -> None:
    with pytest.raises(RemoteNotAllowedError, match=r"--allow-remote api\.example\.org"):
        OpenAiModel("https://api.example.org/v1", "m")
    with pytest.raises(RemoteNotAllowedError):
        OpenAiModel("https://api.example.org.evil.org/v1", "m", frozenset({"api.example.org"}))
    OpenAiModel("https://API.example.org/v1", "m", frozenset({"Api.example.org"}))


def test_every_fault_is_cured_and_nothing_is_paid_twice(faulty) -> None:
    faults = {"429": 0.1, "500": 0.1, "stall": 0.05, "truncated": 0.1, "dropped": 0.1}
    server = faulty(faults, stall_s=5, retry_after_s=0.01)
    requests = [ask(f"message {i}") for i in range(60)]
    model = quick(server.url, concurrent=6, retries=12, timeout=0.5)
    results = run(model, *requests)
    assert {r.status for r in results} == {Status.OK}
    assert set(server.failed) == set(faults), "every kind was met"
    assert len(server.answered) == 60 and server.paid_twice() == [] and server.most <= 6
    assert sum(r.attempts for r in results) == sum(server.attempts.values()) > 60
    texts = [f"Thank you for your message. Your number is {d[:8]}." for d in map(request_digest, server.bodies)]
    assert {r.text for r in results} <= set(texts) and len({r.text for r in results}) == 60


def test_retry_after_holds_back_all_calls(faulty) -> None:
    server = faulty({"503": 0.2}, retry_after_s=7, seed=3)
    time = FakeTime()
    model = quick(server.url, concurrent=4, timing=time.timing)
    results = run(model, *(ask(f"message {i}") for i in range(12)))
    assert {r.status for r in results} == {Status.OK} and server.failed["503"] >= 1
    assert {round(s, 6) for s in time.slept if s} == {7.0}, "nothing but the asked waits"
    assert min(r.seconds for r in results if r.attempts > 1) >= 7


def test_a_wait_that_was_asked_for_costs_no_retry_but_is_bounded(faulty) -> None:
    server = faulty({"429": 1.0}, retry_after_s=3600)
    time = FakeTime()
    (result,) = run(quick(server.url, timing=time.timing, retries=2), ask())
    assert (result.status, result.attempts, result.detail) == (Status.TIMEOUT, 21, "HTTP 429")
    assert max(time.slept) == 60.0, "an hour is capped"
    server.retry_after_s = 0
    assert run(quick(server.url, retries=2), ask())[0].attempts == 3, "no wait asked for: an ordinary failure"


def test_waits_grow_and_are_random(faulty) -> None:
    server = faulty({"500": 1.0})
    time = FakeTime()
    run(quick(server.url, timing=time.timing, retries=9), ask())
    assert len(time.slept) == 9 == len(set(time.slept))
    assert all(0 < s <= min(0.25 * 2**i, 20) for i, s in enumerate(time.slept))


def test_a_server_with_little_room_is_not_overrun(faulty) -> None:
    server = faulty(capacity=3, delay_s=0.005, retry_after_s=0.01)
    results = run(OpenAiModel(server.url, "m", concurrent=12), *(ask(f"message {i}") for i in range(120)))
    assert {r.status for r in results} == {Status.OK} and server.paid_twice() == []
    assert server.failed["429"] < 80, "the pace was found; at twelve in flight three of four would be sent back"


def test_cancellation_leaves_the_model_usable(faulty) -> None:
    server = faulty(delay_s=0.3)
    model = OpenAiModel(server.url, "m", concurrent=2)

    async def main() -> None:
        tasks = [asyncio.create_task(model.complete(ask(f"message {i}"))) for i in range(6)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert all(t.cancelled() for t in tasks)
        server.delay_s = 0.0
        assert (await asyncio.wait_for(model.complete(ask("another")), 5)).status is Status.OK
        await model.close()

    asyncio.run(main())


def test_one_event_loop_after_another(faulty) -> None:
    model = OpenAiModel(faulty().url, "m")
    for i in range(3):
        assert asyncio.run(model.complete(ask(f"message {i}"))).status is Status.OK


def test_a_lone_surrogate_costs_one_character(faulty) -> None:
    server = faulty()
    assert run(quick(server.url), ask("a\ud800b"))[0].status is Status.OK
    assert server.bodies[0]["messages"][1]["content"] == "a?b"


def test_digest_and_names() -> None:
    one = OpenAiModel("http://localhost:1/v1", "m")
    assert one.digest == OpenAiModel("http://localhost:2/v1", "m", title="other", concurrent=1).digest
    assert one.digest != replace(one, model="n").digest != replace(one, extra={"reasoning_effort": "low"}).digest
    assert (one.name, replace(one, title="t").name) == ("m", "t")


def test_extra_fields_reach_the_body(faulty) -> None:
    server = faulty()
    run(quick(server.url, extra={"reasoning_effort": "low"}), ask())
    assert server.bodies[0]["reasoning_effort"] == "low"


def test_tokens_are_estimated_from_above_or_counted(tmp_path) -> None:
    from tests.chat.tiny_parts import tokenizer

    messages = [ChatMessage("user", "the rash is red"), ChatMessage("assistant", "薬を飲む")]
    assert OpenAiModel("http://localhost/v1", "m").tokens(messages) == estimate_tokens(messages) == 8 + 8 + 8 + 6
    path = tmp_path / "tokenizer.json"
    tokenizer().save(str(path))
    assert OpenAiModel("http://localhost/v1", "m", tokenizer=path).tokens(messages[:1]) == 4 + 8
    path.write_text("{}")
    with pytest.raises(InputError, match=r"is not a tokenizer\.json"):
        OpenAiModel("http://localhost/v1", "m", tokenizer=path).tokens(messages)


@pytest.mark.parametrize("wrong", [{"concurrent": 0}, {"timeout": 0}, {"retries": -1}])
def test_settings_out_of_range(wrong) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        OpenAiModel("http://localhost/v1", "m", **wrong)


def test_importing_the_room_does_not_import_heavy_libraries() -> None:
    code = (
        "import sys, redline.chat\n"
        "bad = {'openai', 'httpx', 'httpx2', 'torch', 'transformers', 'peft', 'tokenizers', 'onnxruntime'}\n"
        "assert not bad & set(sys.modules), bad & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_dripping_body_cannot_pass_the_timeout() -> None:
    """The limit is for the whole attempt, not for each read."""

    async def drip(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.02)

    async def main():
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        model = OpenAiModel(url, "m", timeout=0.2, retries=0)
        begun = time.monotonic()
        result = await model.complete(ask())
        await model.close()
        server.close()
        return result, time.monotonic() - begun

    result, seconds = asyncio.run(main())
    assert (result.status, result.detail) == (Status.TIMEOUT, "no answer within 0.2 s") and seconds < 2
