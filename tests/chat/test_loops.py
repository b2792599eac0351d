"""Blocking callers of coroutines, from any thread, inside and outside of event loops."""

import asyncio
import threading

import pytest

from redline.chat import BackgroundLoop


def test_it_works_inside_a_running_loop_and_from_many_threads() -> None:
    loop, seen = BackgroundLoop(), set()

    async def work(i: int) -> int:
        seen.add(id(asyncio.get_running_loop()))
        await asyncio.sleep(0.001)
        return i

    async def main() -> int:
        return loop.run(work(7))  # asyncio.run would refuse here

    assert asyncio.run(main()) == 7
    threads = [threading.Thread(target=lambda: loop.run(work(1))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 1, "one loop, so connections and pace are shared"


def test_errors_come_through() -> None:
    async def work() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        BackgroundLoop().run(work())


def test_the_thread_ends_with_its_owner() -> None:
    loop = BackgroundLoop()
    thread = loop.run(asyncio.sleep(0, threading.current_thread())) and loop._running[1]
    del loop
    thread.join(5)
    assert not thread.is_alive()
