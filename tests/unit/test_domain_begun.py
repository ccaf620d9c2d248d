"""Work begun at once: what runs when, and that it behaves as an awaited coroutine does."""

from __future__ import annotations

import asyncio

import pytest
from trunkline_server.domain.begun import Begun


async def test_it_runs_up_to_its_first_wait_and_goes_on_when_awaited() -> None:
    done: list[str] = []
    gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        done.append("begun")
        found = await gate
        await asyncio.sleep(0)
        done.append("ended")
        return found

    begun = Begun(work())
    assert done == ["begun"]
    gate.set_result("answer")
    await asyncio.sleep(0)
    assert done == ["begun"]
    assert await begun == "answer"
    assert done == ["begun", "ended"]


async def test_work_without_a_wait_is_done_at_once() -> None:
    async def work() -> int:
        return 7

    assert await Begun(work()) == 7


async def test_errors_come_where_they_happen() -> None:
    async def at_once() -> None:
        raise ValueError("at once")

    async def later() -> None:
        await asyncio.sleep(0)
        raise ValueError("later")

    with pytest.raises(ValueError, match="at once"):
        Begun(at_once())
    begun = Begun(later())
    with pytest.raises(ValueError, match="later"):
        await begun


async def test_a_cancellation_reaches_the_wait_and_its_clean_up_may_wait_too() -> None:
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done: list[str] = []

    async def work() -> None:
        try:
            await waiting
        finally:
            await asyncio.sleep(0)
            done.append("cleaned up")

    async def call() -> None:
        await Begun(work())

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiting.cancelled()
    assert done == ["cleaned up"]


async def test_work_may_swallow_a_cancellation_as_any_coroutine() -> None:
    async def work() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "kept"
        return "slept"

    task = asyncio.create_task(_awaited(work))
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "kept"


async def _awaited(work: object) -> str:
    assert callable(work)
    found: str = await Begun(work())
    return found
