"""Work that is done together: who shares a turn, what fails with it, and what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from trunkline_server.domain.errors import TrunklineError, store_unavailable
from trunkline_server.stores.postgres.turns import Turns


class Work:
    """Answers each number with its square, when it may."""

    def __init__(self) -> None:
        self.turns: list[list[int]] = []
        self.may = asyncio.Event()
        self.fails = 0

    async def __call__(self, items: Sequence[int]) -> Sequence[int]:
        self.turns.append(list(items))
        await self.may.wait()
        if self.fails:
            self.fails -= 1
            raise store_unavailable("postgres")
        return [item * item for item in items]


async def test_what_comes_meanwhile_shares_the_next_turn() -> None:
    work = Work()
    turns = Turns(work, most=3, size=100)
    asked = [asyncio.create_task(turns.ask(number)) for number in range(6)]
    await asyncio.sleep(0)
    assert not turns.idle
    work.may.set()
    assert await asyncio.gather(*asked) == [0, 1, 4, 9, 16, 25]
    assert work.turns in ([[0], [1, 2, 3], [4, 5]], [[0, 1, 2], [3, 4, 5]])
    await asyncio.sleep(0)
    assert turns.idle and await turns.ask(7) == 49


async def test_a_turn_that_is_heavy_enough_takes_no_more() -> None:
    work = Work()
    turns = Turns(work, most=100, size=100, weigh=lambda item: item, heaviest=10)
    work.may.set()
    asked = [asyncio.create_task(turns.ask(number)) for number in (1, 50, 4, 5, 2, 3)]
    await asyncio.gather(*asked)
    assert [sum(turn[:-1]) < 10 for turn in work.turns] == [True] * len(work.turns) and len(work.turns) > 1


async def test_a_failure_is_that_of_its_turn_only() -> None:
    work = Work()
    work.fails, turns = 1, Turns(work, most=2, size=100)
    asked = [asyncio.create_task(turns.ask(number)) for number in range(4)]
    work.may.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    failed = [one for one in found if isinstance(one, TrunklineError)]
    assert 1 <= len(failed) <= 2 and len(found) - len(failed) >= 2


async def test_too_many_are_refused_and_those_who_left_are_left_out() -> None:
    work = Work()
    turns = Turns(work, most=10, size=2)
    first = asyncio.create_task(turns.ask(1))
    await asyncio.sleep(0.01)
    waiting = [asyncio.create_task(turns.ask(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(TrunklineError) as refused:
        await turns.ask(4)
    assert refused.value.reason_name == "OVERLOADED"
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    work.may.set()
    assert (await first, await waiting[1]) == (1, 9)
    assert work.turns == [[1], [3]]
