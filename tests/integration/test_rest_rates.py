"""Call rates and holds of the REST engine over two processes' worth of connectors, real Redis and a real upstream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from integration.redis_parts import GRACE, background, plain, server, until
from rest_templates import own
from rest_upstream import LOCAL, SECRET, Upstream, call, http_upstream, integration, tool
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.stores.redis.call_rates import RedisCallRates
from trunkline_server.stores.redis.client import connect

TEMPLATE = own(
    "[[rates]]\ncalls = 5\nper_seconds = 600\n[[tools]]\nname = 't'\ndescription = 'd'\nmethod = 'GET'\npath = '/t'\n"
    "parameters = {}"
)


class Scene:
    """Two connectors, each with a store of its own."""

    def __init__(self, url: str, upstream: Upstream) -> None:
        self.url, self.upstream = url, upstream
        self.rates: list[RedisCallRates] = []
        self.rest: list[RestConnector] = []

    async def commands(self) -> int:
        """Scripts that Redis has run."""
        async with plain(self.url) as redis:
            stats = await redis.info("commandstats")
        return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with server("single", tmp_path, durable=False) as (_, redis), http_upstream() as upstream:
        made = Scene(redis.url, upstream)
        async with AsyncExitStack() as stack:
            for _ in range(2):
                rates = RedisCallRates(await stack.enter_async_context(connect([redis.url], grace=GRACE)))
                await stack.enter_async_context(background(rates.run()))
                rest = RestConnector(LOCAL, templates={"own": TEMPLATE}, call_rates=rates)
                made.rates.append(rates)
                made.rest.append(await stack.enter_async_context(rest))
            await until(lambda: all(one._heard.listening.is_set() for one in made.rates))
            yield made


async def test_the_rate_is_one_for_both(scene: Scene) -> None:
    target = integration(scene.upstream.url, template="own", seconds=5)
    found = await asyncio.gather(
        *(call(scene.rest[number % 2], target, secret=SECRET) for number in range(20)), return_exceptions=True
    )
    refusals = [error for error in found if isinstance(error, TrunklineError)]
    assert len(scene.upstream.seen) == 5
    assert len(refusals) == 15
    assert {error.reason for error in refusals} == {Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED}
    assert all(595 < (error.retry_after or 0) <= 600 for error in refusals)
    for rest in scene.rest:
        (used,) = await rest.rates(target, SECRET)
        assert used.available == 0 and used.HasField("retry_after")


async def test_a_hold_is_shared_and_calls_without_rates_ask_nothing(scene: Scene) -> None:
    target = integration(scene.upstream.url, tool(), seconds=5)
    before = await scene.commands()
    for _ in range(10):
        await call(scene.rest[0], target, secret=SECRET)
        await call(scene.rest[1], target, secret=SECRET)
    assert await scene.commands() == before
    scene.upstream.answers(429, headers={"Retry-After": "60.5"})
    with pytest.raises(TrunklineError) as caught:
        await call(scene.rest[0], target, secret=SECRET)
    assert caught.value.retry_after == 60.5
    seen = len(scene.upstream.seen)

    async def held() -> bool:
        with pytest.raises(TrunklineError) as refused:
            await call(scene.rest[1], target, secret=SECRET)
        wait = refused.value.retry_after
        assert wait is not None and wait <= 60.5
        return wait < 60.5

    # Until the message has come, the other one is told the same by the upstream itself.
    await until(held)
    now = len(scene.upstream.seen)
    assert now <= seen + 1
    with pytest.raises(TrunklineError):
        await call(scene.rest[0], target, secret=SECRET)
    assert len(scene.upstream.seen) == now
    scene.upstream.answers()
    await call(scene.rest[1], target, secret="another")


async def test_without_redis_calls_go_on_under_the_rate(scene: Scene, tmp_path: Path) -> None:
    async with plain(scene.url) as redis:
        await redis.shutdown(nosave=True)
    target = integration(scene.upstream.url, template="own", seconds=5)
    found = await asyncio.gather(
        *(call(scene.rest[0], target, secret=SECRET) for _ in range(8)), return_exceptions=True
    )
    assert len([one for one in found if not isinstance(one, BaseException)]) == 5
    assert len(scene.upstream.seen) == 5


async def test_a_caller_that_leaves_while_it_waits_calls_nothing(scene: Scene) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "30"})

    scene.upstream.answer = answer
    target = integration(scene.upstream.url, tool(), seconds=100)
    with pytest.raises(TrunklineError):
        await call(scene.rest[0], target, secret=SECRET)
    waiting = asyncio.create_task(call(scene.rest[0], target, secret=SECRET, seconds=100))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(scene.upstream.seen) == 1
