"""One server span for each sampled call. Unsampled calls cost one comparison."""

from __future__ import annotations

import random

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from trunkline_server.domain.call import Call
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method

# Codes that are the server's fault, by OpenTelemetry's semantic conventions for gRPC servers.
_SERVER_FAULTS = frozenset((2, 4, 12, 13, 14, 15))


class Tracing:
    """Spans by OpenTelemetry. The caller's sampling decision holds; without one, `ratio` of the calls are sampled."""

    name = "tracing"

    def __init__(self, tracer: Tracer | None, ratio: float) -> None:
        self._tracer = tracer
        self._ratio = ratio

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        tracer, ratio = self._tracer, self._ratio
        if tracer is None:
            return proceed
        service, _, name = method.name.partition("/")

        async def run(call: Call, sink: Sink) -> None:
            parent = call.metadata.get("traceparent", "")
            if not (parent.endswith("01") if parent else random.random() < ratio):
                await proceed(call, sink)
                return
            attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
            span = tracer.start_span(
                method.name, context=extract(call.metadata), kind=SpanKind.SERVER, attributes=attributes
            )
            context = span.get_span_context()
            call.trace_id, call.span_id = f"{context.trace_id:032x}", f"{context.span_id:016x}"
            token = otel_context.attach(trace.set_span_in_context(span))
            try:
                await proceed(call, sink)
            finally:
                otel_context.detach(token)
                span.set_attributes({**call.facts, "rpc.grpc.status_code": call.code})
                if call.code in _SERVER_FAULTS:
                    span.set_status(Status(StatusCode.ERROR, call.reason))
                span.end()

        return run
