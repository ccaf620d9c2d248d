"""Work put off: once however often it is asked for, soon, and whatever becomes of other work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from trunkline_server.ops.later import DELAY, later

# Work put off is done by then, in seconds, however slow the machine.
_SURELY = 5.0


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(_SURELY):
        while not done():
            await asyncio.sleep(DELAY)


def test_without_a_loop_it_is_done_at_once() -> None:
    done: list[int] = []
    later(lambda: done.append(1))
    assert done == [1]


async def test_what_is_asked_for_often_is_done_once() -> None:
    done: list[int] = []

    def work() -> None:
        done.append(1)

    for _ in range(3):
        later(work)
    assert done == []
    await until(lambda: bool(done))
    assert done == [1]
    later(work)
    await until(lambda: len(done) > 1)
    assert done == [1, 1]


async def test_work_that_fails_stops_no_other() -> None:
    done: list[str] = []

    def fails() -> None:
        raise RuntimeError("no")

    # The last that was asked for is done first.
    later(lambda: done.append("before"))
    later(fails)
    later(lambda: done.append("after"))
    await until(lambda: len(done) == 2)


async def test_what_work_asks_for_is_done_in_the_same_turn() -> None:
    done: list[str] = []

    def more() -> None:
        done.append("more")

    def work() -> None:
        done.append("work")
        later(more)

    later(work)
    await until(lambda: bool(done))
    assert done == ["work", "more"]
