"""One server span for each sampled call. Unsampled calls cost one comparison."""

from __future__ import annotations

import random

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from trunkline_server.domain.call import Call
from trunkline_server.ops import spans
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method

_W3C = TraceContextTextMapPropagator()
_ROOT = Context()


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
        known = spans.at_start(method.name)

        async def run(call: Call, sink: Sink) -> None:
            decided = call.sampled is not None
            if not (call.sampled if decided else random.random() < ratio):
                await proceed(call, sink)
                return
            parent = _W3C.extract(call.metadata, _ROOT) if decided else _ROOT
            span = tracer.start_span(method.name, context=parent, kind=SpanKind.SERVER, attributes=known)
            context = span.get_span_context()
            call.trace_id, call.span_id = f"{context.trace_id:032x}", f"{context.span_id:016x}"
            try:
                await proceed(call, sink)
            finally:
                span.set_attributes(spans.at_end(call))
                if spans.is_fault(call):
                    span.set_status(Status(StatusCode.ERROR, call.reason))
                span.end()

        return run
