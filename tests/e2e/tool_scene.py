"""A hub: an HTTP API behind a whole server, whose tools are as a test wants them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import orjson
from aiohttp import web
from google.protobuf.duration_pb2 import Duration
from harness import Stack, stack
from rest_upstream import Upstream, http_upstream
from trunkline.v1 import access_pb2_grpc, integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.access_pb2 import CreateApiKeyRequest
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool, CacheClass, Pagination, PaginationStyle
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_pb2 import CreateIntegrationRequest
from trunkline.v1.tool_pb2 import ExecuteToolRequest, ExecuteToolResponse

PRICE = 1_000_000
SCHEMA = b'{"type": "object", "properties": {"n": {"type": "integer"}}}'
LARGE = 700 * 1024


def _tools() -> Sequence[ApiTool]:
    one_minute = Duration(seconds=60)
    pages = Pagination(style=PaginationStyle.PAGINATION_STYLE_CURSOR, parameter="cursor", next="next", items="items")
    return [
        ApiTool(name="read", description="Reads one thing.", method="GET", path="/read", parameters_schema_json=SCHEMA),
        ApiTool(name="paid", description="Reads, for money.", method="GET", path="/paid", cost_nano_usd=PRICE),
        ApiTool(name="kept", method="GET", path="/kept", cache_ttl=one_minute, cost_nano_usd=PRICE),
        ApiTool(name="personal", method="GET", path="/personal", cache_class=CacheClass.CACHE_CLASS_USER),
        ApiTool(name="change", description="Changes one thing.", method="POST", path="/change", cost_nano_usd=PRICE),
        ApiTool(name="approved", method="POST", path="/approved", approval_required=True),
        ApiTool(name="large", method="GET", path="/large"),
        ApiTool(name="slow", method="GET", path="/slow"),
        ApiTool(name="paged", method="GET", path="/paged", pagination=pages, cost_nano_usd=PRICE),
    ]


@dataclass
class Hub:
    """The stack, its upstream, and a channel to it."""

    running: Stack
    upstream: Upstream
    channel: grpc.aio.Channel
    started: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def tools(self) -> Any:
        """The stub."""
        return tool_pb2_grpc.ToolServiceStub(self.channel)

    @property
    def metadata(self) -> Any:
        """An admin's."""
        return self.running.metadata()

    async def run(self, tool: str, *, key: str | None = None, **fields: Any) -> ExecuteToolResponse:
        """ExecuteTool."""
        answer: ExecuteToolResponse = await self.tools.ExecuteTool(
            asking(tool, **fields), metadata=self.running.metadata(key), timeout=30
        )
        return answer

    async def key(self, *roles: str, tools: Sequence[str] = (), of: str | None = None) -> tuple[str, str]:
        """A new key, by one that exists: (id, secret)."""
        access: Any = access_pb2_grpc.AccessServiceStub(self.channel)
        made = await access.CreateApiKey(
            CreateApiKeyRequest(display_name="test", roles=roles or ("agent",), allowed_tools=tools),
            metadata=self.running.metadata(of),
        )
        return made.key.key_id, made.secret

    def calls(self, path: str) -> int:
        """How often the upstream was asked for a path."""
        return sum(one.raw_path.partition("?")[0] == path for one in self.upstream.seen)

    async def rows(self, sql: str, *values: Any, least: int = 1, seconds: float = 15.0) -> list[Any]:
        """Rows of the database, asked for until there are enough of them."""
        connection = await asyncpg.connect(self.running.postgres_dsn)
        give_up = asyncio.get_running_loop().time() + seconds
        try:
            while True:
                rows = list(await connection.fetch(sql, *values))
                if len(rows) >= least or asyncio.get_running_loop().time() > give_up:
                    return rows
                await asyncio.sleep(0.05)
        finally:
            await connection.close()


def asking(tool: str, *, agent: str = "tests", user: str = "", **fields: Any) -> ExecuteToolRequest:
    """A request for a tool of the hub; `parameters` are an object."""
    parameters = orjson.dumps(fields.pop("parameters", {}))
    fields.setdefault("integration_id", "hub")
    context = CallContext(agent_id=agent, user_id=user)
    return ExecuteToolRequest(tool_name=tool, parameters_json=parameters, context=context, **fields)


@asynccontextmanager
async def hub(base: Path, **environment: str) -> AsyncIterator[Hub]:
    """A hub of every tool above, for the tenant of the stack."""
    async with (
        http_upstream() as upstream,
        stack(base, [], model="none", environment=environment) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        one = Hub(running, upstream, channel)
        upstream.answer = _answering(one)
        integrations: Any = integration_pb2_grpc.IntegrationServiceStub(channel)
        await integrations.CreateIntegration(
            CreateIntegrationRequest(
                integration_id="hub",
                type=IntegrationType.INTEGRATION_TYPE_API,
                configuration=Configuration(endpoint=upstream.url, api=ApiConfiguration(tools=_tools())),
            ),
            metadata=running.metadata(),
        )
        upstream.seen.clear()
        yield one


def _answering(one: Hub) -> Any:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/large":
            return web.json_response({"text": "x" * LARGE})
        if request.path == "/slow":
            one.started.set()
            while request.transport is not None and not request.transport.is_closing():
                await asyncio.sleep(0.02)
            one.left.set()
        if request.path == "/paged":
            at = int(request.query.get("cursor", "0"))
            return web.json_response({"items": [at], "next": str(at + 1) if at < 2 else None})
        if "fail" in request.query_string:
            return web.json_response({"error": "no"}, status=400)
        return web.json_response({"path": request.path, "asked": len(one.upstream.seen)})

    return answer
