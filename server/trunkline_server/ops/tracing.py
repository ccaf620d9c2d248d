"""Where spans go."""

from __future__ import annotations

from contextlib import AsyncExitStack

from opentelemetry.trace import Tracer


def tracer(otlp_endpoint: str, stack: AsyncExitStack) -> Tracer | None:
    """A tracer that exports in batches to an OTLP/gRPC collector; None without an endpoint."""
    if not otlp_endpoint:
        return None
    # Imported only where spans are made: the exporter costs start-up time and memory.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "trunkline"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(otlp_endpoint)))
    stack.callback(provider.shutdown)
    return provider.get_tracer("trunkline")
