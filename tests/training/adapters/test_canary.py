"""Back ends with and without the bug: the canary must tell them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from redline.chat import ChatRequest, ChatResult
from redline.chat.adapters import canary
from redline.records import Status


def digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:8]


@dataclass
class Server:
    """A back end with a prompt cache: what it says depends on the states of the prompt and on the active weights.

    `key` makes the cache's key of (prompt, adapter's name, adapter's weights).  The first layers of the prompt are computed
    by whichever adapter asked first for that key.
    """

    key: Callable[[str, str, str], object]
    weights: dict[str, str] = field(default_factory=dict)
    states: dict[object, str] = field(default_factory=dict)
    last_writer: bool = False
    noise: int = 0

    def say(self, prompt: str, name: str, salt: str = "") -> str:
        key = (salt, self.key(prompt, name, self.weights[name]))
        if key not in self.states or self.last_writer:
            found = self.states.get(key) or digest(prompt, self.weights[name])
            self.states[key] = digest(prompt, self.weights[name])
        else:
            found = self.states[key]
        self.noise += 1 if self.noise else 0
        return digest(found, self.weights[name], str(self.noise))


@dataclass
class Client:
    """One name on the server; `weights` are (re)loaded under it before each request where they are given."""

    server: Server
    name: str
    weights: str = ""
    salt: str = ""
    closed: int = 0

    async def complete(self, request: ChatRequest) -> ChatResult:
        if self.weights:
            self.server.weights[self.name] = self.weights
        prompt = "\n".join(m.text for m in request.messages)
        assert request.sampling.temperature == 0.0
        return ChatResult(Status.OK, self.server.say(prompt, self.name, self.salt))

    async def close(self) -> None:
        self.closed += 1


UNKEYED, BY_NAME, BY_CONTENT = (lambda p, n, w: p), (lambda p, n, w: (p, n)), (lambda p, n, w: (p, w))


def tried(server: Server, a: tuple[str, str], b: tuple[str, str], *, cold: bool = True):
    def make(side: tuple[str, str], salt: str) -> Callable[[], Client]:
        return lambda: Client(server, *side, salt=salt)

    return canary(
        make(a, ""), make(b, ""), cold_a=make(a, "cold a") if cold else None, cold_b=make(b, "cold b") if cold else None,
    )  # fmt: skip


def test_a_back_end_that_keeps_adapters_apart_passes() -> None:
    report = tried(Server(BY_CONTENT), ("a@1", "w1"), ("b@2", "w2"))
    assert (
        report.ok
        and report.cold
        and report.differing == report.prompts == 3
        and "B answers 3 of 3" in report.sentence()
    )


def test_a_cache_without_a_key_is_caught_by_the_cold_run() -> None:
    report = tried(Server(UNKEYED), ("a@1", "w1"), ("b@2", "w2"))
    assert not report.ok and report.problems == (
        "B answers 3 of 3 prompts otherwise than a cold one: states of another adapter were used",
    )


def test_a_slot_that_the_last_one_wrote_is_caught_in_turn() -> None:
    """As llama-server's slots: A finds the states of B."""
    report = tried(Server(UNKEYED, last_writer=True), ("a@1", "w1"), ("b@2", "w2"), cold=False)
    assert not report.ok and "A answers 3 of 3 prompts otherwise after the other one was asked" in report.problems[0]


def test_a_b_a_alone_does_not_see_a_cache_without_a_key() -> None:
    """Why there is a cold run; the report says that there was none."""
    report = tried(Server(UNKEYED), ("a@1", "w1"), ("b@2", "w2"), cold=False)
    assert report.ok and not report.cold and "goes unseen" in report.sentence()


def test_a_cache_by_name_is_caught_where_a_name_is_bound_again() -> None:
    report = tried(Server(BY_NAME), ("dr_a", "w1"), ("dr_a", "w2"))
    assert not report.ok


def test_content_addressed_names_are_safe_on_a_server_with_that_bug() -> None:
    """Why ids hold the digest and are never bound again."""
    assert tried(Server(BY_NAME), ("dr_a@1111", "w1"), ("dr_a@2222", "w2")).ok


def test_adapters_that_do_the_same_are_said_to() -> None:
    report = tried(Server(BY_CONTENT), ("a", "w1"), ("b", "w1"))
    assert report.ok and report.differing == 0 and "differ too little to be told apart" in report.sentence()


def test_a_back_end_that_is_not_deterministic_is_not_blamed_for_leaks() -> None:
    report = tried(Server(BY_CONTENT, noise=1), ("a", "w1"), ("b", "w2"))
    assert not report.ok and "not deterministic" in report.sentence()


@pytest.mark.parametrize("side", [0, 1])
def test_no_answer_is_a_failure_not_an_agreement(side: int) -> None:
    class Down(Client):
        async def complete(self, request: ChatRequest) -> ChatResult:
            return ChatResult(Status.TIMEOUT, detail="no connection")

    server = Server(BY_CONTENT)
    clients = [Client(server, "a", "w1"), Client(server, "b", "w2")]
    clients[side] = Down(server, "x", "w")
    report = canary(lambda: clients[0], lambda: clients[1])
    assert report.problems == (f"{'AB'[side]} gave no answer (timeout: no connection)",)
    assert [c.closed for c in clients] == [1, 1]


def test_it_runs_where_a_loop_runs() -> None:
    import asyncio

    async def inside():
        return tried(Server(BY_CONTENT), ("a@1", "w1"), ("b@2", "w2")).ok

    assert asyncio.run(inside())
