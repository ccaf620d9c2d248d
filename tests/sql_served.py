"""A database as an integration of a running Trunkline, and calls of its tools over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import grpc
import orjson
from harness import Stack, stack
from sql_scene import clear, furnish, owner
from trunkline.v1 import integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.integration_pb2 import CreateIntegrationRequest, Integration
from trunkline.v1.tool_pb2 import ExecuteToolRequest, StreamExecuteToolRequest


@dataclass
class Served:
    """The stack, a channel to it, and the DSN of a database beside its own."""

    running: Stack
    channel: grpc.aio.Channel
    dsn: str

    @property
    def tools(self) -> Any:
        """The stub."""
        return tool_pb2_grpc.ToolServiceStub(self.channel)

    @property
    def integrations(self) -> Any:
        """The stub."""
        return integration_pb2_grpc.IntegrationServiceStub(self.channel)

    @property
    def metadata(self) -> Any:
        """An admin's."""
        return self.running.metadata()

    def create(self, one: Integration, name: str, secret: str = "", **fields: Any) -> Any:
        """CreateIntegration."""
        wanted = Integration()
        wanted.CopyFrom(one)
        wanted.configuration.authentication.secret = secret or owner(self.dsn)
        request = CreateIntegrationRequest(
            integration_id=name, type=wanted.type, configuration=wanted.configuration, **fields
        )
        return self.integrations.CreateIntegration(request, metadata=self.metadata, timeout=60)

    def execute(self, name: str, tool: str, asked: Any, **fields: Any) -> Any:
        """ExecuteTool."""
        return self.tools.ExecuteTool(_asking(name, tool, asked, **fields), metadata=self.metadata, timeout=60)

    def stream(self, name: str, tool: str, asked: Any, **fields: Any) -> Any:
        """StreamExecuteTool."""
        start = StreamExecuteToolRequest(start=_asking(name, tool, asked, **fields))
        return self.tools.StreamExecuteTool(iter([start]), metadata=self.metadata, timeout=120)

    async def result(self, name: str, tool: str, /, **asked: Any) -> Any:
        """What a tool answers."""
        return orjson.loads((await self.execute(name, tool, asked)).result_json)

    async def value(self, sql: str) -> Any:
        """What the database itself says."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()


def _asking(name: str, tool: str, asked: Any, **fields: Any) -> ExecuteToolRequest:
    context = CallContext(agent_id="tests")
    return ExecuteToolRequest(
        integration_id=name, tool_name=tool, parameters_json=orjson.dumps(asked), context=context, **fields
    )


@asynccontextmanager
async def served(base: Path, **environment: str) -> AsyncIterator[Served]:
    """A Trunkline, and a furnished database on the same server as its own."""
    async with (
        stack(base, [], model="none", environment=environment) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        connection = await asyncpg.connect(running.postgres_dsn)
        await connection.execute("CREATE DATABASE sales")
        await connection.close()
        dsn = urlunsplit(urlsplit(running.postgres_dsn)._replace(path="/sales"))
        await furnish(dsn)
        yield Served(running, channel, dsn)
        await clear(dsn)
