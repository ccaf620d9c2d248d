"""A bucket of an emulator behind a whole server, and calls of its tools over gRPC."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import orjson
from harness import Stack, stack
from storage_emulators import Emulator, s3
from trunkline.v1 import integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.integration_pb2 import CreateIntegrationRequest
from trunkline.v1.tool_pb2 import (
    ExecuteToolRequest,
    ExecuteToolResponse,
    StreamExecuteToolRequest,
    ToolInputFinished,
    ToolProgress,
)

CHUNK = 512 * 1024


@dataclass(frozen=True)
class Sent:
    """What an upload told: every progress, and its result."""

    progress: Sequence[ToolProgress]
    result: Any


@dataclass
class Scene:
    """The stack, its store, and a channel."""

    running: Stack
    store: Emulator
    channel: grpc.aio.Channel

    @property
    def tools(self) -> Any:
        """The stub."""
        return tool_pb2_grpc.ToolServiceStub(self.channel)

    async def create(self, integration_id: str, **storage: Any) -> None:
        """An integration of the bucket."""
        found = self.store.integration(integration_id, **storage)
        found.configuration.authentication.CopyFrom(Authentication(secret=self.store.secret))
        integrations: Any = integration_pb2_grpc.IntegrationServiceStub(self.channel)
        await integrations.CreateIntegration(
            CreateIntegrationRequest(integration_id=integration_id, type=found.type, configuration=found.configuration),
            metadata=self.running.metadata(),
        )

    def asking(self, tool: str, integration_id: str = "bucket", **parameters: Any) -> ExecuteToolRequest:
        """A request of a tool."""
        return ExecuteToolRequest(
            tool_name=tool,
            integration_id=integration_id,
            parameters_json=orjson.dumps(parameters),
            context=CallContext(agent_id="tests"),
        )

    async def run(self, tool: str, integration_id: str = "bucket", **parameters: Any) -> Any:
        """The JSON result of ExecuteTool."""
        asked = self.asking(tool, integration_id, **parameters)
        answer: ExecuteToolResponse = await self.tools.ExecuteTool(asked, metadata=self.running.metadata(), timeout=60)
        return orjson.loads(answer.result_json)

    def stream(self, requests: Any, timeout: float = 300) -> Any:
        """StreamExecuteTool."""
        return self.tools.StreamExecuteTool(requests, metadata=self.running.metadata(), timeout=timeout)

    async def put(self, content: bytes, integration_id: str = "bucket", **parameters: Any) -> Sent:
        """Stream an object; with a resume token, what the first progress leaves of it."""
        begun, start = asyncio.Event(), [0]
        if "resume_token" not in parameters:
            begun.set()

        async def requests() -> AsyncIterator[StreamExecuteToolRequest]:
            yield StreamExecuteToolRequest(start=self.asking("put_object", integration_id, **parameters))
            await begun.wait()
            rest = memoryview(content)[start[0] :]
            for at in range(0, len(rest), CHUNK):
                yield StreamExecuteToolRequest(chunk=bytes(rest[at : at + CHUNK]))
            yield StreamExecuteToolRequest(finish=ToolInputFinished(sha256=hashlib.sha256(rest).hexdigest()))

        told: list[ToolProgress] = []
        async for message in self.stream(requests()):
            if message.HasField("progress"):
                told.append(message.progress)
                start[0] = start[0] if begun.is_set() else message.progress.bytes_stored
                begun.set()
            elif message.HasField("finished"):
                return Sent(told, orjson.loads(message.finished.result_json))
        raise AssertionError("the stream ended without a result")

    async def get(self, key: str, integration_id: str = "bucket", **parameters: Any) -> tuple[str, int, Any]:
        """Stream an object: its SHA-256 and size as they came, and its result."""
        sha256, size = hashlib.sha256(), 0
        first = StreamExecuteToolRequest(start=self.asking("get_object", integration_id, key=key, **parameters))
        async for message in self.stream(_only(first)):
            sha256.update(message.chunk)
            size += len(message.chunk)
            if message.HasField("finished"):
                return sha256.hexdigest(), size, orjson.loads(message.finished.result_json)
        raise AssertionError("the stream ended without a result")


async def _only(first: StreamExecuteToolRequest) -> AsyncIterator[StreamExecuteToolRequest]:
    yield first


@asynccontextmanager
async def scene(
    base: Path, store: Callable[[Path], Any] = s3, command: Sequence[str] = (), **environment: str
) -> AsyncIterator[Scene]:
    """A whole server, an emulator, and the integration `bucket` below the prefix `team-a`."""
    async with (
        store(base) as emulator,
        stack(base, [], model="none", command=command, environment=environment) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        one = Scene(running, emulator, channel)
        await one.create("bucket", prefix="team-a")
        yield one


def pieces(data: bytes) -> Iterator[bytes]:
    """The content in chunks."""
    return (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
