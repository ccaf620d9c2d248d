"""Hedging: a second request when the first one takes long; the first answer wins, the other is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from trunkline_server.domain.errors import ProviderError
from trunkline_server.domain.trial import Trial

T = TypeVar("T")
Answered: TypeAlias = tuple[Trial, T]


async def hedged(
    first: Trial, after: float, beside: Callable[[], Awaitable[Trial | None]], ask: Callable[[Trial], Awaitable[T]]
) -> Answered[T]:
    """The first answer, and the attempt that gave it. `beside` begins the second attempt after `after` seconds; None
    when there is none to begin. `ask` tells its attempt of a failure.

    Raises ProviderError when every attempt failed: that of the last one.
    """
    racing: set[asyncio.Task[Answered[T] | None]] = {asyncio.create_task(_asked(first, ask))}
    winner: Answered[T] | None = None
    failure: ProviderError | None = None
    try:
        done, _ = await asyncio.wait(racing, timeout=after)
        if not done:
            racing.add(asyncio.create_task(_second(beside, ask)))
        while racing and winner is None:
            done, racing = await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                try:
                    found = task.result()
                except ProviderError as error:
                    failure = error
                    continue
                if winner is None:
                    winner = found
                elif found is not None:
                    found[0].cancelled()  # Both answered in one turn of the loop.
    finally:
        for task in racing:
            task.cancel()
        await asyncio.gather(*racing, return_exceptions=True)
    if winner is not None:
        return winner
    assert failure is not None, "an attempt ends with an answer or an error"
    raise failure


async def _second(
    beside: Callable[[], Awaitable[Trial | None]], ask: Callable[[Trial], Awaitable[T]]
) -> Answered[T] | None:
    trial = await beside()
    return None if trial is None else await _asked(trial, ask)


async def _asked(trial: Trial, ask: Callable[[Trial], Awaitable[T]]) -> Answered[T] | None:
    try:
        return trial, await ask(trial)
    except asyncio.CancelledError:
        trial.cancelled()
        raise
