"""Results of tools that only read, used again: in this process, and in Redis for all workers.

A key names everything that a result depends on, as `KEYED` and `UNKEYED` list the request's fields. An integration's
etag changes with its configuration and its credential, so a change of either ends what was kept.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import structlog
from trunkline.v1.api_pb2 import CacheClass
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.tool_pb2 import ExecuteToolResponse, Tool, ToolCacheMode

from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.deadline import Deadline, caller_deadline
from trunkline_server.domain.duration import duration, seconds
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.domain.tools.digest import canonical, digest
from trunkline_server.domain.tools.run import ToolRun

_log = structlog.get_logger("trunkline.tools")

# What each class means, in seconds; protos/trunkline/v1/api.proto.
CLASS_SECONDS: Mapping[int, float] = {
    CacheClass.CACHE_CLASS_SEARCH: 300.0,
    CacheClass.CACHE_CLASS_USER: 3600.0,
    CacheClass.CACHE_CLASS_STATIC: 86_400.0,
}
# The fields of a request that a result depends on (of `context` the user, where the class says so), and the others.
KEYED = frozenset(("tool_name", "integration_id", "parameters_json", "context"))
UNKEYED = frozenset(("request_id", "timeout", "validate_only", "approval_id", "cache", "max_pages"))
# Larger results (bytes) are not kept; this process keeps so many results and bytes, for so many seconds: then it asks
# the other workers, who may have a newer one.
MAX_RESULT = 1 << 20
_HERE_SECONDS = 30.0
_MOST_ENTRIES, _MOST_BYTES = 4096, 32 << 20
# Results on their way to Redis; what comes while so many are is kept in this process only.
_MOST_WRITES = 64
_BYPASS, _REFRESH = ToolCacheMode.TOOL_CACHE_MODE_BYPASS, ToolCacheMode.TOOL_CACHE_MODE_REFRESH


class ResultStore(Protocol):
    """The level that all workers share. Raises STORE_UNAVAILABLE."""

    async def get(self, tenant_id: str, key: bytes) -> tuple[bytes, float] | None:
        """The result and the seconds that are left to it; None where there is none."""
        ...

    async def put(self, tenant_id: str, key: bytes, result: bytes, ttl: float) -> None:
        """Keep a result for `ttl` seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A result. `born` and `until` are on the monotonic clock."""

    result: bytes
    born: float
    until: float

    def response(self, now: float) -> ExecuteToolResponse:
        """The result as an answer: content, HTTP status and warnings, and how old it is."""
        found = ExecuteToolResponse.FromString(self.result)
        found.cached = True
        found.cache_age.CopyFrom(duration(max(0.0, now - self.born)))
        return found


def ttl_of(tool: Tool, context: CallContext) -> float:
    """For how many seconds an answer of the tool may be used again; 0 for not at all."""
    if tool.has_side_effects or (tool.cache_class == CacheClass.CACHE_CLASS_USER and not context.user_id):
        return 0.0
    if tool.HasField("cache_ttl"):
        return seconds(tool.cache_ttl)
    return CLASS_SECONDS.get(tool.cache_class, 0.0)


def key_of(run: ToolRun) -> bytes:
    """Everything that the result of a call depends on."""
    user = run.call.context.user_id if run.tool.cache_class == CacheClass.CACHE_CLASS_USER else ""
    integration = run.integration
    return digest(
        *(run.call.tenant_id, integration.integration_id, integration.etag, run.tool.name),
        *(canonical(run.parameters), user),
    )


class Flight:
    """One wish for a result, to be ended: `found` is a kept one; without, its holder makes the call, and `keep`s what
    comes of it. `waited`: another's call was waited for. Use it as an asynchronous context manager."""

    __slots__ = ("_awaited", "_cache", "_key", "_made", "_tenant_id", "_ttl", "found", "waited")

    def __init__(self, cache: ToolCache, tenant_id: str, key: bytes, ttl: float) -> None:
        self._cache, self._tenant_id, self._key, self._ttl = cache, tenant_id, key, ttl
        self._awaited: asyncio.Future[Kept | bool] | None = None
        self._made: Kept | bool = False
        self.found: Kept | None = None
        self.waited = False

    async def begin(self, mode: int, end: Deadline) -> Self:
        """Find a result, wait for one that is being made, or lead. Raises what ends a wait at `end`."""
        cache = self._cache
        while mode != _REFRESH:
            self.found = cache.here(self._key)
            awaited = cache.flights.get(self._key)
            if self.found is not None:
                cache.signals.decided("tool_cached", reason="process")
                return self
            if awaited is None:
                self._awaited = cache.flights[self._key] = asyncio.get_running_loop().create_future()
                await self._look(end)
                return self
            self.waited = True
            told = await _wait(awaited, end)
            if isinstance(told, Kept):
                cache.signals.decided("tool_cached", reason="joined")
                self.found = told
                return self
            if told:
                return self  # What came cannot be shared: each asks for itself.
        return self

    async def _look(self, end: Deadline) -> None:
        """Once for all who wait here: what another worker kept."""
        try:
            self.found = await self._cache.elsewhere(self._tenant_id, self._key, self._ttl, end)
        except BaseException:
            self._land()
            raise
        if self.found is not None:
            self._cache.signals.decided("tool_cached", reason="redis")
            self._made = self.found
            self._land()

    def keep(self, answer: ToolAnswer, response: ExecuteToolResponse) -> None:
        """The call was made: its result is for others too, unless it broke its schema or is large."""
        self._made = self._cache.keep(self._tenant_id, self._key, answer, response, self._ttl) or True

    def _land(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            del self._cache.flights[self._key]
            self._awaited.set_result(self._made)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Nothing was made by a leader that failed: one of those who wait leads then.
        self._land()


class ToolCache:
    """Both levels. `start` runs work in the background, to its end. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        store: ResultStore | None = None,
        start: Callable[[Coroutine[Any, Any, None]], None] | None = None,
        signals: Signals | None = None,
        clock: Callable[[], float] = time.monotonic,
        max_bytes: int = _MOST_BYTES,
    ) -> None:
        self._store = store
        self._start = start
        self.signals = signals or Silent()
        self._clock = clock
        self._max_bytes = max_bytes
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._bytes = 0
        self._writes = 0
        # Calls under way, by key. True: made, and not to be shared; False: failed.
        self.flights: dict[bytes, asyncio.Future[Kept | bool]] = {}

    def flight(self, run: ToolRun) -> Flight | None:
        """The call's wish, to be begun; None for one that is not cached."""
        ttl = ttl_of(run.tool, run.call.context)
        if ttl <= 0 or run.request.cache == _BYPASS:
            return None
        return Flight(self, run.call.tenant_id, key_of(run), ttl)

    async def peek(self, run: ToolRun) -> bool:
        """Whether a kept result would serve the call."""
        ttl = ttl_of(run.tool, run.call.context)
        if ttl <= 0 or run.request.cache in (_BYPASS, _REFRESH):
            return False
        key = key_of(run)
        if self.here(key) is not None:
            return True
        return await self.elsewhere(run.call.tenant_id, key, ttl, run.end) is not None

    def response(self, kept: Kept) -> ExecuteToolResponse:
        """A kept result as an answer."""
        return kept.response(self._clock())

    # ── Levels ──────────────────────────────────────────────────────────────────────────────────────────────────

    def here(self, key: bytes) -> Kept | None:
        """What this process keeps."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    async def elsewhere(self, tenant_id: str, key: bytes, ttl: float, end: Deadline) -> Kept | None:
        """What the other workers kept. A store that is away, or slower than the call may be, has nothing."""
        if self._store is None:
            return None
        try:
            async with end.timeout():
                found = await self._store.get(tenant_id, key)
        except (TrunklineError, TimeoutError):
            return None
        if found is None:
            return None
        result, left = found
        now = self._clock()
        kept = Kept(result, now - max(0.0, ttl - left), now + min(left, _HERE_SECONDS))
        self._put(key, kept)
        return kept

    def keep(
        self, tenant_id: str, key: bytes, answer: ToolAnswer, response: ExecuteToolResponse, ttl: float
    ) -> Kept | None:
        """Keep a result here at once, and in the store behind the answer's back; None where it is not kept."""
        if answer.drifts or len(answer.json) + len(answer.raw) > MAX_RESULT:
            return None
        result = ExecuteToolResponse(
            result_json=answer.json,
            result_bytes=answer.raw,
            content_type=answer.content_type,
            http_status=answer.http_status,
            warnings=response.warnings,
        ).SerializeToString()
        now = self._clock()
        kept = Kept(result, now, now + (min(ttl, _HERE_SECONDS) if self._store is not None else ttl))
        self._put(key, kept)
        if self._store is not None and self._start is not None and self._writes < _MOST_WRITES:
            self._writes += 1
            self._start(self._write(self._store, tenant_id, key, result, ttl))
        return kept

    async def _write(self, store: ResultStore, tenant_id: str, key: bytes, result: bytes, ttl: float) -> None:
        try:
            await store.put(tenant_id, key, result, ttl)
        except TrunklineError as error:
            _log.debug("result_not_kept", reason=error.reason_name)
        finally:
            self._writes -= 1

    def _put(self, key: bytes, kept: Kept) -> None:
        self._drop(key)
        self._kept[key] = kept
        self._bytes += len(kept.result)
        while self._kept and (len(self._kept) > _MOST_ENTRIES or self._bytes > self._max_bytes):
            self._drop(next(iter(self._kept)))

    def _drop(self, key: bytes) -> None:
        if (kept := self._kept.pop(key, None)) is not None:
            self._bytes -= len(kept.result)


async def _wait(flight: asyncio.Future[Kept | bool], end: Deadline) -> Kept | bool:
    """How another's call ended. Raises CALLER_DEADLINE, or UPSTREAM_TIMEOUT where this call's timeout was sooner."""
    try:
        async with end.timeout():
            return await asyncio.shield(flight)
    except TimeoutError:
        if end.caller:
            raise caller_deadline() from None
        raise TrunklineError(
            Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
            "the same call of another caller took longer than this one's timeout; try again or allow it more",
            metadata={"timeout": "total"},
        ) from None
