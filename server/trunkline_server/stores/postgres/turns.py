"""Work that is done together: what is asked while one turn is under way waits for the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from trunkline_server.domain.errors import Reason, TrunklineError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Turns(Generic[Item, Answer]):
    """`work` answers items, in their order, one turn at a time with a pause of so many seconds after each. A turn takes
    at most `most` items, and no further one once they weigh `heaviest`. At most `size` wait."""

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        most: int,
        size: int,
        pause: float = 0.0,
        weigh: Callable[[Item], int] = lambda _: 0,
        heaviest: int = 1,
    ) -> None:
        self._work = work
        self._most = most
        self._size = size
        self._pause = pause
        self._weigh = weigh
        self._heaviest = heaviest
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits and no turn is under way."""
        return self._task is None

    async def ask(self, item: Item) -> Answer:
        """The answer to an item. Raises what the work of its turn raises, and OVERLOADED where too many wait."""
        if len(self._waiting) >= self._size:
            raise TrunklineError(
                Reason.ERROR_REASON_OVERLOADED, "too many wait for the same; try again shortly", retry_after=1.0
            )
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        turn: Sequence[tuple[Item, asyncio.Future[Answer]]] = ()
        try:
            while turn := self._next():
                await self._take(turn)
                if self._pause:
                    await asyncio.sleep(self._pause)
        finally:
            self._task = None
            # There are some only where the turns were cancelled.
            for _, answer in (*turn, *self._waiting):
                answer.cancel()
            self._waiting.clear()

    async def _take(self, turn: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([item for item, _ in turn])
        except Exception as error:
            for _, answer in turn:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), found in zip(turn, answers, strict=True):
            if not answer.done():
                answer.set_result(found)

    def _next(self) -> Sequence[tuple[Item, asyncio.Future[Answer]]]:
        """Those of the next turn, without those that nobody waits for any more."""
        turn: list[tuple[Item, asyncio.Future[Answer]]] = []
        weight = 0
        while self._waiting and len(turn) < self._most and weight < self._heaviest:
            item, answer = self._waiting.popleft()
            if not answer.done():
                turn.append((item, answer))
                weight += self._weigh(item)
        return turn
