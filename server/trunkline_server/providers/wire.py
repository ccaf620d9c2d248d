"""The port of the pure adapters, and what passes between them and the driver.

An adapter is a `Wire`: functions and a decoder without I/O. Its folder is `providers/<name>/`; `providers/wires.py`
lists them all; `profiles.toml` says which provider speaks which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from trunkline.v1.common_pb2 import Usage
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, StreamCompleteResponse
from trunkline.v1.llm_pb2 import EmbedRequest

from trunkline_server.domain.errors import ProviderError
from trunkline_server.domain.ports import Vectors as Vectors
from trunkline_server.providers.profiles import Profile


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole answer. Headers are found by their names in lower case, whatever their case on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class MalformedError(Exception):
    """An answer does not have the shape that the provider documents. The text names the finding, never the content."""


class Frame(NamedTuple):
    """One frame of a stream: its event's name (empty where none was given) and its data."""

    event: str
    data: bytes


class FrameTooLongError(ValueError):
    """A frame exceeds the limit."""


class FrameParser(Protocol):
    """Bytes cut anywhere in, frames out. Raises FrameTooLongError; MalformedError for bytes that are no frames.

    `completed` grows whenever bytes complete something, be it a comment: then the stream is alive.
    """

    completed: int

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        ...

    def close(self) -> list[Frame]:
        """What the end of the stream completes."""
        ...


@dataclass(slots=True)
class Subject:
    """Whom an attempt speaks to. `provider` is its id in the catalogue, `model` as the provider names it."""

    profile: Profile
    provider: str
    model: str

    @property
    def signer(self) -> str:
        """Who signs the reasoning of this model, see `Reasoning.signer` of the contract."""
        for family, signer in self.profile.signers.items():
            if family in self.model:
                return signer
        return self.profile.signer or self.provider


class Decoder(Protocol):
    """One per attempt: the answer as events. Raises ProviderError for errors inside a 200 answer, MalformedError.

    `usage` is what is known so far; `done` whether the provider's end mark came.
    """

    done: bool
    usage: Usage | None

    def feed(self, frame: Frame) -> Iterable[StreamCompleteResponse]:
        """The events of one frame."""
        ...

    def close(self) -> Iterable[StreamCompleteResponse]:
        """The stream is over; what that still tells. `done` stays false for a truncated one."""
        ...

    def whole(self, body: bytes) -> CompleteResponse:
        """A whole answer: the fold of the events that a stream of it would have given."""
        ...


@dataclass(frozen=True, slots=True)
class Embedding:
    """Embeddings of a wire. `encode` takes the request, one batch of its inputs, and the subject; `unsupported` finds
    (field path, why) of what cannot be honoured."""

    encode: Callable[[EmbedRequest, Sequence[str], Subject], bytes]
    decode: Callable[[bytes, Subject], Vectors]
    unsupported: Callable[[EmbedRequest, Subject], Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Counting:
    """The provider's own token counter. `decode` gives the number of input tokens."""

    encode: Callable[[CompleteRequest, Subject], bytes]
    decode: Callable[[bytes, Subject], int]


@dataclass(frozen=True, slots=True)
class Wire:
    """One provider API, pure.

    `encode` makes the JSON body of a call (the flag: as a stream) and raises TrunklineError UNSUPPORTED_PARAMETER or
    INVALID_REQUEST with field paths. `error` is the error of a non-2xx answer. `unsupported` finds (field path, why)
    of every option that the provider cannot honour. `parser` splits a stream, whose Accept header is `stream_type`.
    """

    encode: Callable[[CompleteRequest, Subject, bool], bytes]
    decoder: Callable[[Subject], Decoder]
    error: Callable[[HttpResponse, str], ProviderError]
    unsupported: Callable[[CompleteRequest, Profile], Sequence[tuple[str, str]]]
    parser: Callable[[], FrameParser]
    stream_type: str = "text/event-stream"
    embedding: Embedding | None = None
    counting: Counting | None = None
