"""The chain that every call passes, outermost first, written once for unary and streamed calls.

An interceptor wraps the rest of the chain, for one method, when the server starts. It is called with the call and a
sink; the answers go into the sink, one for a unary call. One that looks at answers hands on a sink of its own;
the others cost nothing per message.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Protocol

from google.protobuf.message import Message

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.transport.methods import Method

Sink = Callable[[Message], Awaitable[None]]
Proceed = Callable[[Call, Sink], Awaitable[None]]

# DESIGN §4. The pump stands before the first (transport/pump.py), the handler after the last.
ORDER = (
    "request_context",
    "tracing",
    "metrics",
    "errors",
    "authentication",
    "authorization",
    "validation",
    "limits",
    "replay",
    "budget",
)

# What is planned for the methods that are not served yet; docs/architecture.md lists them.
PLAN = "part of the contract, served in a later release; docs/architecture.md tells the plan"


class Interceptor(Protocol):
    """One concern."""

    name: str

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """The rest of the chain with this concern around it."""
        ...


def compose(interceptors: Sequence[Interceptor], method: Method) -> Proceed:
    """The whole chain of one method. Raises ValueError when the interceptors are not those of ORDER, in its order."""
    names = tuple(one.name for one in interceptors)
    if names != tuple(name for name in ORDER if name in names):
        raise ValueError(f"the chain is {names}, not {ORDER}")
    proceed = _handler(method)
    for interceptor in reversed(interceptors):
        proceed = interceptor.wrap(method, proceed)
    return proceed


def _handler(method: Method) -> Proceed:
    """The innermost link: call the servicer and pass its answers on."""
    function = method.function
    if function is None:

        async def absent(call: Call, sink: Sink) -> None:
            raise TrunklineError(
                Reason.ERROR_REASON_NOT_IMPLEMENTED,
                f"{method.name} is not served yet",
                metadata={"method": method.name, "plan": PLAN},
            )

        return absent

    if method.server_streaming:

        async def stream(call: Call, sink: Sink) -> None:
            async with aclosing(function(call, call.request)) as answers:
                async for answer in answers:
                    await sink(answer)

        return stream

    async def unary(call: Call, sink: Sink) -> None:
        await sink(await function(call, call.request))

    return unary
