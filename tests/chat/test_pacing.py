"""How many requests are in flight, who waits for whom, and what a cancellation leaves behind."""

import asyncio

from redline.chat import Pacing
from tests.chat.faulty_server import FakeTime


async def through(pacing: Pacing) -> int:
    """One slot taken and given back; its epoch."""
    async with pacing.slot() as slot:
        return slot.epoch


def test_the_limit_is_never_passed_and_turns_are_kept() -> None:
    async def main() -> None:
        pacing, order, most = Pacing(3), [], 0

        async def one(i: int) -> None:
            nonlocal most
            async with pacing.slot():
                most = max(most, pacing.busy)
                order.append(i)
                await asyncio.sleep(0.001)

        await asyncio.gather(*(one(i) for i in range(20)))
        assert most == 3 and order == sorted(order) and pacing.busy == 0

    asyncio.run(main())


def test_additive_up_multiplicative_down_between_floor_and_ceiling() -> None:
    async def main() -> None:
        pacing = Pacing(10)
        for limit in (7, 4, 3, 2, 1, 1, 1):
            async with pacing.slot() as slot:
                pacing.pushed_back(slot)
            assert pacing.limit == limit
        successes = 0
        while pacing.limit < 4:
            pacing.succeeded()
            successes += 1
        assert 1 + 2 + 3 <= successes <= 1 + 2 + 3 + 3, "about one more for each full round of successes"
        for _ in range(200):
            pacing.succeeded()
        assert pacing.limit == 10

    asyncio.run(main())


def test_a_burst_lowers_the_limit_once() -> None:
    async def main() -> None:
        pacing = Pacing(10)
        async with pacing.slot() as first, pacing.slot() as second, pacing.slot() as third:
            for slot in (first, second, third):
                pacing.pushed_back(slot)
        assert pacing.limit == 7
        assert await through(pacing) == 1

    asyncio.run(main())


def test_a_pause_holds_back_everybody_and_can_grow_while_they_wait() -> None:
    async def main() -> None:
        time = FakeTime()
        pacing = Pacing(4, time.timing)
        pacing.pause(5.0)
        pacing.pause(2.0)  # the longer one counts
        started = []

        async def one() -> None:
            async with pacing.slot():
                started.append(time.at)

        tasks = [asyncio.create_task(one()) for _ in range(6)]
        await asyncio.sleep(0)
        pacing.pause(9.0)
        await asyncio.gather(*tasks)
        assert len(started) == 6 and min(started) >= 9.0

    asyncio.run(main())


def test_cancelled_waiters_and_holders_give_their_slots_back() -> None:
    async def main() -> None:
        pacing = Pacing(1)
        go = asyncio.Event()

        async def hold() -> None:
            async with pacing.slot():
                await go.wait()

        holder, waiter, last = (asyncio.create_task(hold()) for _ in range(3))
        await asyncio.sleep(0)
        waiter.cancel()
        holder.cancel()
        await asyncio.wait([holder, waiter])
        assert pacing.busy == 1, "the slot went on to the last one"
        go.set()
        await last
        assert pacing.busy == 0

    asyncio.run(main())


def test_a_slot_given_in_the_moment_of_cancellation_is_not_lost() -> None:
    async def main() -> None:
        pacing = Pacing(1)

        async def hold(seconds: float) -> None:
            async with pacing.slot():
                await asyncio.sleep(seconds)

        first = asyncio.create_task(hold(0))
        second = asyncio.create_task(hold(60))
        while not first.done():
            await asyncio.sleep(0)
        second.cancel()  # the slot may have been handed to it in this very turn
        await asyncio.wait([second])
        assert pacing.busy == 0
        await asyncio.wait_for(through(pacing), 1)

    asyncio.run(main())


def test_a_cancellation_in_a_pause_gives_the_slot_back() -> None:
    async def main() -> None:
        pacing = Pacing(1)
        pacing.pause(60)
        task = asyncio.create_task(through(pacing))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert pacing.busy == 0

    asyncio.run(main())
