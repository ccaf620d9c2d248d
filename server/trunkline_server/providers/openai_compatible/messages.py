"""Messages of the contract as chat messages."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Media, MediaKind, Message, Part, Role, ToolCall

from trunkline_server.providers.openai_compatible.caching import mark
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

_ROLES = {Role.ROLE_SYSTEM: "system", Role.ROLE_USER: "user", Role.ROLE_ASSISTANT: "assistant", Role.ROLE_TOOL: "tool"}
_AUDIO_FORMATS = {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/x-wav": "wav", "audio/wave": "wav"}


def encode(request: CompleteRequest, subject: Subject) -> list[Json]:
    """The chat messages; tool results become one message each."""
    if request.prompt:
        return [{"role": "user", "content": request.prompt}]
    found: list[Json] = []
    for message in request.messages:
        if message.role == Role.ROLE_ASSISTANT:
            found.append(_assistant(message, subject))
        elif message.role == Role.ROLE_TOOL:
            found += _tool_results(message.parts, subject)
        else:
            found.append(_plain(message, subject))
    return found


def _plain(message: Message, subject: Subject) -> Json:
    encoded: Json = {"role": _ROLES[message.role], "content": _content(message.parts, subject)}
    if message.name:
        encoded["name"] = message.name
    return encoded


def _content(parts: Iterable[Part], subject: Subject) -> str | list[Json]:
    """A string where there is one text, else a list of content parts."""
    pieces = [
        piece | mark(part, subject) if part.cache_hint else piece
        for part in parts
        if (piece := _piece(part, subject.provider)) is not None
    ]
    if len(pieces) == 1 and pieces[0].keys() == {"type", "text"}:
        text: str = pieces[0]["text"]
        return text
    return pieces


def _piece(part: Part, provider: str) -> Json | None:
    kind = part.WhichOneof("kind")
    if kind == "text":
        return {"type": "text", "text": part.text}
    if kind == "media":
        return _media(part.media)
    if kind == "refusal":
        return {"type": "refusal", "refusal": part.refusal}
    if kind == "opaque" and part.opaque.provider == provider:
        raw: Json = orjson.loads(part.opaque.raw_json)
        return raw
    return None


def _media(media: Media) -> Json:
    if media.kind == MediaKind.MEDIA_KIND_IMAGE:
        image: Json = {"url": data_url(media)}
        if media.detail:
            image["detail"] = media.detail
        return {"type": "image_url", "image_url": image}
    if media.kind == MediaKind.MEDIA_KIND_AUDIO:
        form = _AUDIO_FORMATS.get(media.mime_type) or media.mime_type.partition("/")[2]
        return {"type": "input_audio", "input_audio": {"data": b64encode(media.data).decode(), "format": form}}
    if media.kind == MediaKind.MEDIA_KIND_DOCUMENT:
        return {"type": "file", "file": _file(media)}
    return {"type": "video_url", "video_url": {"url": data_url(media)}}


def _file(media: Media) -> Json:
    if media.file_id:
        return {"file_id": media.file_id}
    return {"filename": media.title or "document", "file_data": data_url(media)}


def data_url(media: Media) -> str:
    """The address, or the bytes as a data URL."""
    return media.uri or f"data:{media.mime_type};base64,{b64encode(media.data).decode()}"


def _assistant(message: Message, subject: Subject) -> Json:
    encoded: Json = {"role": "assistant"}
    calls = [_call(part.tool_call) for part in message.parts if part.HasField("tool_call")]
    content = _content(message.parts, subject)
    # A turn that only calls tools has null content, not an empty list.
    encoded["content"] = content if content or not calls else None
    if message.name:
        encoded["name"] = message.name
    if calls:
        encoded["tool_calls"] = calls
    if subject.profile.reasoning_field:
        thought = "".join(part.reasoning.text for part in message.parts if part.HasField("reasoning"))
        if thought:
            encoded[subject.profile.reasoning_field] = thought
    return encoded


def _call(call: ToolCall) -> Json:
    arguments = call.arguments_json.decode("utf-8", "replace") or "{}"
    encoded: Json = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}
    if call.signature:
        encoded["extra_content"] = {"google": {"thought_signature": call.signature.decode("utf-8", "replace")}}
    return encoded


def _tool_results(parts: Iterable[Part], subject: Subject) -> Iterable[Json]:
    for part in parts:
        result = part.tool_result
        yield {"role": "tool", "tool_call_id": result.tool_call_id, "content": _content(result.parts, subject) or ""}
