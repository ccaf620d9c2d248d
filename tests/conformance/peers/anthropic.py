"""The Anthropic messages wire."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
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
    ReasoningOptions,
    Role,
    ToolCall,
    ToolDefinition,
    ToolResult,
)

Json = dict[str, Any]


# ── A stream as a whole answer ──────────────────────────────────────────────────────────────────────────────────


def as_whole(body: bytes) -> Any:
    """A naive merge of the events. Arguments of the client's tools stay the text that was streamed, because an object
    could not say how the model spelt them."""
    answer: Json = {}
    texts: dict[int, str] = {}
    for line in body.replace(b"\r\n", b"\n").split(b"\n"):
        if not line.startswith(b"data:"):
            continue
        event = orjson.loads(line[5:])
        kind = event["type"]
        if kind == "message_start":
            answer = event["message"]
        elif kind == "content_block_start":
            assert event["index"] == len(answer["content"])
            answer["content"].append(event["content_block"])
        elif kind == "content_block_delta":
            _grow(answer["content"][event["index"]], event["delta"], texts, event["index"])
        elif kind == "message_delta":
            answer |= event["delta"]
            answer["usage"] |= event["usage"]
    for place, text in texts.items():
        block = answer["content"][place]
        if text:
            block["input"] = text if block["type"] == "tool_use" else orjson.loads(text)
    return answer


def _grow(block: Json, delta: Json, texts: dict[int, str], place: int) -> None:
    if delta["type"] == "input_json_delta":
        texts[place] = texts.get(place, "") + delta["partial_json"]
    elif delta["type"] == "citations_delta":
        block["citations"] = [*(block.get("citations") or []), delta["citation"]]
    else:
        for name, value in delta.items():
            if name != "type":
                block[name] = block[name] + value if block.get(name) else value


# ── A recorded request as one of the contract ───────────────────────────────────────────────────────────────────


def request_of(body: Json) -> CompleteRequest:
    """The request that the recorded body stands for."""
    request = CompleteRequest(model=f"anthropic/{body['model']}", max_tokens=body["max_tokens"])
    for name in ("temperature", "top_p", "top_k"):
        if name in body:
            setattr(request, name, body[name])
    request.stop_sequences.extend(body.get("stop_sequences", ()))
    if "system" in body:
        request.messages.add(role=Role.ROLE_SYSTEM, parts=_parts(body["system"]))
    for message in body["messages"]:
        parts = _parts(message["content"])
        if message["role"] == "assistant":
            request.messages.add(role=Role.ROLE_ASSISTANT, parts=parts)
            continue
        results = [part for part in parts if part.HasField("tool_result")]
        others = [part for part in parts if not part.HasField("tool_result")]
        if results:
            request.messages.add(role=Role.ROLE_TOOL, parts=results)
        if others:
            request.messages.add(role=Role.ROLE_USER, parts=others)
    for tool in body.get("tools", ()):
        schema = orjson.dumps(tool["input_schema"])
        definition = ToolDefinition(name=tool["name"], parameters_schema_json=schema, cache_hint=_hint(tool))
        definition.description = tool.get("description", "")
        request.tools.append(definition)
    if "thinking" in body:
        request.reasoning.CopyFrom(_reasoning(body["thinking"]))
    return request


def _parts(content: Any) -> list[Part]:
    if isinstance(content, str):
        return [Part(text=content)]
    parts = []
    for block in content:
        part = _READERS.get(block["type"], _whole)(block)
        part.cache_hint = _hint(block)
        parts.append(part)
    return parts


def _whole(block: Json) -> Part:
    """What the contract has no words for, such as a document that asks for citations."""
    return Part(opaque=Opaque(provider="anthropic", type=block["type"], raw_json=orjson.dumps(block)))


def _call(block: Json) -> Part:
    arguments = orjson.dumps(block["input"])
    return Part(tool_call=ToolCall(id=block["id"], name=block["name"], arguments_json=arguments))


def _result(block: Json) -> Part:
    parts = _parts(block.get("content", []))
    error = block.get("is_error", False)
    return Part(tool_result=ToolResult(tool_call_id=block["tool_use_id"], parts=parts, is_error=error))


def _image(block: Json) -> Part:
    source = block["source"]
    if source["type"] == "url":
        return Part(media=Media(kind=MediaKind.MEDIA_KIND_IMAGE, uri=source["url"]))
    data = b64decode(source["data"])
    return Part(media=Media(kind=MediaKind.MEDIA_KIND_IMAGE, mime_type=source["media_type"], data=data))


_READERS: dict[str, Callable[[Json], Part]] = {
    "text": lambda block: Part(text=block["text"]),
    "image": _image,
    "tool_use": _call,
    "tool_result": _result,
    "thinking": lambda block: Part(
        reasoning=Reasoning(text=block["thinking"], signature=block["signature"].encode()),
    ),
    "redacted_thinking": lambda block: Part(reasoning=Reasoning(redacted_data=block["data"].encode())),
}


def _hint(block: Json) -> CacheHint.ValueType:
    control = block.get("cache_control")
    if not control:
        return CacheHint.CACHE_HINT_UNSPECIFIED
    return CacheHint.CACHE_HINT_LONG if control.get("ttl") == "1h" else CacheHint.CACHE_HINT_SHORT


def _reasoning(thinking: Json) -> ReasoningOptions:
    wanted = ReasoningOptions()
    if "budget_tokens" in thinking:
        wanted.budget_tokens = thinking["budget_tokens"]
    if "display" in thinking:
        wanted.include = thinking["display"] == "summarized"
    return wanted


# ── What both sides must agree in ───────────────────────────────────────────────────────────────────────────────

NOTES = {
    "content": "a string is the API's shorthand for one block of text",
    "stream": "false is the API's default",
}


def neutral(body: Json) -> Json:
    """The body without the differences that the notes explain."""
    found = {name: value for name, value in body.items() if name != "stream" or value}
    found["messages"] = [message | {"content": _blocks(message["content"])} for message in body["messages"]]
    if "system" in body:
        found["system"] = _blocks(body["system"])
    return found


def _blocks(content: Any) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block | {"content": _blocks(block["content"])} if "content" in block else block for block in content]


PEER = Peer(as_whole, request_of, neutral, NOTES)
