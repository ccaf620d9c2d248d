"""What identical calls share: which calls are identical, and what an answer says to a caller that did not make it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from google.protobuf.message import Message
from trunkline.v1.completion_pb2 import CompleteResponse, Finished, StreamCompleteResponse

from trunkline_server.domain.money import to_money

# Answers of more bytes in all are neither kept nor shared between servers: Redis is no place for them.
MAX_SHARED_BYTES = 1 << 20

# How a caller reads a stream is no part of what it asks for.
_READING = ("last_sequence", "resume_window")
# What calls that share an upstream call may differ in, besides.
_OWN = ("request_id", "context", "priority", "coalesce")


def digest(request: Message) -> bytes:
    """SHA-256 of what the request asks for: equal for repetitions of one `request_id`."""
    return _digest(request, ())


def coalescing_digest(request: Message) -> bytes:
    """SHA-256 of the request without what callers that share one upstream call may differ in."""
    return _digest(request, _OWN)


def as_shared(message: Message, request_id: str, trace_id: str) -> Message:
    """The message as a caller gets it whose call was made by an identical one: free of charge, with its own ids, and
    naming the call that bears the cost. The message itself is left as it is."""
    if isinstance(message, CompleteResponse):
        answer = CompleteResponse()
        answer.CopyFrom(message)
        _rewrite(answer, request_id, trace_id)
        return answer
    if isinstance(message, StreamCompleteResponse) and message.HasField("finished"):
        event = StreamCompleteResponse()
        event.CopyFrom(message)
        _rewrite(event.finished, request_id, trace_id)
        return event
    return message


def _rewrite(answer: CompleteResponse | Finished, request_id: str, trace_id: str) -> None:
    answer.shared = True
    answer.cache.origin_request_id = answer.request_id
    answer.cache.saved_nano_usd = answer.cost_details.nano_usd
    answer.cost.CopyFrom(to_money(0))
    answer.ClearField("cost_details")
    answer.request_id, answer.trace_id = request_id, trace_id


def _digest(request: Message, left_out: Iterable[str]) -> bytes:
    asked = type(request)()
    asked.CopyFrom(request)
    for part in (asked, getattr(asked, "request", asked)):
        for name in (*_READING, *left_out):
            if name in part.DESCRIPTOR.fields_by_name:
                part.ClearField(name)
    return hashlib.sha256(asked.SerializeToString(deterministic=True)).digest()
