"""The channel and the caller's key; everything else is the generated stub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType

import grpc
from trunkline.v1.completion_pb2 import (
    CompleteRequest,
    CompleteResponse,
    StreamCompleteRequest,
    StreamCompleteResponse,
)
from trunkline.v1.event_pb2 import SubscribeRequest, SubscribeResponse
from trunkline.v1.event_pb2_grpc import EventServiceStub
from trunkline.v1.llm_pb2_grpc import LLMServiceStub

from trunkline_client.events import follow as follow_events

# What a server answers with at most, in bytes; gRPC alone would refuse more than 4 MiB.
_MAX_ANSWER = 16 * 1024 * 1024
_OPTIONS = (("grpc.max_receive_message_length", _MAX_ANSWER),)

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

    Use it as an async context manager. Calls raise grpc.aio.AioRpcError; see `errors.error_info`.
    """

    def __init__(
        self, target: str, key: str, *, credentials: grpc.ChannelCredentials | None = None, server_name: str = ""
    ) -> None:
        self._channel = open_channel(target, credentials, server_name)
        self._llm = LLMServiceStub(self._channel)
        self._events = EventServiceStub(self._channel)
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

    def follow(self, request: SubscribeRequest) -> AsyncIterator[SubscribeResponse]:
        """Every event after the request's cursor, through cuts: see `events.follow`. Keep the last cursor."""
        return follow_events(lambda asked: self._events.Subscribe(asked, metadata=self._metadata), request)
