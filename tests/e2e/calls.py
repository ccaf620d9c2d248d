"""Small helpers to call a running Trunkline."""

from __future__ import annotations

from typing import Any

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from trunkline.v1 import llm_pb2_grpc
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest, StreamCompleteRequest, StreamCompleteResponse


def ask(model: str, **fields: Any) -> CompleteRequest:
    """A small request."""
    fields.setdefault("prompt", "Say something.")
    fields.setdefault("max_tokens", 16)
    fields.setdefault("context", CallContext(agent_id="tests"))
    return CompleteRequest(model=model, **fields)


def llm(channel: grpc.aio.Channel) -> Any:
    """The stub."""
    return llm_pb2_grpc.LLMServiceStub(channel)


async def read(call: Any) -> tuple[list[StreamCompleteResponse], grpc.aio.AioRpcError | None]:
    """Every event of a stream, and the error that ended it."""
    events: list[StreamCompleteResponse] = []
    try:
        async for event in call:
            events.append(event)
    except grpc.aio.AioRpcError as error:
        return events, error
    return events, None


async def refusal(call: Any) -> tuple[grpc.StatusCode, ErrorInfo, Status]:
    """How a call is refused."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        status = status_of(error)
        info = ErrorInfo()
        assert status.details[0].Unpack(info)
        return error.code(), info, status
    raise AssertionError("the call was not refused")


def status_of(error: grpc.aio.AioRpcError) -> Status:
    """The rich status in the trailers."""
    trailers = dict(error.trailing_metadata() or ())
    return Status.FromString(trailers["grpc-status-details-bin"])


def fields_of(status: Status) -> set[str]:
    """The field paths that a BadRequest names."""
    bad = BadRequest()
    return {violation.field for detail in status.details if detail.Unpack(bad) for violation in bad.field_violations}


def stream(channel: grpc.aio.Channel, request: CompleteRequest, **options: Any) -> Any:
    """Start a stream."""
    return llm(channel).StreamComplete(StreamCompleteRequest(request=request), **options)
