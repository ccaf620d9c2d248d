"""Calls that share an execution: repetitions of a `request_id`, and identical calls that allow it (`coalesce`)."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass
from trunkline.v1.completion_pb2 import StreamCompleteRequest

from trunkline_server.domain.call import Call
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.sharing import coalescing_digest, digest
from trunkline_server.transport.chain import Proceed, Sink
from trunkline_server.transport.executions import COALESCED, KEYED, Executions
from trunkline_server.transport.methods import Method
from trunkline_server.transport.shared import Work


class Replay:
    """Executes once what comes twice. Calls with neither `request_id` nor `coalesce` pass untouched."""

    name = "replay"

    def __init__(self, executions: Executions) -> None:
        self._executions = executions

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """See Interceptor."""
        fields = method.request.DESCRIPTOR.fields_by_name
        inside = fields["request"].message_type if "request" in fields else None
        nested = inside is not None
        body_fields = fields if inside is None else inside.fields_by_name
        if method.repeatable or "request_id" not in body_fields or method.client_streaming:
            return proceed
        service, _, name = method.name.partition("/")
        parse = GetMessageClass(Default().FindServiceByName(service).methods_by_name[name].output_type).FromString
        may_coalesce, may_preview = "coalesce" in body_fields, "validate_only" in body_fields
        join = self._executions.join

        async def coalesced(call: Call, sink: Sink) -> None:
            assert call.request is not None
            found = coalescing_digest(call.request)
            # No method's name begins so: the key is that of no `request_id`.
            work = Work(COALESCED, call.tenant_id, f"~{name}/{found.hex()}", found, proceed, parse)
            await join(work, call, sink)

        async def run(call: Call, sink: Sink) -> None:
            request = call.request
            assert request is not None
            body: Any = getattr(request, "request", request) if nested else request
            inner = coalesced if may_coalesce and body.coalesce else proceed
            # A preview executes nothing, and leaves the id to the call itself.
            if not body.request_id or (may_preview and body.validate_only):
                await inner(call, sink)
                return
            work = Work(KEYED, call.tenant_id, f"{name}/{call.request_id}", digest(request), inner, parse)
            if isinstance(request, StreamCompleteRequest):
                await join(work, call, sink, request.last_sequence, seconds(request.resume_window))
            else:
                await join(work, call, sink)

        return run
