"""Calls of a connector for databases, without a server before it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sql_scene import database, owner
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import StreamExecuteToolResponse
from trunkline_server.connectors.sql import SqlConnector
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.connectors import ToolAnswer, ToolCall
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError

LOCAL = OutboundPolicy(("127.0.0.0/8",), allow_http=True)


def call(
    connector: SqlConnector, one: Integration, secret: str, tool: str, seconds: float = 20.0, **asked: Any
) -> ToolCall:
    """An attempt of a tenant's call."""
    return ToolCall("acme", one, connector.tools(one)[tool], asked, seconds, secret)


class Scene:
    """An integration, and calls of its tools."""

    def __init__(self, connector: SqlConnector, dsn: str, secret: str = "", **fields: Any) -> None:
        self.connector = connector
        self.integration = database(dsn, **fields)
        self.secret = secret or owner(dsn)

    async def run(self, tool: str, seconds: float = 20.0, **asked: Any) -> Any:
        """The result as JSON."""
        made = call(self.connector, self.integration, self.secret, tool, seconds, **asked)
        return orjson.loads((await self.connector.execute(made, Deadline.after(60))).json)

    async def rows(self, sql: str, *parameters: Any, **asked: Any) -> list[list[Any]]:
        """The rows of a query."""
        found = await self.run("query", sql=sql, parameters=list(parameters), **asked)
        rows: list[list[Any]] = found["rows"]
        return rows

    async def refused(self, tool: str, seconds: float = 20.0, **asked: Any) -> TrunklineError:
        """How a call is refused."""
        with pytest.raises(TrunklineError) as caught:
            await self.run(tool, seconds, **asked)
        return caught.value

    async def stream(self, sql: str, **asked: Any) -> tuple[list[StreamExecuteToolResponse], Any]:
        """The batches of a stream, and what its answer tells."""
        made = call(self.connector, self.integration, self.secret, "query", sql=sql, **asked)
        pieces = [piece async for piece in self.connector.stream(made, None, Deadline.after(60))]
        answer = pieces[-1]
        assert isinstance(answer, ToolAnswer)
        batches = [piece for piece in pieces if isinstance(piece, StreamExecuteToolResponse)]
        assert len(batches) == len(pieces) - 1
        return batches, orjson.loads(answer.json)
