"""Reads the request and checks it against the contract's limits, before any work."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from trunkline.v1.common_pb2 import CallContext

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.methods import Method
from trunkline_server.transport.validate import violations


class Validation:
    """Parses, checks the fields and the tenant, and takes the caller's ids over."""

    name = "validation"

    def __init__(self, max_message_bytes: int) -> None:
        self._max_message_bytes = max_message_bytes

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        parse, limit = method.request.FromString, self._max_message_bytes

        async def run(call: Call, sink: Sink) -> None:
            if len(call.raw) > limit:
                raise TrunklineError(
                    Reason.ERROR_REASON_MESSAGE_TOO_LARGE,
                    f"the request has {len(call.raw)} bytes, more than {limit}; send less, or media by address",
                    metadata={"size": str(len(call.raw)), "limit": str(limit)},
                )
            try:
                request = parse(call.raw)
            except DecodeError:
                raise invalid_fields([("request", f"is not a {method.request.DESCRIPTOR.full_name}")]) from None
            call.request, call.raw = request, b""
            if found := violations(request):
                raise invalid_fields(found)
            body = getattr(request, "request", request)
            context = getattr(body, "context", None)
            if isinstance(context, CallContext):
                call.context = context
                _same_tenant(call, context.tenant_id)
            call.request_id = getattr(body, "request_id", "") or call.request_id
            await proceed(call, sink)

        return run


def _same_tenant(call: Call, tenant_id: str) -> None:
    if tenant_id and tenant_id != call.tenant_id:
        raise TrunklineError(
            Reason.ERROR_REASON_TENANT_MISMATCH,
            "context.tenant_id is not the tenant of the key; leave it empty",
            metadata={"field": "context.tenant_id"},
        )
