"""Executions that calls share, by key, in Redis. Implements domain.replays.ReplayStore."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.replays import Follow, Followed, Found, Outcome, Replay
from trunkline_server.domain.sharing import MAX_SHARED_BYTES
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.pubsub import Changes
from trunkline_server.stores.redis.scripts import shard_of

# A claim of a process that died is free again after this; it is renewed three times as often.
LEASE_SECONDS = 9.0
KEEP_SECONDS = 24 * 3600
# How long followers have to read what an execution answered, after its end.
SHOW_SECONDS = 10.0
CHANNEL = "trunkline:follow"
_FOLLOW = re.compile(r"(\w+) (\w+) (\d+) (\d+)")
# How an entry of what followers read begins.
_ANSWER, _WELL, _FAILED, _TOO_LARGE = b"m", b"e", b"s", b"l"


class RedisReplay:
    """Keys belong to a tenant and cannot collide across tenants. `lease` and `keep` are in seconds.

    Answers above MAX_SHARED_BYTES in all are not kept, but that the call was made is: `begin` then says DONE without
    answers. A caller must refuse such a call; making it again would break the promise of the key.
    """

    def __init__(self, store: RedisStore, *, lease: float = LEASE_SECONDS, keep: float = KEEP_SECONDS) -> None:
        self._store = store
        self._lease_ms = round(lease * 1000)
        self._keep_ms = round(keep * 1000)
        self._claims: dict[str, tuple[str, str]] = {}
        self._channel = Changes(store, CHANNEL)

    async def begin(self, tenant_id: str, key: str, digest: bytes, claim: str) -> Found:
        """See ReplayStore. With DONE come the kept answers; none when they were too large to keep."""
        shard, name = shard_of(tenant_id), f"{tenant_id}/{key}"
        word, *more = await self._store.run("replay_begin", shard, name, digest, claim, self._lease_ms)
        state = Replay[word.decode()]
        if state is Replay.NEW:
            self._claims[claim] = (shard, name)
        return Found(state, claim=more[0].decode()) if state is Replay.IN_FLIGHT else Found(state, answers=more)

    async def end(
        self,
        tenant_id: str,
        key: str,
        digest: bytes,
        claim: str,
        answers: Sequence[bytes],
        outcome: Outcome,
        keep: bool,
    ) -> None:
        """See ReplayStore. Changes nothing when the lease ran out and another call has claimed the key since."""
        self._claims.pop(claim, None)
        fits = not outcome.too_large and sum(map(len, answers)) <= MAX_SHARED_BYTES
        mark = _FAILED + outcome.failed if outcome.failed else _WELL if fits else _TOO_LARGE
        await self._store.run(
            "replay_end",
            shard_of(tenant_id),
            f"{tenant_id}/{key}",
            digest,
            claim,
            self._keep_ms if keep else 0,
            round(SHOW_SECONDS * 1000),
            int(fits),
            mark,
            *(answers if fits else ()),
        )

    async def push(
        self, tenant_id: str, claim: str, first: int, answers: Sequence[bytes], too_large: bool = False
    ) -> int:
        """See ReplayStore."""
        entries = [_ANSWER + answer for answer in answers] + [_TOO_LARGE] * too_large
        shown = await self._store.run("replay_push", shard_of(tenant_id), claim, first, self._lease_ms, *entries)
        return int(shown)

    async def read(self, tenant_id: str, key: str, claim: str, first: int) -> Followed:
        """See ReplayStore."""
        shard, name = shard_of(tenant_id), f"{tenant_id}/{key}"
        alive, *entries = await self._store.run("replay_read", shard, name, claim, first)
        answers: list[bytes] = []
        for entry in entries:
            if entry[:1] != _ANSWER:
                outcome = Outcome(failed=entry[1:], too_large=entry[:1] == _TOO_LARGE)
                return Followed(alive == 1, answers, outcome)
            answers.append(entry[1:])
        return Followed(alive == 1, answers, None)

    async def follow(self, follow: Follow) -> None:
        """See ReplayStore."""
        figures = (round(follow.seconds * 1000), round(follow.window * 1000))
        await self._channel.announce(" ".join((follow.claim, follow.follower, *map(str, figures))))

    async def follows(self) -> AsyncGenerator[Follow, None]:
        """See ReplayStore."""
        async with aclosing(self._channel.changes()) as messages:
            async for message in messages:
                if told := _FOLLOW.fullmatch(message):
                    yield Follow(told[1], told[2], int(told[3]) / 1000, int(told[4]) / 1000)

    async def run(self) -> None:
        """Renew the claims of calls in flight, until cancelled."""
        while True:
            await asyncio.sleep(self._lease_ms / 3000)
            by_shard: dict[str, list[str]] = {}
            for claim, (shard, name) in self._claims.items():
                by_shard.setdefault(shard, []).extend((name, claim))
            await asyncio.gather(*(self._renew(shard, pairs) for shard, pairs in by_shard.items()))

    async def _renew(self, shard: str, pairs: Sequence[str]) -> None:
        try:
            await self._store.run("replay_renew", shard, self._lease_ms, *pairs)
        except TrunklineError:
            return  # Redis is away; the next turn comes before the lease ends.
