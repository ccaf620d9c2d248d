"""The Converse wire of Amazon Bedrock."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from conformance.peers import Peer
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import (
    CacheHint,
    Media,
    MediaKind,
    Opaque,
    Part,
    Reasoning,
    Role,
    ToolCall,
    ToolChoice,
    ToolChoiceMode,
    ToolDefinition,
    ToolResult,
)

Json = dict[str, Any]


# ── A stream as a whole answer ──────────────────────────────────────────────────────────────────────────────────


def messages(body: bytes) -> Iterator[tuple[str, Json]]:
    """(event type, payload) of each message: lengths, checksum, headers of type 7 (a string), payload, checksum."""
    while body:
        total, headers = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
        rest, found = body[12 : 12 + headers], {}
        while rest:
            name, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
            assert rest[0] == 7
            length = int.from_bytes(rest[1:3], "big")
            found[name.decode()], rest = rest[3 : 3 + length].decode(), rest[3 + length :]
        yield found.get(":event-type", ""), orjson.loads(body[12 + headers : total - 4])
        body = body[total:]


def as_whole(body: bytes) -> Any:
    """A naive merge of the events. Arguments of a call stay the text that was streamed, because an object could not
    say how the model spelt them."""
    blocks: dict[int, list[Json]] = {}
    answer: Json = {}
    for kind, told in messages(body):
        if kind == "contentBlockStart":
            blocks.setdefault(told["contentBlockIndex"], []).append(told["start"])
        elif kind == "contentBlockDelta":
            blocks.setdefault(told["contentBlockIndex"], []).append(told["delta"])
        elif kind in ("messageStop", "metadata"):
            answer |= {name: value for name, value in told.items() if name != "p"}
    content = [_merged(blocks[place]) for place in sorted(blocks)]
    return answer | {"output": {"message": {"role": "assistant", "content": content}}}


def _merged(pieces: list[Json]) -> Json:
    sources = [piece["citation"] for piece in pieces if "citation" in piece]
    texts = "".join(piece.get("text", "") for piece in pieces)
    if sources:
        return {"citationsContent": {"content": [{"text": texts}], "citations": sources}}
    kind = next(iter(pieces[0]))
    if kind == "text":
        return {"text": texts}
    inner = [piece[kind] for piece in pieces]
    if kind == "reasoningContent":
        return {"reasoningContent": _thought(inner)}
    if kind == "toolUse":
        text = "".join(piece.get("input", "") for piece in inner)
        given: Any = text or {}
        return {"toolUse": inner[0] | {"input": orjson.loads(text) if "type" in inner[0] else given}}
    assert kind == "toolResult"
    return {"toolResult": inner[0] | {"content": [each for piece in inner[1:] for each in piece]}}


def _thought(pieces: list[Json]) -> Json:
    redacted = "".join(piece.get("redactedContent", "") for piece in pieces)
    if redacted:
        return {"redactedContent": redacted}
    thought = {name: "".join(piece.get(name, "") for piece in pieces) for name in ("text", "signature")}
    return {"reasoningText": thought if thought["signature"] else {"text": thought["text"]}}


# ── A recorded request as one of the contract ───────────────────────────────────────────────────────────────────

_CHOICES = {"auto": ToolChoiceMode.TOOL_CHOICE_MODE_AUTO, "any": ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED}
_OURS = frozenset({"messages", "system", "inferenceConfig", "toolConfig"})


def request_of(body: Json) -> CompleteRequest:
    """The request that the recorded body stands for. What the contract has no words for is an option of Bedrock."""
    request = CompleteRequest()
    inference = body.get("inferenceConfig", {})
    for theirs, ours in {"maxTokens": "max_tokens", "temperature": "temperature", "topP": "top_p"}.items():
        if theirs in inference:
            setattr(request, ours, inference[theirs])
    request.stop_sequences.extend(inference.get("stopSequences", ()))
    if body.get("system"):
        request.messages.add(role=Role.ROLE_SYSTEM, parts=_parts(body["system"]))
    for message in body["messages"]:
        parts = _parts(message["content"])
        if message["role"] == "assistant":
            request.messages.add(role=Role.ROLE_ASSISTANT, parts=parts)
            continue
        for role, some in ((Role.ROLE_TOOL, True), (Role.ROLE_USER, False)):
            chosen = [part for part in parts if part.HasField("tool_result") == some]
            if chosen:
                request.messages.add(role=role, parts=chosen)
    for tool in body.get("toolConfig", {}).get("tools", ()):
        request.tools.append(_tool(tool["toolSpec"]))
    choice = body.get("toolConfig", {}).get("toolChoice")
    if choice:
        kind = next(iter(choice))
        mode = _CHOICES.get(kind, ToolChoiceMode.TOOL_CHOICE_MODE_NAMED)
        request.tool_choice.CopyFrom(ToolChoice(mode=mode, name=choice[kind].get("name", "")))
    more = {name: value for name, value in body.items() if name not in _OURS}
    if more:
        request.provider_options_json["bedrock"] = orjson.dumps(more)
    return request


def _tool(spec: Json) -> ToolDefinition:
    schema = orjson.dumps(spec["inputSchema"]["json"])
    return ToolDefinition(name=spec["name"], description=spec.get("description", ""), parameters_schema_json=schema)


def _parts(content: list[Json]) -> list[Part]:
    parts: list[Part] = []
    for block in content:
        kind = next(iter(block))
        if kind == "cachePoint":
            long = block[kind].get("ttl") == "1h"
            parts[-1].cache_hint = CacheHint.CACHE_HINT_LONG if long else CacheHint.CACHE_HINT_SHORT
        elif kind in _READERS:
            parts.append(_READERS[kind](block[kind]))
        else:
            raw = orjson.dumps(block)
            parts.append(Part(opaque=Opaque(provider="bedrock", type=kind, raw_json=raw)))
    return parts


def _image(block: Json) -> Part:
    data = b64decode(block["source"]["bytes"])
    mime = f"image/{block['format']}"
    return Part(media=Media(kind=MediaKind.MEDIA_KIND_IMAGE, mime_type=mime, data=data))


def _call(block: Json) -> Part:
    arguments = orjson.dumps(block["input"])
    return Part(tool_call=ToolCall(id=block["toolUseId"], name=block["name"], arguments_json=arguments))


def _result(block: Json) -> Part:
    result = ToolResult(tool_call_id=block["toolUseId"], is_error=block.get("status") == "error")
    result.parts.extend(_parts(block["content"]))
    return Part(tool_result=result)


def _reasoning(block: Json) -> Part:
    thought = block["reasoningText"]
    return Part(reasoning=Reasoning(text=thought["text"], signature=thought.get("signature", "").encode()))


_READERS: dict[str, Callable[[Any], Part]] = {
    "text": lambda text: Part(text=text),
    "image": _image,
    "toolUse": _call,
    "toolResult": _result,
    "reasoningContent": _reasoning,
}


# ── What both sides must agree in ───────────────────────────────────────────────────────────────────────────────

NOTES = {
    "system, inferenceConfig": "empty they say what their absence says",
}


def neutral(body: Json) -> Json:
    """The body without the differences that the notes explain."""
    return {name: value for name, value in body.items() if value or name not in ("system", "inferenceConfig")}


PEER = Peer(as_whole, request_of, neutral, NOTES)
