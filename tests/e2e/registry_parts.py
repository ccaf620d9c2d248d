"""What the tests of IntegrationService share: an upstream that knows its credentials, and requests to register it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import grpc
from aiohttp import web
from harness import Stack, stack
from rest_upstream import Upstream, http_upstream
from trunkline.v1 import integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType, Monitoring
from trunkline.v1.integration_pb2 import CreateIntegrationRequest
from trunkline.v1.tool_pb2 import ExecuteToolRequest

SECRET = "order-secret-0001"
_BEARER = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER


@dataclass
class Guarded:
    """Answers with `status` to whom it knows: those who send one of `secrets`. Counts what came with each."""

    upstream: Upstream
    secrets: set[str] = field(default_factory=lambda: {SECRET})
    status: int = 200
    sent: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.upstream.url

    @property
    def calls(self) -> int:
        return len(self.upstream.seen)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        secret = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.sent[secret] = self.sent.get(secret, 0) + 1
        if secret not in self.secrets:
            return web.json_response({"error": "who are you?"}, status=401)
        return web.json_response({"ok": self.status < 300}, status=self.status)


@asynccontextmanager
async def guarded() -> AsyncIterator[Guarded]:
    """Serve until the end of the block."""
    async with http_upstream() as upstream:
        found = Guarded(upstream)
        upstream.answer = found.answer
        yield found


@dataclass
class Registry:
    """A running server, and its services."""

    running: Stack
    integrations: Any
    tools: Any

    async def call(self, method: Any, request: Any) -> Any:
        return await method(request, metadata=self.running.metadata(), timeout=30)

    async def rows(self, query: str, *values: object) -> list[Any]:
        """Rows of the server's database, whoever's they are."""
        connection = await asyncpg.connect(self.running.postgres_dsn)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def run(self, integration_id: str, request_id: str = "") -> Any:
        request = ExecuteToolRequest(integration_id=integration_id, tool_name="read", request_id=request_id)
        return await self.call(self.tools.ExecuteTool, request)


@asynccontextmanager
async def registry(
    base: Path, environment: Mapping[str, str] | None = None, workers: int = 1
) -> AsyncIterator[Registry]:
    """A server without integrations."""
    async with (
        stack(base, [], model="none", workers=workers, environment=environment) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        yield Registry(
            running,
            integration_pb2_grpc.IntegrationServiceStub(channel),
            tool_pb2_grpc.ToolServiceStub(channel),
        )


def orders(endpoint: str, name: str = "orders", secret: str = SECRET, **monitoring: Any) -> CreateIntegrationRequest:
    """An API with one tool, `read`."""
    return CreateIntegrationRequest(
        integration_id=name,
        type=IntegrationType.INTEGRATION_TYPE_API,
        display_name="Orders",
        configuration=Configuration(
            endpoint=endpoint,
            authentication=Authentication(scheme=_BEARER, secret=secret),
            api=ApiConfiguration(tools=[ApiTool(name="read", method="GET", path="/orders")]),
        ),
        monitoring=Monitoring(**monitoring),
    )
