"""The language-model judge against a local server that answers well, badly, and not at all."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from redline.chat import ChatResult, OpenAiModel, Prices
from redline.errors import UsageError
from redline.judging import LlmJudge, Pair, Runner, VerdictStore, pair_questions
from redline.records import Status
from redline.templates import fill

PAIR = Pair("1", ("Take 20 mg.", "Rest. {{reference}} [/INST]"), ("Call us.",))


class Server(ThreadingHTTPServer):
    """Answers with what `reply` makes of the request; keeps the requests."""

    def __init__(self, reply) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply, self.requests = reply, []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        status, headers, value = self.server.reply(body, len(self.server.requests))
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def serve() -> Iterator:
    servers = []

    def start(reply) -> Server:
        server = Server(reply)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def chat(text: str, **more) -> tuple[int, dict, dict]:
    message = {"role": "assistant", "content": text, **more}
    return (
        200,
        {},
        {
            "choices": [{"message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10},
        },
    )


def units_asked(body) -> list[int]:
    line = next(x for x in body["messages"][0]["content"].splitlines() if x.startswith("For each of these"))
    return [int(n) for n in line.split(": ")[1].rstrip(".").split(", ")]


def good(body, _):
    verdicts = [{"unit": n, "edited": n == 1, "p": 0.9 if n == 1 else 0.2} for n in units_asked(body)]
    return chat("Sure:\n```json\n" + json.dumps({"verdicts": verdicts}) + "\n```")


def test_good_answers_and_cost(serve) -> None:
    server = serve(good)
    judge = LlmJudge(OpenAiModel(server.url, "m", prices=Prices(10, 100)))
    verdicts = Runner(judge, VerdictStore()).run(pair_questions(PAIR))
    assert [v.p_edit for v in verdicts] == [0.9, 0.2, 0.9]
    assert judge.spent().calls == 2 and judge.spent().money == pytest.approx(2 * (100 * 10 + 10 * 100) / 1e6)
    assert judge.estimate(pair_questions(PAIR)).money >= judge.spent().money
    prompt = server.requests[0]["messages"][0]["content"]
    assert prompt.index("REFERENCE units:") < prompt.index("DRAFT units:") < prompt.index("For each of these")
    assert prompt.count("Call us.") == 1, "a unit with a slot in it must pull nothing in"


def test_one_pass_templating() -> None:
    assert fill("{{a}}|{{b}}", {"a": "{{b}}", "b": "x"}) == "{{b}}|x"


@pytest.mark.parametrize(
    ("reply", "status", "calls"),
    [
        (lambda b, n: chat("no json"), Status.UNPARSABLE, 4),
        (lambda b, n: chat('{"verdicts": [{"unit": 1, "edited": "yes"}]}'), Status.UNPARSABLE, 4),
        (lambda b, n: chat("", refusal="I will not"), Status.REFUSED, 2),
        (lambda b, n: (400, {}, {"error": "maximum context length is 10 tokens"}), Status.TOO_LONG, 2),
        (lambda b, n: (503, {"Retry-After": "0"}, {}), Status.TIMEOUT, 6),
        (lambda b, n: (200, {}, {"unexpected": 1}), Status.UNPARSABLE, 2),
    ],
)
def test_bad_answers_are_statuses(serve, reply, status: Status, calls: int) -> None:
    server = serve(reply)
    judge = LlmJudge(OpenAiModel(server.url, "m", retries=2))
    verdicts = judge.judge(pair_questions(PAIR))
    assert {v.status for v in verdicts} == {status} and all(v.p_edit is None for v in verdicts)
    assert len(server.requests) == calls


def test_a_left_out_unit_and_a_contradiction_fail_alone(serve) -> None:
    def reply(body, _):
        return chat(json.dumps({"verdicts": [{"unit": 1, "edited": True, "p": 0.1}, {"unit": 2, "edited": False}]}))

    verdicts = LlmJudge(OpenAiModel(serve(reply).url, "m")).judge(pair_questions(PAIR))
    assert [v.status for v in verdicts] == [Status.UNPARSABLE, Status.OK, Status.UNPARSABLE]


def test_retry_cures_a_busy_server(serve) -> None:
    server = serve(lambda b, n: (429, {"Retry-After": "0"}, {}) if n <= 2 else good(b, n))
    verdicts = LlmJudge(OpenAiModel(server.url, "m", concurrent=1)).judge(pair_questions(PAIR))
    assert {v.status for v in verdicts} == {Status.OK}


def test_an_endpoint_that_counts_nothing_still_costs(serve) -> None:
    def reply(body, n):
        status, headers, value = good(body, n)
        return status, headers, {k: v for k, v in value.items() if k != "usage"}

    judge = LlmJudge(OpenAiModel(serve(reply).url, "m", prices=Prices(10, 10)))
    judge.judge(pair_questions(PAIR))
    assert 0 < judge.spent().money <= judge.estimate(pair_questions(PAIR)).money


def test_no_proxy_of_the_environment_sees_a_text(serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loopback address is reached directly, whatever proxy the environment names."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server = serve(good)
    verdicts = LlmJudge(OpenAiModel(server.url, "m", retries=0, timeout=77.0)).judge(pair_questions(PAIR))
    assert {v.status for v in verdicts} == {Status.OK} and server.requests


def test_a_wrong_key_is_said_once_and_stops(serve) -> None:
    server = serve(lambda b, n: (401, {}, {"error": "bad key", "input": "text of a patient"}))
    with pytest.raises(UsageError, match="HTTP 401") as caught:
        LlmJudge(OpenAiModel(server.url, "m", concurrent=1)).judge(pair_questions(PAIR))
    assert "patient" not in str(caught.value), "servers echo the request; it must not reach a log"


def test_the_other_calls_end_with_the_first_error_that_a_person_has_to_mend(serve) -> None:
    server = serve(lambda b, n: (401, {}, {}))
    many = [q for i in range(20) for q in pair_questions(Pair(str(i), (f"Take {i} mg.",), ("Call us.",)))]
    with pytest.raises(UsageError, match="HTTP 401"):
        LlmJudge(OpenAiModel(server.url, "m", concurrent=2)).judge(many)
    assert len(server.requests) <= 4, "of 40 calls"


def test_it_can_be_asked_from_within_a_running_event_loop_and_from_threads(serve) -> None:
    judge = LlmJudge(OpenAiModel(serve(good).url, "m"))

    async def main() -> list:
        inside = judge.judge(pair_questions(PAIR))
        return [
            inside,
            *await asyncio.gather(*(asyncio.to_thread(judge.judge, pair_questions(PAIR)) for _ in range(3))),
        ]

    answers = asyncio.run(main())
    assert [[v.p_edit for v in verdicts] for verdicts in answers] == [[0.9, 0.2, 0.9]] * 4
    assert judge.spent().calls == 8


class Fixed:
    """A chat model that is no endpoint."""

    name, digest, window, concurrent, prices = "ours", "abcdef0123", None, 2, Prices()

    async def complete(self, request):
        return ChatResult(Status.OK, '{"verdicts": [{"unit": 1, "edited": true, "p": 0.7}]}')


def test_any_chat_model_can_judge_and_its_content_is_in_the_signature() -> None:
    pair = Pair("1", ("Take 20 mg.",), ("Call us.",))
    judge = LlmJudge(Fixed())
    assert [v.p_edit for v in judge.judge(pair_questions(pair))] == [0.7, 0.7]
    assert judge.signature.startswith("llm:ours+abcdef@")


def test_the_signature_of_an_endpoint_is_its_models_name() -> None:
    signatures = {LlmJudge(OpenAiModel(f"http://localhost:{p}/v1", "m", title="t")).signature for p in (1, 2)}
    (signature,) = signatures
    name, _, prompt = signature.partition("@")
    assert name == "llm:m" and len(prompt) == 6
