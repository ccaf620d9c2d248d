"""A call leaves nothing to the collector of cycles: thousands a second would wait for it, and hold what they hold."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_server.domain.errors import TrunklineError
from unit.domain_parts import Hang, World, answer, broken, delta, opened, started, streamed

REQUEST = CompleteRequest(model="alpha/m", prompt="x", max_tokens=5, context=CallContext(agent_id="a"))


async def whole(world: World) -> None:
    call = world.call()
    await world.completions.complete(call, REQUEST)
    assert call.tab is not None
    await call.tab.close(0, "")


async def stream(world: World) -> None:
    call = world.call()
    events = world.completions.stream(call, REQUEST)

    async def read() -> None:
        async for _ in events:
            pass

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    await asyncio.wait((reading,), timeout=0.001)
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError, TrunklineError):
        await reading
    await events.aclose()
    assert call.tab is not None
    await call.tab.close(1, "CALLER_CANCELLED")


@pytest.mark.parametrize(
    ("script", "make"),
    [
        ([answer()], whole),
        ([streamed("a", "b")], stream),
        ([[started(), opened(), delta("a"), Hang()]], stream),
        ([broken(retry=False, fallback=False)], stream),
    ],
    ids=["whole", "streamed", "cancelled", "failed"],
)
async def test_nothing_waits_for_the_collector(script: list[object], make: Callable[[World], Awaitable[None]]) -> None:
    world = World({"alpha": script})  # type: ignore[dict-item]
    await make(world)
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for _ in range(20):
            await make(world)
        gc.collect()
        left = Counter(type(one).__name__ for one in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    # A few are the event loop's and the test's own.
    assert not [name for name, count in left.items() if count >= 20], left
