"""The state of breakers that all workers and replicas share. Implements domain.board.BreakerBoard.

The board lies in one shard: reading it is one call, however many tenants there are, and costs nothing more while
nothing changed. All times are those of the Redis server's clock; what travels is how long is left.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

from trunkline_server.domain.board import BoardReading, Posted, Transition
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.opening import BreakerKey, Opening
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.scripts import SHARDS

_SHARD = SHARDS[0]
_FIELDS = 9
# Closings are kept for ten minutes, see lua/breaker_closed.lua: after a shorter silence everything is read anew.
_SILENCE_SECONDS = 60.0


class RedisBreakers:
    """One worker's view of the board."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store
        self._seen: tuple[bytes, bytes] = (b"", b"")
        self._read_at = 0.0

    async def opened(self, key: BreakerKey, token: str, opening: Opening, left: float, again: bool) -> Transition:
        """See domain.board.BreakerBoard."""
        flags = f"{opening.busy:d}{opening.unreachable:d}"
        args = (token, _ms(left), opening.reason, flags, int(again))
        made, id_, round_, ms = await self._store.run("breaker_opened", _SHARD, _name(key), *args)
        return Transition(bool(made), id_.decode(), round_, left=ms / 1000)

    async def closed(self, key: BreakerKey, token: str, id: str) -> Transition:
        """See domain.board.BreakerBoard."""
        made, ms = await self._store.run("breaker_closed", _SHARD, _name(key), token, id)
        return Transition(bool(made), id, lasted=ms / 1000)

    async def moved(self, key: BreakerKey, id: str, left: float) -> None:
        """See domain.board.BreakerBoard."""
        await self._store.run("breaker_moved", _SHARD, _name(key), id, _ms(left))

    async def claim(self, key: BreakerKey, token: str, lease: float) -> float:
        """See domain.board.BreakerBoard."""
        answer: int = await self._store.run("breaker_claim", _SHARD, _name(key), token, _ms(lease))
        return answer / 1000

    async def release(self, key: BreakerKey, token: str) -> None:
        """See domain.board.BreakerBoard."""
        await self._store.run("breaker_release", _SHARD, _name(key), token)

    async def read(self) -> BoardReading:
        """See domain.board.BreakerBoard."""
        known, version = self._seen
        if known and time.monotonic() - self._read_at > _SILENCE_SECONDS:
            version = b"9007199254740992"  # 2^53: later than any, so that all is told.
        try:
            answer = await self._store.run("breaker_read", _SHARD, known, version or b"0")
        except TrunklineError:
            # What happens meanwhile may be missed.
            self._read_at = -_SILENCE_SECONDS
            raise
        self._seen, self._read_at = (answer[0], answer[1]), time.monotonic()
        return BoardReading(bool(answer[2]), bool(known) and known != answer[0], tuple(_posted(answer[3:])))

    async def claim_check(self, tenant_id: str, integration_id: str, seconds: float) -> bool:
        """See domain.board.BreakerBoard."""
        args = (f"{tenant_id}/{integration_id}", uuid4().hex, _ms(seconds))
        return bool(await self._store.run("check_claim", _SHARD, *args))


def _name(key: BreakerKey) -> str:
    return "/".join(key)


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _posted(parts: Sequence[Any]) -> Iterator[Posted]:
    for start in range(0, len(parts), _FIELDS):
        name, state, id_, round_, since, left, due, reason, flags = (
            part.decode() for part in parts[start : start + _FIELDS]
        )
        # A model's name may hold a slash; the ids before it cannot.
        yield Posted(
            key=BreakerKey(*name.split("/", 2)),
            id=id_,
            open=state == "open",
            round=int(round_),
            since=float(since) / 1000,
            left=float(left) / 1000,
            due=float(due) / 1000,
            reason=int(reason),
            busy=flags[0] == "1",
            unreachable=flags[1] == "1",
        )
