"""Batches of what arrives together: sizes, order, errors, cancellation, one thread."""

import asyncio
import threading
import time

import pytest

from redline.chat import Batcher


def test_what_arrives_together_runs_together_and_similar_sizes_stand_together() -> None:
    batches: list[list[str]] = []

    def run(items):
        batches.append(list(items))
        return [i.upper() for i in items]

    async def main() -> list[str]:
        batcher: Batcher[str, str] = Batcher(run, size=len, limit=3)
        return await asyncio.gather(*(batcher.submit(w) for w in ("a", "bbbbbb", "cc", "dddddd", "e", "ffffff", "g")))

    assert asyncio.run(main()) == ["A", "BBBBBB", "CC", "DDDDDD", "E", "FFFFFF", "G"]
    assert sorted(map(len, batches)) == [1, 3, 3] and ["bbbbbb", "dddddd", "ffffff"] in batches


def test_the_oldest_is_in_every_batch_so_none_starves() -> None:
    first: list[str] = []

    def run(items):
        first.append(max(items, key=len))
        return list(items)

    async def main() -> None:
        batcher: Batcher[str, str] = Batcher(run, size=len, limit=2)
        await asyncio.gather(batcher.submit("x" * 99), *(batcher.submit("y") for _ in range(9)))

    asyncio.run(main())
    assert first[0] == "x" * 99


def test_one_worker_thread_for_all_event_loops() -> None:
    threads, inside, most = set(), 0, 0
    lock = threading.Lock()

    def run(items):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        threads.add(threading.get_ident())
        time.sleep(0.01)
        with lock:
            inside -= 1
        return list(items)

    batcher: Batcher[int, int] = Batcher(run, size=int, limit=2)

    async def main() -> None:
        assert await asyncio.gather(*(batcher.submit(i) for i in range(6))) == list(range(6))

    loops = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(2)]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()
    assert len(threads) == 1 and most == 1
    asyncio.run(main())
    batcher.close()
    asyncio.run(main())


def test_an_error_goes_to_its_own_batch_only() -> None:
    def run(items):
        if "bad" in items:
            raise ValueError("broken")
        return list(items)

    async def main():
        batcher: Batcher[str, str] = Batcher(run, size=len, limit=2)
        return await asyncio.gather(*(batcher.submit(w) for w in ("ok", "ok", "bad", "fine")), return_exceptions=True)

    results = asyncio.run(main())
    assert results[:2] == ["ok", "ok"] and all(isinstance(r, ValueError) for r in results[2:])


def test_a_wrong_number_of_answers_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="a batch of 1 got 0 answers"):
        asyncio.run(Batcher(lambda items: [], size=len).submit("x"))


def test_a_cancelled_item_is_not_run_and_the_others_are() -> None:
    ran: list[str] = []
    go = threading.Event()

    def run(items):
        go.wait(5)
        ran.extend(items)
        return list(items)

    async def main() -> None:
        batcher: Batcher[str, str] = Batcher(run, size=len, limit=1)
        tasks = [asyncio.create_task(batcher.submit(w)) for w in ("running", "dropped", "kept")]
        await asyncio.sleep(0.02)
        tasks[0].cancel()
        tasks[1].cancel()
        go.set()
        assert await tasks[2] == "kept"
        assert tasks[0].cancelled() and tasks[1].cancelled()

    asyncio.run(main())
    assert ran == ["running", "kept"]
