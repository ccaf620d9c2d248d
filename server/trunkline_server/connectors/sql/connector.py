"""SQL databases as tools: one engine for every dialect."""

from __future__ import annotations

import asyncio
import importlib
import math
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import HealthCheck
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool, ToolPreview

from trunkline_server.connectors.readings import Readings
from trunkline_server.connectors.sql import configuration
from trunkline_server.connectors.sql.catalogue import catalogue
from trunkline_server.connectors.sql.configuration import Shape
from trunkline_server.connectors.sql.dialects import dialects
from trunkline_server.connectors.sql.dialing import Resolve, allowed_addresses, resolve
from trunkline_server.connectors.sql.pools import IDLE_SECONDS, Pools
from trunkline_server.connectors.sql.port import Dialect, Session, Statement
from trunkline_server.connectors.sql.results import JSON, Caps, Rows, whole
from trunkline_server.connectors.sql.tools import DESCRIBE_TABLE, EXECUTE, EXPLAIN, LIST_SCHEMAS, LIST_TABLES
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.connectors import ToolAnswer, ToolCall, ToolConnector, ToolInput, ToolPiece
from trunkline_server.domain.deadline import Deadline, caller_deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields

# What of a message is not rows.
_MARGIN = 64 * 1024
_MESSAGE = 4 * 1024 * 1024
# The database is the first to tell that a statement takes too long.
_GRACE_SECONDS = 0.3
_CATALOGUE = frozenset((LIST_SCHEMAS, LIST_TABLES, DESCRIBE_TABLE))
_SQL = "parameters_json.sql"

Found = TypeVar("Found")


class SqlConnector(ToolConnector):
    """Implements `ToolConnector` of domain/connectors.py.

    An asynchronous context manager, as it owns connections. `known` replaces the dialects, `resolves` name resolution;
    `served` names those that the operator serves (None: all), `message` is the most bytes of one message, `idle` the
    seconds that an unused connection stays.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        known: Sequence[Dialect] | None = None,
        served: Collection[str] | None = None,
        resolves: Resolve = resolve,
        message: int = _MESSAGE,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._policy = policy
        self._dialects = {one.connector.name: one for one in (dialects() if known is None else known)}
        self._served = self._dialects.keys() if served is None else self._dialects.keys() & set(served)
        self._connectors = [configuration.connector_of(self._dialects[name]) for name in sorted(self._served)]
        self._resolves = resolves
        self._message = message - _MARGIN
        self._shapes = Readings(self._read)
        self._pools = Pools(idle)
        self._judge: Any = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pools.close()

    def connectors(self) -> Sequence[Connector]:
        """The databases, by name."""
        return self._connectors

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        """See the port."""
        served = {name: self._dialects[name] for name in self._served}
        return configuration.violations_of(integration, served, self._policy)

    def validate_secret(self, integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
        """See the port."""
        return configuration.secret_violations(integration, secret)

    def tools(self, integration: Integration) -> Mapping[str, Tool]:
        """See the port. Named queries come after the built-in tools."""
        return self._shapes.of(integration).tools

    async def preview(self, call: ToolCall) -> ToolPreview:
        """See the port: the statement, and how many parameters go with it."""
        shape = self._shapes.of(call.integration)
        statement = None if call.tool.name in _CATALOGUE else await self._statement(shape, call)
        told: dict[str, Any] = {"tool": call.tool.name}
        if statement is not None:
            told = {"sql": statement.sql, "parameters": len(statement.parameters)}
        return ToolPreview(url=shape.url, body=orjson.dumps(told), cost_nano_usd=call.tool.cost_nano_usd)

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        """See the port. OVER_CAP for a result that is larger than allowed, or than a message."""
        shape = self._shapes.of(call.integration)
        end = deadline.sooner(call.timeout)
        deadline.check()
        statement = None if call.tool.name in _CATALOGUE else await self._statement(shape, call)

        async def work() -> bytes:
            async with self._session(shape, call, end) as session:
                seconds = max(0.001, end.remaining())
                if statement is None:
                    return await catalogue(shape, session, call.tool.name, call.parameters, seconds)
                async with session.run(statement, seconds) as result:
                    return await whole(result, _caps(shape.whole, call.parameters), statement.writes)

        return ToolAnswer(http_status=0, content_type=JSON, json=await _within(work(), end, deadline, call))

    async def stream(
        self, call: ToolCall, given: ToolInput | None, deadline: Deadline
    ) -> AsyncGenerator[ToolPiece, None]:
        """See the port. The answer tells how many rows there were, and whether there were more."""
        shape = self._shapes.of(call.integration)
        end = deadline.sooner(call.timeout)
        deadline.check()
        statement = await self._statement(shape, call)

        async def waits(wait: Awaitable[Found]) -> Found:
            return await _within(wait, deadline.sooner(call.timeout), deadline, call)

        async with AsyncExitStack() as stack:
            session = await waits(stack.enter_async_context(self._session(shape, call, end)))
            seconds = max(0.001, min(call.timeout, deadline.remaining()))
            result = await waits(stack.enter_async_context(session.run(statement, seconds)))
            rows = Rows(result, _caps(shape.streamed, call.parameters), waits)
            stack.push_async_callback(rows.close)
            async for piece in await stack.enter_async_context(aclosing(rows.read())):
                yield piece

    async def check(
        self, integration: Integration, secret: str, deadline: Deadline, tenant_id: str = ""
    ) -> HealthCheck:
        """Connect, and ask for what the server calls itself; warns where the user could write and is not to. Never
        raises TrunklineError."""
        check = HealthCheck()
        check.check_time.GetCurrentTime()
        started = time.monotonic()
        try:
            # A reading of its own: what is checked may not be stored yet.
            check.detail = await self._checked(self._read(integration), secret, deadline)
            check.healthy = True
        except TrunklineError as error:
            check.detail = error.message
        except TimeoutError:
            check.detail = "the database did not answer in time"
        check.latency.CopyFrom(duration(time.monotonic() - started))
        return check

    async def _checked(self, shape: Shape, secret: str, deadline: Deadline) -> str:
        end = deadline.sooner(shape.timeout)
        async with end.timeout():
            session = await self._open(shape, secret, end)
            try:
                async with session.run(shape.dialect.about(), max(0.001, end.remaining())) as result:
                    rows = await result.fetch(2)
                    await result.fetch(1)
            finally:
                await session.close()
        # Whatever answers there is believed to be a database, and no more.
        name, writes = rows[0] if rows and len(rows[0]) == 2 else ("the database", False)
        warning = "; its user may write, though the integration does not: a role that may only read is safer"
        return f"{name} answered{warning if writes and not shape.database.allow_writes else ''}"

    # ── Statements ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _statement(self, shape: Shape, call: ToolCall) -> Statement:
        """What a tool sends. Raises INVALID_PARAMETERS."""
        name, parameters = call.tool.name, call.parameters
        query = shape.named.get(name)
        if query is not None:
            # Judged when the integration was stored.
            return Statement(query.sql, [parameters.get(one.name) for one in query.parameters], query.writes)
        sql, writes = str(parameters["sql"]), name == EXECUTE
        if self._judge is None:
            module = await asyncio.to_thread(importlib.import_module, "trunkline_server.connectors.sql.statements")
            self._judge = module
        parser = shape.dialect.parser
        if self._judge.known(sql):
            judged = self._judge.judge(sql, parser, writes)
        else:
            judged = await asyncio.to_thread(self._judge.judge, sql, parser, writes)
        problem = judged.problem
        if not problem and name == EXPLAIN and judged.first in ("EXPLAIN", "SHOW"):
            problem = "must be a query, which is explained"
        if problem:
            raise invalid_fields([(_SQL, problem)], reason=Reason.ERROR_REASON_INVALID_PARAMETERS)
        statement = Statement(sql, parameters.get("parameters", ()), writes)
        return shape.dialect.explain(statement) if name == EXPLAIN else statement

    # ── Connections ─────────────────────────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def _session(self, shape: Shape, call: ToolCall, end: Deadline) -> AsyncIterator[Session]:
        """A connection of the integration, for one call."""
        if shape.forbidden:
            raise TrunklineError(Reason.ERROR_REASON_ADDRESS_FORBIDDEN, f"the integration's endpoint {shape.forbidden}")
        key = (call.tenant_id, call.integration.integration_id)
        pool = self._pools.of(key, shape, call.secret, shape.connections)
        session = await pool.acquire(lambda: self._open(shape, call.secret, end), end)
        try:
            yield session
        except TrunklineError as error:
            raise _by_name(error, shape, call) from None
        finally:
            pool.release(session)

    async def _open(self, shape: Shape, secret: str, end: Deadline) -> Session:
        if shape.database.connector not in self._served:
            raise TrunklineError(
                Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
                f"the operator serves no {shape.database.connector} databases; `integrations.databases` names them",
                metadata={"sent": "no"},
            )
        if not shape.anonymous and ":" not in secret:
            raise TrunklineError(
                Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION,
                "the integration holds no `user:password`; rotate one in",
                metadata={"sent": "no"},
            )
        addresses = await allowed_addresses(self._policy, shape.endpoint, self._resolves)
        try:
            access = shape.access(addresses, secret)
        except (ssl.SSLError, ValueError):
            raise TrunklineError(
                Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
                "the integration's `tls_ca_pem` cannot be read; correct it",
                metadata={"sent": "no"},
            ) from None
        return await shape.dialect.connect(access, max(0.001, end.remaining()))

    def _read(self, integration: Integration) -> Shape:
        dialect = self._dialects[integration.configuration.database.connector]
        return configuration.shape_of(integration, dialect, self._policy, self._message)


def _caps(caps: Caps, parameters: Mapping[str, Any]) -> Caps:
    asked = parameters.get("max_rows", math.inf)
    return caps if asked >= caps.rows else replace(caps, rows=int(asked))


async def _within(wait: Awaitable[Found], end: Deadline, deadline: Deadline, call: ToolCall) -> Found:
    """What is awaited, until `end`: the caller's deadline, or the time that the call allows. Raises CALLER_DEADLINE,
    UPSTREAM_TIMEOUT."""
    ours = end.at != deadline.at
    try:
        async with asyncio.timeout_at(end.at + _GRACE_SECONDS * ours):
            return await wait
    except TimeoutError:
        raise (_timed_out(call.timeout) if ours else caller_deadline()) from None
    except TrunklineError as error:
        if error.reason == Reason.ERROR_REASON_UPSTREAM_TIMEOUT and not ours:
            raise caller_deadline() from None
        raise


def _by_name(error: TrunklineError, shape: Shape, call: ToolCall) -> TrunklineError:
    """An error of a named query's parameter, by the parameter's name."""
    query = shape.named.get(call.tool.name)
    field = error.metadata.get("field", "")
    start = "parameters_json.parameters"
    if query is None or error.reason != Reason.ERROR_REASON_INVALID_PARAMETERS or not field.startswith(start):
        return error
    number = field.removeprefix(start).strip("[]")
    named = f"parameters_json.{query.parameters[int(number)].name}" if number.isdigit() else "parameters_json"
    problem = error.message.removeprefix(f"{field}: ")
    return invalid_fields([(named, problem)], reason=Reason.ERROR_REASON_INVALID_PARAMETERS)


def _timed_out(seconds: float) -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
        f"the database did not answer within {seconds:g} s; ask for less, or allow it more time",
        metadata={"timeout": "total", "timeout_seconds": f"{seconds:g}"},
    )
