"""Answers by idempotency key, in Redis. Implements domain.ports.ReplayStore."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import uuid4

from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Replay
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.scripts import shard_of

# A claim of a process that died is free again after this.
LEASE_SECONDS = 30.0
KEEP_SECONDS = 24 * 3600
# Larger answers are not kept: Redis is no place for them.
MAX_BYTES = 1 << 20


class RedisReplay:
    """Keys belong to a tenant and cannot collide across tenants. `lease` and `keep` are in seconds.

    Answers above MAX_BYTES in all are not kept, but that the call was made is: `begin` then says DONE without answers.
    A caller must refuse such a call; making it again would break the promise of the key.
    """

    def __init__(self, store: RedisStore, *, lease: float = LEASE_SECONDS, keep: float = KEEP_SECONDS) -> None:
        self._store = store
        self._lease_ms = round(lease * 1000)
        self._keep_ms = round(keep * 1000)
        self._claims: dict[tuple[str, str], str] = {}

    async def begin(self, tenant_id: str, key: str, digest: bytes) -> tuple[Replay, Sequence[bytes]]:
        """Claim the key, with a lease that `run` renews until `finish` or `abandon`.

        With DONE come the kept answers; none when they were too large to keep.
        """
        claim = uuid4().hex
        name = f"{tenant_id}/{key}"
        answer = await self._store.run("replay_begin", shard_of(tenant_id), name, digest, claim, self._lease_ms)
        found = Replay[answer[0].decode()]
        if found is Replay.NEW:
            self._claims[tenant_id, name] = claim
        return found, answer[1:]

    async def finish(self, tenant_id: str, key: str, digest: bytes, answers: Sequence[bytes]) -> None:
        """Keep the answers for a day, unless the lease ran out and another call has claimed the key since."""
        name = f"{tenant_id}/{key}"
        claim = self._claims.pop((tenant_id, name), "")
        kept = answers if sum(map(len, answers)) <= MAX_BYTES else ()
        await self._store.run("replay_finish", shard_of(tenant_id), name, digest, claim, self._keep_ms, *kept)

    async def abandon(self, tenant_id: str, key: str, digest: bytes) -> None:
        """Free the key for another try."""
        name = f"{tenant_id}/{key}"
        claim = self._claims.pop((tenant_id, name), "")
        await self._store.run("replay_abandon", shard_of(tenant_id), name, claim)

    async def run(self) -> None:
        """Renew the claims of calls in flight, until cancelled."""
        while True:
            await asyncio.sleep(self._lease_ms / 3000)
            by_shard: dict[str, list[str]] = {}
            for (tenant_id, name), claim in self._claims.items():
                by_shard.setdefault(shard_of(tenant_id), []).extend((name, claim))
            await asyncio.gather(*(self._renew(shard, pairs) for shard, pairs in by_shard.items()))

    async def _renew(self, shard: str, pairs: Sequence[str]) -> None:
        try:
            await self._store.run("replay_renew", shard, self._lease_ms, *pairs)
        except TrunklineError:
            return  # Redis is away; the next turn comes before the lease ends.
