"""Owns the life of a hold: whatever ends the call, it is settled or voided."""

from __future__ import annotations

import asyncio

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Admission
from trunkline_server.domain.tab import Settlements, Tab
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method

_CANCELLED, _DEADLINE, _INTERNAL = 1, 4, 13


class Budget:
    """Gives each call its tab and closes it. Closing is shielded from cancellation."""

    name = "budget"

    def __init__(self, admission: Admission, settlements: Settlements) -> None:
        self._admission = admission
        self._settlements = settlements

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        admission, settlements = self._admission, self._settlements

        async def run(call: Call, sink: Sink) -> None:
            tab = call.tab = Tab(admission, settlements)
            code, reason = _INTERNAL, "INTERNAL"
            try:
                await proceed(call, sink)
                code, reason = 0, ""
            except asyncio.CancelledError:
                late = call.deadline.remaining() <= 0
                code, reason = (_DEADLINE, "CALLER_DEADLINE") if late else (_CANCELLED, "CALLER_CANCELLED")
                raise
            except TrunklineError as error:
                code, reason = error.code, error.reason_name
                raise
            finally:
                await tab.close(code, reason)

        return run
