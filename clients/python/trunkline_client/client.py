"""The channel, the caller's key and the error details; everything else is the generated stub."""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from trunkline.v1.completion_pb2 import (
    CompleteRequest,
    CompleteResponse,
    StreamCompleteRequest,
    StreamCompleteResponse,
)
from trunkline.v1.llm_pb2_grpc import LLMServiceStub

_DETAILS = "grpc-status-details-bin"
# What a server answers with at most, in bytes; gRPC alone would refuse more than 4 MiB.
_MAX_ANSWER = 16 * 1024 * 1024
_OPTIONS = (("grpc.max_receive_message_length", _MAX_ANSWER),)

Detail = TypeVar("Detail", bound=Message)
Stream = grpc.aio.UnaryStreamCall[StreamCompleteRequest, StreamCompleteResponse]


def open_channel(
    target: str, credentials: grpc.ChannelCredentials | None = None, server_name: str = ""
) -> grpc.aio.Channel:
    """A channel to `target` (host:port): plaintext without `credentials`, else TLS.

    `server_name` is what the server's certificate must be for, where that is not the host of the target.
    """
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS)
    options = (*_OPTIONS, ("grpc.ssl_target_name_override", server_name)) if server_name else _OPTIONS
    return grpc.aio.secure_channel(target, credentials, options=options)


class Client:
    """A connection to `target`, which sends `key` with every call; TLS as for `open_channel`.

    Use it as an async context manager. Calls raise grpc.aio.AioRpcError; see `error_info`.
    """

    def __init__(
        self, target: str, key: str, *, credentials: grpc.ChannelCredentials | None = None, server_name: str = ""
    ) -> None:
        self._channel = open_channel(target, credentials, server_name)
        self._llm = LLMServiceStub(self._channel)
        self._metadata = (("authorization", f"Bearer {key}"),)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def complete(self, request: CompleteRequest, *, deadline: float) -> CompleteResponse:
        """The whole answer, within `deadline` seconds."""
        return await self._llm.Complete(request, timeout=deadline, metadata=self._metadata)

    def stream(self, request: CompleteRequest, *, deadline: float) -> Stream:
        """The answer as it is made: iterate over the events; `cancel()` ends the call early."""
        return self._llm.StreamComplete(
            StreamCompleteRequest(request=request), timeout=deadline, metadata=self._metadata
        )


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
