"""The Cohere v2 chat wire."""

from __future__ import annotations

from typing import Any

import orjson
from conformance.peers import Peer
from conformance.peers.openai_chat import image_of, keep_rest, tool_of
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message, Part, ReasoningEffort, Role, ToolCall, ToolChoiceMode, ToolResult

Json = dict[str, Any]


# ── A stream as a whole answer ──────────────────────────────────────────────────────────────────────────────────


def as_whole(body: bytes) -> Any:
    """A naive merge of the events."""
    answer: Json = {}
    message: Json = {"role": "assistant"}
    logprobs: list[Json] = []
    for line in body.splitlines():
        if not line.startswith(b"data: {"):
            continue
        event = orjson.loads(line[6:])
        kind, delta = event["type"], event.get("delta", {})
        if kind == "message-start":
            answer["id"] = event["id"]
        elif kind == "message-end":
            answer |= delta
        else:
            _add(message, kind, delta.get("message", {}))
            logprobs += [event["logprobs"]] if "logprobs" in event else []
    if logprobs:
        answer["logprobs"] = logprobs
    return answer | {"message": message}


def _add(message: Json, kind: str, piece: Json) -> None:
    if kind == "content-start":
        message.setdefault("content", []).append(piece["content"])
    elif kind == "content-delta":
        _grow(message["content"][-1], piece["content"])
    elif kind == "tool-plan-delta":
        _grow(message, piece)
    elif kind == "tool-call-start":
        message.setdefault("tool_calls", []).append(piece["tool_calls"])
    elif kind == "tool-call-delta":
        _grow(message["tool_calls"][-1]["function"], piece["tool_calls"]["function"])
    elif kind == "citation-start":
        message.setdefault("citations", []).append(piece["citations"])


def _grow(whole: Json, piece: Json) -> None:
    for name, value in piece.items():
        whole[name] = whole[name] + value if name in whole else value


# ── A recorded request as one of the contract ───────────────────────────────────────────────────────────────────

_NUMBERS = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "p": "top_p",
    "k": "top_k",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
}
_READ = {
    *("model", "messages", "stream", "stop_sequences", "tools", "strict_tools", "tool_choice", "thinking"),
    "logprobs",
}


def request_of(body: Any) -> CompleteRequest:
    """The recorded body in the contract's words; what it has none for becomes an option of the provider."""
    asked = CompleteRequest(messages=[_message(message) for message in body["messages"]])
    for theirs, ours in _NUMBERS.items():
        if theirs in body:
            setattr(asked, ours, body[theirs])
    asked.stop_sequences.extend(body.get("stop_sequences", ()))
    if body.get("logprobs"):
        asked.top_logprobs = 0
    read = _READ | _NUMBERS.keys()
    tools = body.get("tools", ())
    if all("function" in tool for tool in tools):
        asked.tools.extend(tool_of(tool["function"]) for tool in tools)
    else:
        # Tools in the words of the first version of the API.
        read -= {"tools"}
    for tool in asked.tools:
        if "strict_tools" in body:
            tool.strict = body["strict_tools"]
    if "tool_choice" in body:
        asked.tool_choice.mode = ToolChoiceMode.Value(f"TOOL_CHOICE_MODE_{body['tool_choice']}")
    if "thinking" in body:
        _think(asked, body["thinking"])
    keep_rest(asked, body, read)
    return asked


def _message(message: Json) -> Message:
    role, content = message["role"], message.get("content") or []
    pieces = [{"type": "text", "text": content}] if isinstance(content, str) else content
    parts = [_part(piece) for piece in pieces if piece.get("text") != ""]
    if role == "tool":
        result = ToolResult(tool_call_id=message["tool_call_id"], parts=parts)
        return Message(role=Role.ROLE_TOOL, parts=[Part(tool_result=result)])
    for call in message.get("tool_calls", ()):
        function = call["function"]
        told = ToolCall(id=call["id"], name=function["name"], arguments_json=function["arguments"].encode())
        parts.append(Part(tool_call=told))
    return Message(role=Role.Value(f"ROLE_{role.upper()}"), parts=parts)


def _part(piece: Json) -> Part:
    if piece["type"] == "image_url":
        return Part(media=image_of(piece["image_url"]["url"], piece["image_url"].get("detail")))
    return Part(text=piece["text"])


def _think(asked: CompleteRequest, thinking: Json) -> None:
    if thinking["type"] == "disabled":
        asked.reasoning.effort = ReasoningEffort.REASONING_EFFORT_NONE
    elif "token_budget" in thinking:
        asked.reasoning.budget_tokens = thinking["token_budget"]
    else:
        asked.reasoning.include = True


NOTES = {
    "content": "one text is the same alone and in a list; a turn that only calls tools says nothing: empty is absent",
    "description": "an empty description of a tool says nothing",
    "stream": "absent and false are the same",
}


def neutral(body: Any) -> Any:
    """The body without the differences in NOTES."""
    kept = {"stream": False} | body | {"messages": [_bare(message) for message in body["messages"]]}
    if "tools" in body:
        kept["tools"] = [_described(tool) for tool in body["tools"]]
    return kept


def _bare(message: Json) -> Json:
    kept = dict(message)
    content = kept.get("content")
    if isinstance(content, list) and len(content) == 1 and content[0].keys() == {"type", "text"}:
        content = kept["content"] = content[0]["text"]
    if content == "" and "tool_calls" in kept:
        del kept["content"]
    return kept


def _described(tool: Json) -> Json:
    if "function" not in tool:
        return tool
    function = {name: value for name, value in tool["function"].items() if (name, value) != ("description", "")}
    return tool | {"function": function}


PEER = Peer(as_whole, request_of, neutral, NOTES)
