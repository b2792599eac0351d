"""An OpenAI-compatible server that fails on purpose, for tests and for the study's benchmark.

    with FaultyServer({"429": 0.05, "truncated": 0.02}, seed=7) as server:
        ... ask server.url ...
        assert not server.paid_twice()

Which attempt at which request fails is a function of the seed, the request and the number of the attempt, so it is the
same in every run whatever the order of arrival.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["FaultyServer", "request_digest"]

Body = dict[str, Any]


def request_digest(body: Mapping[str, Any]) -> str:
    """Of everything that was asked."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]


def echo(body: Body) -> str:
    """A reply that is a function of the prompt and the sampling, and does not repeat the prompt."""
    return f"Thank you for your message. Your number is {request_digest(body)[:8]}."


class FaultyServer:
    """Answers `POST .../chat/completions` on this machine until the block ends.

    `faults` maps kinds to rates for each attempt, together at most 1:

    - a status such as `429`, or a status and the server's words, `400:maximum context length`; 429 and 503 carry
      `Retry-After: retry_after_s` unless that is None, and every error echoes the prompt, as real servers do;
    - `stall`: nothing for `stall_s` seconds, then the connection is closed;
    - `truncated`: HTTP 200 with half of the JSON; `dropped`: the connection is closed at once.

    Every answer takes `delay_s`; more than `capacity` requests at once get a 429.  With `key` another key gets a 401.

    `answered` counts whole answers a request digest, `attempts` what came in, `failed` the faults a kind;
    `injected_wait` is the sum of all stalls and Retry-After seconds, `most` the most requests at once (those that stall
    are not counted: whoever asked may have given them up).
    """

    def __init__(
        self, faults: Mapping[str, float] | None = None, *, seed: int = 17, stall_s: float = 1.0, delay_s: float = 0.0,
        retry_after_s: float | None = 1.0, capacity: int | None = None, key: str | None = None,
        reply: Callable[[Body], str] = echo,
    ) -> None:  # fmt: skip
        self.faults = dict(faults or {})
        if sum(self.faults.values()) > 1 + 1e-9:
            raise ValueError("the rates of all faults together are at most 1")
        self.seed, self.stall_s, self.delay_s, self.retry_after_s = seed, stall_s, delay_s, retry_after_s
        self.capacity, self.key, self.reply = capacity, key, reply
        self.answered: Counter[str] = Counter()
        self.attempts: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Body] = []
        self.injected_wait = 0.0
        self.in_flight = self.most = 0
        self.lock = threading.Lock()
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        """Base address of the API."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> FaultyServer:
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.faulty = self
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._http.shutdown()
        self._http.server_close()

    def paid_twice(self) -> list[str]:
        """Requests that were answered more than once."""
        return [digest for digest, count in self.answered.items() if count > 1]

    def fault(self, digest: str, attempt: int) -> str | None:
        """The fault of this attempt (from 1) at this request, or None."""
        drawn = hashlib.sha256(f"{self.seed} {digest} {attempt}".encode()).digest()
        at = int.from_bytes(drawn[:8], "big") / 2**64
        for kind, rate in self.faults.items():
            if at < rate:
                return kind
            at -= rate
        return None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    faulty: FaultyServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def do_POST(self) -> None:
        faulty = self.server.faulty
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        digest = request_digest(body)
        with faulty.lock:
            faulty.attempts[digest] += 1
            faulty.headers.append({k.lower(): v for k, v in self.headers.items()})
            faulty.bodies.append(body)
            kind = faulty.fault(digest, faulty.attempts[digest])
            if faulty.key is not None and self.headers.get("Authorization") != f"Bearer {faulty.key}":
                kind = "401"
            counted = kind != "stall"
            faulty.in_flight += counted
            faulty.most = max(faulty.most, faulty.in_flight)
            if counted and faulty.capacity is not None and faulty.in_flight > faulty.capacity:
                kind = "429"
        try:
            self._answer(faulty, body, digest, kind)
        finally:
            with faulty.lock:
                faulty.in_flight -= counted

    def _answer(self, faulty: FaultyServer, body: Body, digest: str, kind: str | None) -> None:
        if kind is not None:
            with faulty.lock:
                faulty.failed[kind] += 1
        if kind == "stall":
            with faulty.lock:
                faulty.injected_wait += faulty.stall_s
            faulty.ended.wait(faulty.stall_s)
        if kind in ("stall", "dropped"):
            self.close_connection = True
            return
        if kind is not None and kind != "truncated":
            self._error(faulty, body, kind)
            return
        faulty.ended.wait(faulty.delay_s)
        whole = json.dumps(completion(body, faulty.reply(body))).encode()
        if kind is None:
            with faulty.lock:
                faulty.answered[digest] += 1
        self._send(200, {}, whole if kind is None else whole[: len(whole) // 2])

    def _error(self, faulty: FaultyServer, body: Body, kind: str) -> None:
        status, _, words = kind.partition(":")
        headers = {}
        if status in ("429", "503") and faulty.retry_after_s is not None:
            headers["Retry-After"] = f"{faulty.retry_after_s:g}"
            with faulty.lock:
                faulty.injected_wait += faulty.retry_after_s
        error = {"error": {"message": words or "failed on purpose", "request": body}}
        self._send(int(status), headers, json.dumps(error).encode())

    def _send(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


def completion(body: Body, text: str) -> Body:
    """The JSON of a whole answer."""
    asked = sum(len(m["content"]) for m in body["messages"])
    return {
        "object": "chat.completion",
        "model": body["model"],
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": asked // 4, "completion_tokens": len(text) // 4},
    }
