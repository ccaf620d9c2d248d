"""Ids: the trace the call belongs to (W3C Trace Context), and its own span and request id."""

from __future__ import annotations

import random

from trunkline_server.domain.call import Call
from trunkline_server.domain.traceparent import trace_of
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method


class RequestContext:
    """Gives every call its ids."""

    name = "request_context"

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""

        async def run(call: Call, sink: Sink) -> None:
            trace_id, call.sampled = trace_of(call.metadata.get("traceparent", ""))
            call.trace_id = trace_id or f"{random.getrandbits(128):032x}"
            call.span_id = f"{random.getrandbits(64):016x}"
            call.request_id = f"req-{call.hold_id}"
            await proceed(call, sink)

        return run
