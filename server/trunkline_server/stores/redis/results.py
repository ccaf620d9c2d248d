"""Results of tools, for all workers. Implements domain.tools.cache.ResultStore."""

from __future__ import annotations

from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.scripts import shard_of


class RedisResults:
    """Keys are digests that hold the tenant, and lie in its shard."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    async def get(self, tenant_id: str, key: bytes) -> tuple[bytes, float] | None:
        """See ResultStore. One round trip."""
        found = await self._store.run("result_get", shard_of(tenant_id), key.hex())
        return (found[0], max(0, found[1]) / 1000) if found else None

    async def put(self, tenant_id: str, key: bytes, result: bytes, ttl: float) -> None:
        """See ResultStore."""
        await self._store.run("result_put", shard_of(tenant_id), key.hex(), result, max(1, round(ttl * 1000)))
