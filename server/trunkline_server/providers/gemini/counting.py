"""The token counter."""

from __future__ import annotations

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest

from trunkline_server.providers.gemini.dialect import vertex
from trunkline_server.providers.gemini.request import body_of
from trunkline_server.providers.options import answered
from trunkline_server.providers.wire import Counting, MalformedError, Subject

# What the counter of Vertex AI takes; that of AI Studio takes the whole request.
_COUNTED = frozenset({"contents", "systemInstruction", "tools", "generationConfig"})


def encode(request: CompleteRequest, subject: Subject) -> bytes:
    """The body of a countTokens call."""
    body = body_of(request, subject)
    if vertex(subject.profile):
        return orjson.dumps({name: value for name, value in body.items() if name in _COUNTED})
    return orjson.dumps({"generateContentRequest": {"model": f"models/{subject.model}"} | body})


def decode(body: bytes, subject: Subject) -> int:
    """The number of input tokens. Raises MalformedError."""
    count = answered(body).get("totalTokens", 0)
    if type(count) is not int or count < 0:
        raise MalformedError("the answer has no count")
    return count


COUNTING = Counting(encode=encode, decode=decode)
