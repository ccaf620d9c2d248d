"""Upstreams for the tests of the REST engine: a real HTTP server and a bare socket server, both on ephemeral ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest
from aiohttp import web
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.connectors import ToolAnswer, ToolCall, ToolConnector
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import seconds as seconds_of
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.schemas import read_parameters

LOCAL = OutboundPolicy(allow=("127.0.0.0/8",), allow_http=True)
SECRET = "s3cret-Value-77"


def integration(
    endpoint: str,
    *tools: ApiTool,
    template: str = "",
    scheme: AuthenticationScheme.ValueType = AuthenticationScheme.AUTHENTICATION_SCHEME_UNSPECIFIED,
    parameter_name: str = "",
    headers: dict[str, str] | None = None,
    check_path: str = "",
    seconds: float | None = None,
) -> Integration:
    """An integration of type `api`."""
    configuration = Configuration(
        endpoint=endpoint,
        authentication=Authentication(scheme=scheme, parameter_name=parameter_name),
        api=ApiConfiguration(template=template, tools=tools, headers=headers or {}, check_path=check_path),
    )
    if seconds is not None:
        configuration.timeout.FromNanoseconds(round(seconds * 1e9))
    return Integration(
        integration_id="upstream", type=IntegrationType.INTEGRATION_TYPE_API, configuration=configuration
    )


def tool(method: str = "GET", path: str = "/", schema: bytes = b"", query: tuple[str, ...] = ()) -> ApiTool:
    """A tool named `call`."""
    return ApiTool(name="call", method=method, path=path, parameters_schema_json=schema, query_parameters=query)


@dataclass(slots=True)
class Seen:
    """One request, as the upstream received it."""

    method: str
    raw_path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Upstream:
    """A real HTTP server; set `answer` to what it does."""

    url: str = ""
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] | None = None
    seen: list[Seen] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        # Parts of objects are larger than aiohttp takes.
        request._client_max_size = 64 << 20
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, request.raw_path, headers, await request.read()))
        if self.answer is None:
            return web.json_response({"ok": True})
        return await self.answer(request)

    def answers(
        self,
        status: int = 200,
        body: bytes = b"{}",
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Always answer this."""

        async def fixed(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=status, body=body, headers={"Content-Type": kind, **(headers or {})})

        self.answer = fixed


@asynccontextmanager
async def http_upstream(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Upstream]:
    """Serve until the end of the block."""
    upstream = Upstream()
    runner = web.ServerRunner(web.Server(upstream.handle), handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    bound = runner.addresses[0][1]
    upstream.url = f"http://{host}:{bound}"
    try:
        yield upstream
    finally:
        await runner.cleanup()


@dataclass(slots=True)
class Sockets:
    """A bare socket server: counts what connects, and lets `serve` speak."""

    port: int = 0
    accepted: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)


Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def socket_upstream(speak: Speak, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Sockets]:
    """Serve until the end of the block. `closed` is set when the client has closed a connection."""
    sockets = Sockets()
    handlers: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sockets.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            await speak(reader, writer)
            while await reader.read(1 << 16):
                pass
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            sockets.closed.set()
            writer.close()
            handlers.discard(task)

    server = await asyncio.start_server(serve, host, port)
    sockets.port = server.sockets[0].getsockname()[1]
    try:
        yield sockets
    finally:
        server.close()
        for handler in list(handlers):
            handler.cancel()
        await server.wait_closed()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """The head of a request."""
    return await reader.readuntil(b"\r\n\r\n")


async def call(
    rest: ToolConnector,
    target: Integration,
    parameters: object = None,
    *,
    secret: str = "",
    seconds: float = 10,
    name: str = "",
) -> ToolAnswer:
    """Execute the integration's tool of the name, or its last one, as the service does."""
    return await rest.execute(tool_call(rest, target, parameters, secret, name), Deadline.after(seconds))


def tool_call(
    rest: ToolConnector, target: Integration, parameters: object = None, secret: str = "", name: str = ""
) -> ToolCall:
    """One attempt at the integration's tool of the name, or its last one."""
    tools = rest.tools(target)
    tool = tools[name] if name else list(tools.values())[-1]
    body = orjson.dumps(parameters) if parameters is not None else b""
    checked = read_parameters(tool.parameters_schema_json, body)
    return ToolCall("acme", target, tool, checked, seconds_of(tool.timeout), secret)


async def refused(
    rest: ToolConnector, target: Integration, parameters: object = None, *, secret: str = "", seconds: float = 10
) -> TrunklineError:
    with pytest.raises(TrunklineError) as caught:
        await call(rest, target, parameters, secret=secret, seconds=seconds)
    return caught.value
