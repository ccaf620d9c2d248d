"""A collector of traces that speaks OTLP over gRPC, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector(TraceServiceServicer):  # type: ignore[misc]
    """What arrived. With `deaf` it takes an export and never answers; `asked` tells that one came."""

    url: str = ""
    deaf: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    received: list[ExportTraceServiceRequest] = field(default_factory=list)

    async def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
        self.asked.set()
        if self.deaf:
            await asyncio.Event().wait()
        self.received.append(request)
        return ExportTraceServiceResponse()

    def spans(self) -> dict[str, Span]:
        """Every span by the trace it belongs to, in hex. Fails where a trace has two."""
        found: dict[str, Span] = {}
        for request in self.received:
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        assert span.trace_id.hex() not in found
                        found[span.trace_id.hex()] = span
        return found

    def raw(self) -> bytes:
        """Every byte that arrived."""
        return b"".join(request.SerializeToString() for request in self.received)


def attributes(span: Span) -> dict[str, Any]:
    """The attributes by name, as plain values."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value") or "") for one in span.attributes}


@asynccontextmanager
async def collector(deaf: bool = False) -> AsyncIterator[Collector]:
    """Serve on a free port of the loopback."""
    state, server = Collector(deaf=deaf), grpc.aio.server()
    add_TraceServiceServicer_to_server(state, server)
    state.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield state
    finally:
        await server.stop(0)
