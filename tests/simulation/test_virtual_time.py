"""The virtual clock itself: it jumps, it keeps order, and it tells a hang from a wait."""

import asyncio
import time

import pytest

from tests.simulation.virtual_time import BEGIN_SECONDS, Hang, WallClock, run


def test_an_hour_of_sleep_is_an_hour_on_the_loops_clock_and_on_the_wall():
    async def main():
        loop, wall = asyncio.get_running_loop(), WallClock()
        begun, said = loop.time(), wall()
        await asyncio.sleep(3600)
        return loop.time() - begun, (wall() - said).total_seconds()

    before = time.monotonic()
    assert run(main()) == (3600.0, 3600.0)
    assert time.monotonic() - before < 60


def test_those_who_wait_wake_in_the_order_of_their_deadlines():
    woken = []

    async def wait(seconds):
        await asyncio.sleep(seconds)
        woken.append((seconds, asyncio.get_running_loop().time() - BEGIN_SECONDS))

    async def main():
        await asyncio.gather(*(wait(seconds) for seconds in (5, 0.25, 60, 2)))

    run(main())
    assert woken == [(seconds, seconds) for seconds in (0.25, 2, 5, 60)]


def test_what_is_sent_over_a_socket_arrives_before_any_time_passes():
    async def main():
        loop = asyncio.get_running_loop()

        async def answer(reader, writer):
            writer.write(await reader.readline())
            await asyncio.sleep(7)
            writer.write(b"late\n")
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            begun = loop.time()
            writer.write(b"hello\n")
            arrivals = [(await reader.readline(), loop.time() - begun) for _ in range(2)]
            writer.close()
            await writer.wait_closed()
            return arrivals

    assert run(main()) == [(b"hello\n", 0.0), (b"late\n", 7.0)]


def test_waiting_for_what_cannot_happen_is_an_error():
    async def main():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Hang, match="nobody has a deadline"):
        run(main())


def test_waiting_for_ever_a_little_at_a_time_is_an_error():
    async def main():
        while True:
            await asyncio.sleep(3600)

    with pytest.raises(Hang, match="still waiting"):
        run(main())


def test_a_thread_is_refused():
    async def main():
        await asyncio.to_thread(time.sleep, 0)

    with pytest.raises(RuntimeError, match="in a thread"):
        run(main())
