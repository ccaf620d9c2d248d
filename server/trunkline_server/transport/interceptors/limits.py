"""How many calls one worker carries at once. Low priority is refused first."""

from __future__ import annotations

from trunkline.v1.completion_pb2 import Priority

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason, quota
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method

# The share of the capacity up to which calls of a priority are admitted.
_SHARES: dict[int, float] = {Priority.PRIORITY_LOW: 0.8, Priority.PRIORITY_HIGH: 1.0}
_NORMAL = 0.95


class Limits:
    """Refuses what is above the worker's capacity, at once."""

    name = "limits"

    def __init__(self, max_concurrent: int) -> None:
        self._shares = {priority: max(1, int(max_concurrent * share)) for priority, share in _SHARES.items()}
        self._normal = max(1, int(max_concurrent * _NORMAL))
        self.in_flight = 0

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""

        async def run(call: Call, sink: Sink) -> None:
            body = getattr(call.request, "request", call.request)
            if self.in_flight >= self._shares.get(getattr(body, "priority", 0), self._normal):
                raise quota(
                    Reason.ERROR_REASON_OVERLOADED,
                    f"this server carries {self.in_flight} calls already; try again shortly or elsewhere",
                    "worker",
                    retry_after=0.5,
                )
            self.in_flight += 1
            try:
                await proceed(call, sink)
            finally:
                self.in_flight -= 1

        return run
