"""Where spans go."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from opentelemetry.trace import Tracer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

# Seconds that the last spans get to leave, when the server stops.
_LAST_SECONDS = 2.0


def tracer(otlp_endpoint: str, stack: AsyncExitStack) -> Tracer | None:
    """A tracer that exports in batches to an OTLP/gRPC collector; None without an endpoint.

    It samples nothing away: whoever starts a span has decided. The end of the stack takes about 2 s at most.
    """
    if not otlp_endpoint:
        return None
    # Imported only where spans are made: the exporter costs start-up time and memory.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415

    exporter = OTLPSpanExporter(otlp_endpoint)
    provider = TracerProvider(sampler=ALWAYS_ON, resource=Resource.create({"service.name": "trunkline"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    stack.push_async_callback(_close, provider, exporter)
    return provider.get_tracer("trunkline")


async def _close(provider: TracerProvider, exporter: SpanExporter) -> None:
    """Export what is left, unless the collector is away: its library alone would wait for half a minute."""
    ending = asyncio.create_task(asyncio.to_thread(provider.shutdown))
    await asyncio.wait((ending,), timeout=_LAST_SECONDS)
    if not ending.done():
        # Cuts an export off, and the pause before its next try.
        exporter.shutdown()
    await ending
