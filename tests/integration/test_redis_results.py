"""Results of tools in a real Redis: for how long, and for whom."""

from __future__ import annotations

import asyncio

from integration.redis_parts import SHARD, TENANT, plain
from trunkline_server.stores.redis.client import connect
from trunkline_server.stores.redis.results import RedisResults

KEY = bytes(range(32))


async def test_a_result_is_kept_for_its_time(redis_url: str) -> None:
    async with connect([redis_url]) as store, plain(redis_url) as client:
        results = RedisResults(store)
        assert await results.get(TENANT, KEY) is None
        body = bytes(range(256)) * 4096
        await results.put(TENANT, KEY, body, 60)
        found = await results.get(TENANT, KEY)
        assert found is not None and found[0] == body and 59 < found[1] <= 60
        (name,) = [key async for key in client.scan_iter("*:result:*")]
        assert name.decode() == f"{SHARD}:result:{KEY.hex()}"
        await results.put(TENANT, KEY, b"short", 0.05)
        await asyncio.sleep(0.1)
        assert await results.get(TENANT, KEY) is None
