"""Messages of the contract as input items."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind, Message, Part, Reasoning, Role, ToolCall, ToolResult

from trunkline_server.providers.openai_compatible.caching import mark
from trunkline_server.providers.openai_compatible.messages import data_url
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

_ROLES = {Role.ROLE_SYSTEM: "system", Role.ROLE_USER: "user", Role.ROLE_ASSISTANT: "assistant", Role.ROLE_TOOL: "tool"}
# Blocks that stand within a message; every other type is an item of its own.
_PIECES = frozenset({"input_text", "input_image", "input_file", "output_text", "refusal"})
_SAID = "said"


def encode(request: CompleteRequest, subject: Subject) -> tuple[str, str | list[Json]]:
    """The instructions, which are the first system message where something follows it, and the input."""
    if request.prompt:
        return "", request.prompt
    messages: Sequence[Message] = request.messages
    instructions = _instructions(messages[0]) if len(messages) > 1 else ""
    found: list[Json] = []
    for message in messages[1:] if instructions else messages:
        found += _items(message, subject)
    return instructions, found


def _instructions(message: Message) -> str:
    """The text alone; a mark for the prompt cache needs an item to stand on."""
    parts = message.parts
    plain = message.role == Role.ROLE_SYSTEM and len(parts) == 1 and not parts[0].cache_hint
    return parts[0].text if plain else ""


def _items(message: Message, subject: Subject) -> Iterator[Json]:
    own = message.role == Role.ROLE_ASSISTANT
    parts = [part for part in message.parts if not part.HasField("opaque") or part.opaque.provider == subject.provider]
    for place, group in groupby(parts, key=_place):
        if place == _SAID:
            yield {"role": _ROLES[message.role], "content": _content(group, subject, own=own)}
        elif isinstance(place, tuple):
            yield from _reasoning([part.reasoning for part in group])
        else:
            yield from (_item(part, subject) for part in group)


def _place(part: Part) -> Hashable:
    """Parts next to each other with the same place are one item; without one, each is."""
    kind = part.WhichOneof("kind")
    if kind == "reasoning":
        return "reasoning", part.reasoning.id
    if kind in ("tool_call", "tool_result") or (kind == "opaque" and part.opaque.type not in _PIECES):
        return None
    return _SAID


def _content(parts: Iterable[Part], subject: Subject, *, own: bool) -> str | list[Json]:
    """A string where there is one text, else a list. `own`: the model said it."""
    text_type = "output_text" if own else "input_text"
    pieces = [_piece(part, text_type) | mark(part, subject) for part in parts]
    if len(pieces) == 1 and pieces[0].keys() == {"type", "text"}:
        text: str = pieces[0]["text"]
        return text
    return pieces


def _piece(part: Part, text_type: str) -> Json:
    kind = part.WhichOneof("kind")
    if kind == "media":
        return _media(part.media)
    if kind == "refusal":
        return {"type": "refusal", "refusal": part.refusal}
    if kind == "opaque":
        raw: Json = orjson.loads(part.opaque.raw_json)
        return raw
    return {"type": text_type, "text": part.text}


def _media(media: Media) -> Json:
    if media.kind == MediaKind.MEDIA_KIND_IMAGE:
        image: Json = {"type": "input_image"}
        if media.detail:
            image["detail"] = media.detail
        return image | ({"file_id": media.file_id} if media.file_id else {"image_url": data_url(media)})
    if media.file_id:
        return {"type": "input_file", "file_id": media.file_id}
    if media.uri:
        return {"type": "input_file", "file_url": media.uri}
    return {"type": "input_file", "filename": media.title or "document", "file_data": data_url(media)}


def _reasoning(blocks: Sequence[Reasoning]) -> Iterator[Json]:
    """One item. Without its id it is another provider's; without any content it could only refer to an item that the
    provider stored, and it stores none."""
    summary = [{"type": "summary_text", "text": block.text} for block in blocks if block.summary and block.text]
    content = [{"type": "reasoning_text", "text": block.text} for block in blocks if block.text and not block.summary]
    encrypted = b"".join(block.redacted_data for block in blocks)
    if not blocks[0].id or not (encrypted or content):
        return
    item: Json = {"type": "reasoning", "id": blocks[0].id, "summary": summary}
    if content:
        item["content"] = content
    if encrypted:
        item["encrypted_content"] = encrypted.decode("utf-8", "replace")
    yield item


def _item(part: Part, subject: Subject) -> Json:
    kind = part.WhichOneof("kind")
    if kind == "tool_call":
        return _call(part.tool_call)
    if kind == "tool_result":
        return _result(part.tool_result, subject)
    raw: Json = orjson.loads(part.opaque.raw_json)
    return raw


def _call(call: ToolCall) -> Json:
    arguments = call.arguments_json.decode("utf-8", "replace") or "{}"
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments}


def _result(result: ToolResult, subject: Subject) -> Json:
    return {
        "type": "function_call_output",
        "call_id": result.tool_call_id,
        "output": _content(result.parts, subject, own=False) or "",
    }
