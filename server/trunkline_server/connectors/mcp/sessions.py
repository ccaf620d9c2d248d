"""Sessions with MCP servers, kept while they are used.

The SDK wants a session to end in the task that began it: each has a task of its own, and calls come from any other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx2
import mcp_types as types
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from pydantic import TypeAdapter

from trunkline_server.connectors.mcp.failures import error_of, unreachable
from trunkline_server.connectors.mcp.transport import GuardedTransport, bounded_close
from trunkline_server.connectors.rest.answers import MAX_BODY
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.timeouts import Timeouts

MAX_SESSIONS = 256
IDLE_SECONDS = 300.0
# Until a session stands, whoever waits for it.
_OPEN_SECONDS = 30.0
_MAX_PAGES = 100
_INFO = types.Implementation(name="trunkline", version="1")
_RESULT: TypeAdapter[Any] = TypeAdapter(types.CallToolResult | types.InputRequiredResult)
# It logs what servers say, values and all.
for _name in ("mcp", "client"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Session:
    """One session. `fresh` until a call was answered; `uses` is how many calls it carries now."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, headers: Mapping[str, str], timeouts: Timeouts, secret: str
    ) -> None:
        self._secret = secret
        self._closing = asyncio.Event()
        self._opened: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        # Nobody may wait for it any more when it fails.
        self._opened.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.uses = 0
        self.used = time.monotonic()
        self.fresh = True
        self._task = asyncio.create_task(self._live(http, url, headers, timeouts))

    @property
    def alive(self) -> bool:
        """Whether it can be called, now or once it stands."""
        return not self._task.done() and not self._closing.is_set()

    async def tools(self, pages: int = _MAX_PAGES) -> list[types.Tool]:
        """The server's tools, of at most so many pages. Raises TrunklineError."""
        client = await self._client()
        found: list[types.Tool] = []
        cursor: str | None = None
        for _ in range(pages):
            params = types.PaginatedRequestParams(cursor=cursor)
            answer = await self._asked(client.session.list_tools(params=params))
            found += answer.tools
            cursor = answer.next_cursor
            if cursor is None:
                break
        return found

    async def call(self, name: str, arguments: Mapping[str, Any]) -> types.CallToolResult | types.InputRequiredResult:
        """Call a tool. Cancelled, it tells the server so. Raises TrunklineError."""
        client = await self._client()
        params = types.CallToolRequestParams(name=name, arguments=dict(arguments))
        result: types.CallToolResult | types.InputRequiredResult = await self._asked(
            client.session.send_request(types.CallToolRequest(params=params), _RESULT)
        )
        self.fresh = False
        return result

    async def about(self) -> tuple[str, str]:
        """The server's name and version, and the version of the protocol. Raises TrunklineError."""
        client = await self._client()
        info = client.server_info
        return f"{info.name} {info.version}".strip() if info else "", client.protocol_version

    async def close(self) -> None:
        """End it; bounded."""
        self._closing.set()
        if not self._opened.done():
            # It waits for its server still.
            self._task.cancel()
        await bounded_close(self._task)

    async def _client(self) -> Client:
        return await asyncio.shield(self._opened)

    async def _asked(self, work: Any) -> Any:
        try:
            return await work
        except Exception as error:
            raise error_of(error, self._secret) from None

    async def _live(
        self, http: aiohttp.ClientSession, url: str, headers: Mapping[str, str], timeouts: Timeouts
    ) -> None:
        transport = GuardedTransport(http, timeouts, self._secret)
        try:
            async with httpx2.AsyncClient(
                transport=transport, headers=dict(headers), timeout=None, trust_env=False, cookies=None
            ) as browser:
                streams = streamable_http_client(url, http_client=browser, max_sse_event_size=2 * MAX_BODY)
                client = Client(streams, mode="auto", cache=None, client_info=_INFO)
                async with asyncio.timeout(_OPEN_SECONDS) as limit:
                    await client.__aenter__()
                    limit.reschedule(None)
                try:
                    self._opened.set_result(client)
                    await self._closing.wait()
                finally:
                    await client.__aexit__(None, None, None)
        except Exception as error:
            if not self._opened.done():
                self._opened.set_exception(_not_opened(error, self._secret))
        finally:
            if not self._opened.done():
                self._opened.set_exception(unreachable("the session was closed"))


def _not_opened(error: BaseException, secret: str) -> TrunklineError:
    if isinstance(error, TimeoutError):
        return TrunklineError(
            Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
            f"the MCP server did not open a session within {_OPEN_SECONDS:g} s; try again",
            metadata={"timeout": "total", "timeout_seconds": f"{_OPEN_SECONDS:g}"},
        )
    return error_of(error, secret)


class Sessions:
    """The sessions of this process by key, the least lately used first; at most MAX_SESSIONS, closed when idle."""

    def __init__(self, most: int = MAX_SESSIONS, idle: float = IDLE_SECONDS) -> None:
        self._most = most
        self._idle = idle
        self._sessions: dict[bytes, Session] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    @asynccontextmanager
    async def lease(self, key: bytes, make: Callable[[], Session]) -> AsyncIterator[Session]:
        """The session of the key, opened where there is none. It stays open while it is leased."""
        session = self._sessions.pop(key, None)
        if session is None or not session.alive:
            session = make()
        self._sessions[key] = session
        session.uses += 1
        self._sweep()
        try:
            yield session
        finally:
            session.uses -= 1
            session.used = time.monotonic()

    def drop(self, key: bytes, session: Session) -> None:
        """Let go of a session that its server does not know any more."""
        if self._sessions.get(key) is session:
            del self._sessions[key]
            self.end(session)

    def end(self, session: Session) -> None:
        """Close a session; nobody waits for it but `close`."""
        task = asyncio.create_task(session.close())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End all of them."""
        for session in self._sessions.values():
            self.end(session)
        self._sessions.clear()
        if self._ending:
            await asyncio.wait(tuple(self._ending))

    def _sweep(self) -> None:
        now = time.monotonic()
        free = [(key, one) for key, one in self._sessions.items() if not one.uses]
        surplus = len(self._sessions) - self._most
        for number, (key, one) in enumerate(free):
            if number < surplus or not one.alive or now - one.used > self._idle:
                del self._sessions[key]
                self.end(one)
