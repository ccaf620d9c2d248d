"""Messages of the contract as Cohere's chat messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind, Message, Part, Reasoning, Role, ToolCall

from trunkline_server.providers.cohere import documents
from trunkline_server.providers.openai_compatible.messages import data_url

Json = dict[str, Any]

# The id by which the plan before tool calls is told from thoughts: each goes back to where it came from.
PLAN = "tool_plan"
_ROLES = {Role.ROLE_SYSTEM: "system", Role.ROLE_USER: "user"}


def encode(request: CompleteRequest, provider: str) -> list[Json]:
    """The chat messages; tool results become one message each."""
    if request.prompt:
        return [{"role": "user", "content": request.prompt}]
    found: list[Json] = []
    for message in request.messages:
        if message.role == Role.ROLE_ASSISTANT:
            found.append(_assistant(message, provider))
        elif message.role == Role.ROLE_TOOL:
            found += _tool_results(message.parts, provider)
        else:
            found.append({"role": _ROLES[message.role], "content": _content(message.parts, provider)})
    return found


def _content(parts: Iterable[Part], provider: str) -> str | list[Json]:
    """A string where there is one text, else a list of blocks."""
    pieces = [piece for part in parts if (piece := _piece(part, provider)) is not None]
    if not pieces:
        return ""
    if len(pieces) == 1 and pieces[0].keys() == {"type", "text"}:
        text: str = pieces[0]["text"]
        return text
    return pieces


def _piece(part: Part, provider: str) -> Json | None:
    """A block of content; documents stand beside the messages."""
    kind = part.WhichOneof("kind")
    if kind == "text":
        return {"type": "text", "text": part.text}
    if kind == "refusal":
        return {"type": "text", "text": part.refusal}
    if kind == "media" and part.media.kind == MediaKind.MEDIA_KIND_IMAGE:
        return _image(part.media)
    if kind == "reasoning" and _is_thought(part.reasoning):
        return {"type": "thinking", "thinking": part.reasoning.text}
    if kind == "opaque" and part.opaque.provider == provider:
        raw: Json = orjson.loads(part.opaque.raw_json)
        return raw
    return None


def _image(media: Media) -> Json:
    image: Json = {"url": data_url(media)}
    if media.detail:
        image["detail"] = media.detail
    return {"type": "image_url", "image_url": image}


def _is_thought(reasoning: Reasoning) -> bool:
    """Cohere signs nothing: what is signed or encrypted is another provider's."""
    return bool(reasoning.text) and reasoning.id != PLAN and not (reasoning.signature or reasoning.redacted_data)


def _assistant(message: Message, provider: str) -> Json:
    encoded: Json = {"role": "assistant"}
    content = _content(message.parts, provider)
    plan = "".join(part.reasoning.text for part in message.parts if part.reasoning.id == PLAN)
    calls = [_call(part.tool_call) for part in message.parts if part.HasField("tool_call")]
    if plan:
        encoded["tool_plan"] = plan
    if calls:
        encoded["tool_calls"] = calls
    if content or not (plan or calls):
        encoded["content"] = content
    return encoded


def _call(call: ToolCall) -> Json:
    arguments = call.arguments_json.decode("utf-8", "replace") or "{}"
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _tool_results(parts: Iterable[Part], provider: str) -> Iterator[Json]:
    for part in parts:
        result = part.tool_result
        yield {"role": "tool", "tool_call_id": result.tool_call_id, "content": _result(result.parts, provider)}


def _result(parts: Iterable[Part], provider: str) -> str | list[Json]:
    """Text, or blocks with the documents that the tool found."""
    pieces = list(parts)
    if not any(piece.HasField("media") for piece in pieces):
        return _content(pieces, provider)
    encoded = (_document(piece.media) if piece.HasField("media") else _piece(piece, provider) for piece in pieces)
    return [block for block in encoded if block is not None]


def _document(media: Media) -> Json:
    return {"type": "document", "document": {"data": documents.content(media)}}
