"""From exceptions to statuses. The text of an unknown exception goes to the log, never to the caller."""

from __future__ import annotations

import structlog

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method

_log = structlog.get_logger("trunkline.errors")


class Errors:
    """Turns every exception into the call's error; the pump sends it."""

    name = "errors"

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""

        async def run(call: Call, sink: Sink) -> None:
            try:
                await proceed(call, sink)
            except TrunklineError as error:
                _end(call, error)
            except Exception as error:
                _log.error(
                    "unexpected error",
                    method=call.method,
                    trace_id=call.trace_id,
                    error=type(error).__name__,
                    exc_info=error,
                )
                _end(call, unexpected(call.trace_id))

        return run


def unexpected(trace_id: str) -> TrunklineError:
    """INTERNAL without any text of the fault."""
    return TrunklineError(
        Reason.ERROR_REASON_INTERNAL,
        f"a fault of the server; its log has it under the trace {trace_id}",
        metadata={"trace_id": trace_id},
    )


def _end(call: Call, error: TrunklineError) -> None:
    call.error, call.code, call.reason = error, error.code, error.reason_name
