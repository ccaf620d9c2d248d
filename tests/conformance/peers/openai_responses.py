"""The Responses wire."""

from __future__ import annotations

from typing import Any

import orjson
from conformance.peers import Peer
from conformance.peers.openai_chat import choose, effort_of, image_of, keep_rest, shape, tool_of
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message, Part, Role, ToolCall, ToolResult


def as_whole(body: bytes) -> Any:
    """The response of the last event, with the items as they were when each was done: what is encrypted is encrypted
    anew each time it is told."""
    response: dict[str, Any] = {}
    done: dict[int, Any] = {}
    for line in body.splitlines():
        if not line.startswith(b"data: {"):
            continue
        event = orjson.loads(line[6:])
        response = event.get("response") or response
        if event["type"] == "response.output_item.done":
            done[event["output_index"]] = event["item"]
    output = response["output"]
    return response | {"output": [done.get(place, item) for place, item in enumerate(output)]}


# What `request_of` reads, or what the call itself decides.
_READ = {"model", "input", "instructions", "stream", "store", "tool_choice", "parallel_tool_calls", "text"}
_NUMBERS = {
    "max_output_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_logprobs": "top_logprobs",
}
_ENCRYPTED, _LOGPROBS = "reasoning.encrypted_content", "message.output_text.logprobs"


def request_of(body: Any) -> CompleteRequest:
    """The recorded body in the contract's words; what is the provider's own becomes its options."""
    asked = CompleteRequest()
    if "instructions" in body:
        asked.messages.add(role=Role.ROLE_SYSTEM, parts=[Part(text=body["instructions"])])
    said = body["input"]
    asked.messages.extend(_message(item) for item in ([{"role": "user", "content": said}] if _text(said) else said))
    for theirs, ours in _NUMBERS.items():
        if theirs in body:
            setattr(asked, ours, body[theirs])
    choose(asked.tool_choice, body, "")
    shape(asked, body.get("text", {}).get("format", {}), "")
    read = _READ | _NUMBERS.keys()
    tools = body.get("tools", [])
    if all(tool["type"] == "function" for tool in tools):
        asked.tools.extend(tool_of(tool) for tool in tools)
        read.add("tools")
    reasoning = body.get("reasoning", {})
    if reasoning.keys() <= {"effort", "summary"}:
        read.add("reasoning")
        if "effort" in reasoning:
            asked.reasoning.effort = effort_of(reasoning["effort"])
        if "summary" in reasoning:
            asked.reasoning.include = True
    include = body.get("include", [])
    if _ENCRYPTED in include:
        asked.reasoning.SetInParent()
    theirs = [name for name in include if name not in (_ENCRYPTED, _LOGPROBS)]
    keep_rest(asked, body | ({"include": theirs} if theirs else {}), read if theirs else read | {"include"})
    return asked


def _text(said: Any) -> bool:
    return isinstance(said, str)


def _message(item: Any) -> Message:
    kind = item.get("type", "message")
    if kind == "function_call":
        call = ToolCall(id=item["call_id"], name=item["name"], arguments_json=item["arguments"].encode())
        return Message(role=Role.ROLE_ASSISTANT, parts=[Part(tool_call=call)])
    if kind == "function_call_output":
        result = ToolResult(tool_call_id=item["call_id"], parts=_parts(item["output"]))
        return Message(role=Role.ROLE_TOOL, parts=[Part(tool_result=result)])
    return Message(role=Role.Value(f"ROLE_{item['role'].upper()}"), parts=_parts(item["content"]))


def _parts(content: Any) -> list[Part]:
    if _text(content):
        return [Part(text=content)]
    return [
        Part(media=image_of(piece["image_url"], piece.get("detail")))
        if piece["type"] == "input_image"
        else Part(text=piece["text"])
        for piece in content
    ]


NOTES = {
    "store": "Trunkline keeps nothing with the provider; absent, the API would keep it",
    "stream": "absent and false are the same",
    "input": "a text alone is one message of the user",
    "type": "an item with a role is a message, and what is sent is complete",
    "include": "the order of what is included says nothing",
}


def neutral(body: Any) -> Any:
    """The body without the differences in NOTES."""
    kept = {name: value for name, value in body.items() if name != "store" and (name, value) != ("stream", False)}
    if "include" in body:
        kept["include"] = sorted(body["include"])
    said = body["input"]
    if _text(said):
        said = [{"role": "user", "content": said}]
    kept["input"] = [_plain(item) if "role" in item else item for item in said]
    return kept


def _plain(item: Any) -> Any:
    return {name: value for name, value in item.items() if (name, value) not in _IMPLIED}


_IMPLIED = [("type", "message"), ("status", "completed")]
PEER = Peer(as_whole, request_of, neutral, NOTES)
