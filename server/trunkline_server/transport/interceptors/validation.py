"""Reads the request and checks it against the contract's limits, before any work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from google.protobuf.message import DecodeError, Message
from trunkline.v1.common_pb2 import CallContext

from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import caller_deadline
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method
from trunkline_server.transport.validate import violations

# Requests that hold the request of a call: it has the context and the id.
_WRAPPED = ("request", "start")


class Validation:
    """Parses, checks the fields and the tenant, and takes the caller's ids over."""

    name = "validation"

    def __init__(self, max_message_bytes: int) -> None:
        self._max_message_bytes = max_message_bytes

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        limit, kind = self._max_message_bytes, method.request
        wrapped = next((name for name in _WRAPPED if name in kind.DESCRIPTOR.fields_by_name), "")

        async def run(call: Call, sink: Sink) -> None:
            request = call.request = _read(call.raw, kind, limit)
            call.raw = b""
            take_over(call, getattr(request, wrapped) if wrapped else request)
            await proceed(call, sink)

        async def streamed(call: Call, sink: Sink) -> None:
            assert call.incoming is not None, "the method takes a stream"
            messages = aiter(call.incoming)
            try:
                async with call.deadline.timeout():
                    call.raw = await anext(messages, b"")
            except TimeoutError:
                raise caller_deadline() from None
            call.incoming = _checked(messages, kind, limit)
            await run(call, sink)

        return streamed if method.client_streaming else run


def take_over(call: Call, body: Message) -> None:
    """The context and the id that a request gives its call. Raises TENANT_MISMATCH."""
    context = getattr(body, "context", None)
    if isinstance(context, CallContext):
        call.context = context
        _same_tenant(call, context.tenant_id)
    call.request_id = getattr(body, "request_id", "") or call.request_id


def _read(raw: bytes, kind: type[Message], limit: int) -> Message:
    """One message, within the contract's limits. Raises MESSAGE_TOO_LARGE, INVALID_REQUEST."""
    if len(raw) > limit:
        raise TrunklineError(
            Reason.ERROR_REASON_MESSAGE_TOO_LARGE,
            f"the request has {len(raw)} bytes, more than {limit}; send less, or media by address",
            metadata={"size": str(len(raw)), "limit": str(limit)},
        )
    try:
        request = kind.FromString(raw)
    except DecodeError:
        raise invalid_fields([("request", f"is not a {kind.DESCRIPTOR.full_name}")]) from None
    if found := violations(request):
        raise invalid_fields(found)
    return request


async def _checked(messages: AsyncIterator[bytes], kind: type[Message], limit: int) -> AsyncGenerator[Message, None]:
    """What follows the first message of a stream, as it comes."""
    async for raw in messages:
        yield _read(raw, kind, limit)


def _same_tenant(call: Call, tenant_id: str) -> None:
    if tenant_id and tenant_id != call.tenant_id:
        raise TrunklineError(
            Reason.ERROR_REASON_TENANT_MISMATCH,
            "context.tenant_id is not the tenant of the key; leave it empty",
            metadata={"field": "context.tenant_id"},
        )
