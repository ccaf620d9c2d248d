"""Counts, times and one line of the access log for each call."""

from __future__ import annotations

import asyncio
import time

from trunkline_server.domain.call import Call
from trunkline_server.ops.accesslog import AccessLog
from trunkline_server.ops.metrics import CallMetrics
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method

_CANCELLED, _DEADLINE = 1, 4


class Metrics:
    """Measures every call, whatever ends it. Metrics and log note it, and do the rest a moment later."""

    name = "metrics"

    def __init__(self, metrics: CallMetrics, log: AccessLog) -> None:
        self._metrics = metrics
        self._log = log

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        observe = self._metrics.of(method.name)
        log = self._log

        async def run(call: Call, sink: Sink) -> None:
            observe.begin()
            try:
                await proceed(call, sink)
            except asyncio.CancelledError:
                late = call.deadline.remaining() <= 0
                call.code, call.reason = (_DEADLINE, "CALLER_DEADLINE") if late else (_CANCELLED, "CALLER_CANCELLED")
                raise
            finally:
                seconds = time.monotonic() - call.arrived
                observe.end(call, seconds)
                log.write(call, seconds)

        return run
