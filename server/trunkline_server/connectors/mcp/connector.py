"""MCP servers as tools, over streamable HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import HealthCheck
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool, ToolPreview

from trunkline_server.connectors.mcp import configuration
from trunkline_server.connectors.mcp.configuration import Shape
from trunkline_server.connectors.readings import Readings
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.connectors import ToolAnswer, ToolCall, ToolConnector
from trunkline_server.domain.deadline import Deadline, caller_deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.redaction import MASK
from trunkline_server.domain.timeouts import DEFAULT_TIMEOUTS, Timeouts
from trunkline_server.outbound import guarded_session

if TYPE_CHECKING:
    from trunkline_server.connectors.mcp.sessions import Session, Sessions

_DRIFTED = "the result breaks the schema that the server gave for it"

Found = TypeVar("Found")


class McpConnector(ToolConnector):
    """Implements `ToolConnector` of domain/connectors.py.

    An asynchronous context manager, as it owns connections and sessions: enter it in the running loop. `timeouts` hold
    where the integration does not say. `resolver` and `tls` replace name resolution and the TLS settings.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._timeouts = timeouts
        self._resolver = resolver
        self._tls = tls
        self._shapes = Readings(lambda integration: configuration.shape_of(integration, self._timeouts))
        self._http: aiohttp.ClientSession | None = None
        self._sessions: Sessions | None = None

    async def __aenter__(self) -> Self:
        self._http = guarded_session(self._policy, resolver=self._resolver, tls=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sessions is not None:
            await self._sessions.close()
        if self._http is not None:
            await self._http.close()

    def connectors(self) -> Sequence[Connector]:
        """The protocol, as one connector."""
        return [configuration.CONNECTOR]

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        """See the port."""
        return configuration.violations_of(integration, self._policy)

    def validate_secret(self, integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
        """See the port."""
        return configuration.secret_violations(integration, secret)

    async def discover(self, integration: Integration, secret: str, deadline: Deadline) -> None:
        """Fill in the server's tools, its name and the protocol's version."""

        async def work(session: Session) -> None:
            tools = await session.tools()
            server, version = await session.about()
            # With the session, and not before: its import is not small.
            from trunkline_server.connectors.mcp.results import tools_of  # noqa: PLC0415

            mcp = integration.configuration.mcp
            kept = tools_of(tools, mcp.enabled_tools)
            del mcp.tools[:]
            mcp.tools.extend(kept)
            mcp.server, mcp.protocol_version = server[:256], version

        await self._once(integration, secret, deadline, work)

    def tools(self, integration: Integration) -> Mapping[str, Tool]:
        """See the port. As they were found when the integration was last made, changed or checked."""
        return self._shapes.of(integration).tools

    async def preview(self, call: ToolCall) -> ToolPreview:
        """See the port."""
        shape = self._shapes.of(call.integration)
        return ToolPreview(
            method="POST",
            url=shape.endpoint,
            headers=configuration.headers_of(call.integration, MASK),
            body=configuration.called(shape, call.tool.name, call.parameters),
            cost_nano_usd=call.tool.cost_nano_usd,
        )

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        """See the port. UPSTREAM_REJECTED is an error that the tool tells."""
        shape = self._shapes.of(call.integration)
        bound = deadline.sooner(call.timeout)
        deadline.check()
        self._judge(shape.endpoint)
        headers = configuration.headers_of(call.integration, call.secret)
        name = shape.names[call.tool.name]

        async def work(session: Session) -> ToolAnswer:
            from trunkline_server.connectors.mcp.results import answer_of  # noqa: PLC0415

            return answer_of(await session.call(name, call.parameters), call.secret)

        try:
            async with bound.timeout():
                answer = await self._kept(_key(call, headers), lambda: self._open(shape, headers, call.secret), work)
        except TimeoutError:
            raise (caller_deadline() if bound.at == deadline.at else _timed_out(call.timeout)) from None
        drifts = configuration.drifts_of(shape, call.tool.name, answer.json)
        return replace(answer, warnings=(_DRIFTED,), drifts=drifts) if drifts else answer

    async def check(
        self, integration: Integration, secret: str, deadline: Deadline, tenant_id: str = ""
    ) -> HealthCheck:
        """List the server's tools in a session of its own. Never raises TrunklineError."""
        check = HealthCheck()
        check.check_time.GetCurrentTime()
        started = time.monotonic()

        async def work(session: Session) -> str:
            tools = await session.tools(pages=1)
            server, version = await session.about()
            return f"{server or 'the server'} answered with {len(tools)} tools, MCP {version}"

        try:
            check.detail = await self._once(integration, secret, deadline, work)
            check.healthy = True
        except TrunklineError as error:
            check.detail = error.message
        check.latency.CopyFrom(duration(time.monotonic() - started))
        return check

    # ── Sessions ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _once(
        self, integration: Integration, secret: str, deadline: Deadline, work: Callable[[Session], Awaitable[Found]]
    ) -> Found:
        """Something done in a session of its own: with a credential that is not stored yet, perhaps."""
        shape = configuration.shape_of(integration, self._timeouts)
        bound = deadline.sooner(shape.timeout)
        self._judge(shape.endpoint)
        headers = configuration.headers_of(integration, secret)
        try:
            async with bound.timeout():
                sessions = await self._loaded()
                session = self._open(shape, headers, secret)
                try:
                    return await work(session)
                finally:
                    sessions.end(session)
        except TimeoutError:
            raise (caller_deadline() if bound.at == deadline.at else _timed_out(shape.timeout)) from None

    async def _kept(
        self, key: bytes, make: Callable[[], Session], work: Callable[[Session], Awaitable[Found]]
    ) -> Found:
        """Something done in a session that stays; in a new one, where the server has forgotten the old."""
        sessions = await self._loaded()
        while True:
            async with sessions.lease(key, make) as session:
                fresh = session.fresh
                try:
                    return await work(session)
                except TrunklineError as error:
                    if error.metadata.get("http_status") != "404" or fresh:
                        raise
                    # MCP 2025-06-18, "Session Management": 404 means that it ended; the call was not made.
                    sessions.drop(key, session)

    async def _loaded(self) -> Sessions:
        if self._sessions is None:
            module: Any = await asyncio.to_thread(importlib.import_module, "trunkline_server.connectors.mcp.sessions")
            await asyncio.to_thread(importlib.import_module, "trunkline_server.connectors.mcp.results")
            # Another call may have been faster.
            self._sessions = self._sessions or module.Sessions()
        return self._sessions

    def _open(self, shape: Shape, headers: Mapping[str, str], secret: str) -> Session:
        from trunkline_server.connectors.mcp.sessions import Session  # noqa: PLC0415

        if self._http is None:
            raise AssertionError("the connector is not entered")
        return Session(self._http, shape.endpoint, headers, shape.timeouts, secret)

    def _judge(self, endpoint: str) -> None:
        """The endpoint, again: the policy may have changed since the integration was stored."""
        if problem := self._policy.url_problem(endpoint):
            raise TrunklineError(Reason.ERROR_REASON_ADDRESS_FORBIDDEN, f"the integration's endpoint {problem}")


def _key(call: ToolCall, headers: Mapping[str, str]) -> bytes:
    """Tenants and credentials never share a session; the key does not hold the credential."""
    named = (call.tenant_id, call.integration.integration_id, call.integration.configuration.endpoint)
    text = "\0".join((*named, *(f"{name}:{value}" for name, value in sorted(headers.items()))))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _timed_out(seconds: float) -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
        f"the MCP server took too long: waited {seconds:g} s for the answer (total timeout); "
        "try again or allow it more",
        metadata={"timeout": "total", "timeout_seconds": f"{seconds:g}"},
    )
