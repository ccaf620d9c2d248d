"""Ids: the trace the call belongs to (W3C Trace Context), and its own span and request id."""

from __future__ import annotations

import re
import secrets

from trunkline_server.domain.call import Call
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method

# Version ff and ids of zeros alone are invalid: whoever sends them sends no trace.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_SAMPLED = 0x01


class RequestContext:
    """Gives every call its ids."""

    name = "request_context"

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""

        async def run(call: Call, sink: Sink) -> None:
            found = _TRACEPARENT.fullmatch(call.metadata.get("traceparent", ""))
            call.trace_id = found[1] if found else secrets.token_hex(16)
            call.sampled = bool(int(found[2], 16) & _SAMPLED) if found else None
            call.span_id = secrets.token_hex(8)
            call.request_id = f"req-{call.hold_id}"
            await proceed(call, sink)

        return run
