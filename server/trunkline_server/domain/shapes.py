"""The shape of a request: all that decides whether a provider can honour it, where that is little."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message

# Fields whose values say nothing of that, whatever they are.
_SILENT = frozenset(
    (
        *("request_id", "model", "model_requirements", "prompt", "max_tokens", "cache", "recovery", "priority"),
        *("context", "coalesce", "routing"),
    )
)
# Fields that are part of the shape.
_SHAPING = ("temperature", "top_p")
# A longer conversation has a shape of its own.
_MOST_MESSAGES = 16


def shape_of(request: CompleteRequest) -> Hashable | None:
    """What requests have in common of which a provider honours all or none; None for one that uses more than text and
    the usual options."""
    shaping: list[tuple[str, float]] = []
    messages: Sequence[Message] = ()
    for field, value in request.ListFields():
        name = field.name
        if name in _SILENT:
            continue
        if name in _SHAPING:
            shaping.append((name, value))
        elif name == "messages":
            messages = value
        else:
            return None
    if len(messages) > _MOST_MESSAGES:
        return None
    turns = []
    for message in messages:
        if message.name:
            return None
        for part in message.parts:
            if part.WhichOneof("kind") != "text":
                return None
        turns.append((message.role, len(message.parts), all(part.text.strip() for part in message.parts)))
    return tuple(shaping), tuple(turns)
