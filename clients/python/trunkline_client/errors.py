"""What a server tells with an error."""

from __future__ import annotations

from typing import TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

_DETAILS = "grpc-status-details-bin"

Detail = TypeVar("Detail", bound=Message)


def detail(error: grpc.aio.AioRpcError, kind: type[Detail]) -> Detail | None:
    """The first detail of this kind that the server sent with the error."""
    for key, value in error.trailing_metadata():
        if key == _DETAILS and isinstance(value, bytes):
            for packed in Status.FromString(value).details:
                message = kind()
                if packed.Unpack(message):
                    return message
    return None


def error_info(error: grpc.aio.AioRpcError) -> ErrorInfo | None:
    """Domain, reason and metadata of the error; None when Trunkline did not make it (for example no connection)."""
    return detail(error, ErrorInfo)
