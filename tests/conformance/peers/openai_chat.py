"""The chat completions wire."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from typing import Any

import orjson
from conformance.peers import Peer
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import (
    CacheHint,
    Media,
    MediaKind,
    Message,
    Part,
    ReasoningEffort,
    Role,
    ToolChoice,
    ToolChoiceMode,
    ToolDefinition,
    ToolResult,
)


def as_whole(body: bytes) -> Any:
    """A naive merge of the chunks."""
    answer: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for line in body.splitlines():
        if not line.startswith(b"data: {"):
            continue
        chunk = orjson.loads(line[6:])
        answer |= {name: value for name, value in chunk.items() if name != "choices" and value}
        for choice in chunk["choices"]:
            kept = choices.setdefault(choice["index"], {"index": choice["index"], "message": {}})
            kept |= {k: v for k, v in choice.items() if k not in ("delta", "message", "index") and v}
            message = kept["message"]
            for name, value in choice["delta"].items():
                if name == "tool_calls":
                    _merge_calls(message.setdefault("tool_calls", {}), value)
                elif isinstance(value, list):
                    before = message.get(name) or []
                    message[name] = (_pieces(before) if name == "content" else before) + value
                elif name == "content" and isinstance(message.get(name), list):
                    message[name] += _pieces(value)
                elif isinstance(value, str) and name != "role":
                    message[name] = message.get(name, "") + value
    for choice in choices.values():
        if "tool_calls" in choice["message"]:
            choice["message"]["tool_calls"] = list(choice["message"]["tool_calls"].values())
    return answer | {"choices": list(choices.values())}


def _pieces(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _merge_calls(calls: dict[int, Any], deltas: list[Any]) -> None:
    for delta in deltas:
        call = calls.setdefault(delta["index"], {"id": delta.get("id"), "function": {"name": "", "arguments": ""}})
        for name in ("name", "arguments"):
            call["function"][name] += delta["function"].get(name) or ""


# What `request_of` reads, or what the call itself decides.
_READ = {
    *("model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls", "n", "stop"),
    *("response_format", "reasoning_effort", "reasoning"),
}
# Fields of the body and of the request.
_NUMBERS = {
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
    "random_seed": "seed",
    "top_logprobs": "top_logprobs",
}


def request_of(body: Any) -> CompleteRequest:
    """The recorded body in the contract's words; fields that are one provider's own become its options."""
    asked = CompleteRequest(messages=[_message(message) for message in body["messages"]])
    for theirs, ours in _NUMBERS.items():
        if theirs in body:
            setattr(asked, ours, body[theirs])
    if body.get("n", 1) > 1:
        asked.candidate_count = body["n"]
    stop = body.get("stop") or ()
    asked.stop_sequences.extend([stop] if isinstance(stop, str) else stop)
    asked.tools.extend(tool_of(tool["function"]) for tool in body.get("tools", ()))
    choose(asked.tool_choice, body, "function")
    shape(asked, body.get("response_format", {}), "json_schema")
    reasoning = body.get("reasoning", {})
    if effort := body.get("reasoning_effort") or reasoning.get("effort"):
        asked.reasoning.effort = effort_of(effort)
    if "max_tokens" in reasoning:
        asked.reasoning.budget_tokens = reasoning["max_tokens"]
    if "exclude" in reasoning:
        asked.reasoning.include = not reasoning["exclude"]
    keep_rest(asked, body, _READ | _NUMBERS.keys())
    return asked


def keep_rest(asked: CompleteRequest, body: Any, read: Iterable[str]) -> None:
    """What is not read becomes options of the provider, whoever it is."""
    rest = {name: body[name] for name in body.keys() - set(read)}
    if rest:
        asked.provider_options_json["it"] = orjson.dumps(rest)


def _message(message: Any) -> Message:
    role = message["role"]
    parts = [_part(piece) for piece in _pieces(message.get("content") or [])]
    if role == "tool":
        result = ToolResult(tool_call_id=message["tool_call_id"], parts=parts)
        return Message(role=Role.ROLE_TOOL, parts=[Part(tool_result=result)])
    for call in message.get("tool_calls", ()):
        part = Part()
        part.tool_call.id, part.tool_call.name = call["id"], call["function"]["name"]
        part.tool_call.arguments_json = call["function"]["arguments"].encode()
        parts.append(part)
    return Message(role=Role.Value(f"ROLE_{role.upper()}"), parts=parts, name=message.get("name", ""))


def _part(piece: Any) -> Part:
    if piece["type"] == "image_url":
        return Part(media=image_of(piece["image_url"]["url"], piece["image_url"].get("detail")))
    hint = CacheHint.CACHE_HINT_SHORT if "prompt_cache_breakpoint" in piece else CacheHint.CACHE_HINT_UNSPECIFIED
    return Part(text=piece["text"], cache_hint=hint)


def image_of(url: str, detail: str | None) -> Media:
    """An image by its address or as a data URL."""
    if not url.startswith("data:"):
        return Media(kind=MediaKind.MEDIA_KIND_IMAGE, uri=url, detail=detail or "")
    mime, _, data = url.removeprefix("data:").partition(";base64,")
    return Media(kind=MediaKind.MEDIA_KIND_IMAGE, mime_type=mime, data=b64decode(data), detail=detail or "")


def tool_of(function: Any) -> ToolDefinition:
    """A function that is offered."""
    tool = ToolDefinition(name=function["name"], description=function.get("description", ""))
    tool.parameters_schema_json = orjson.dumps(function["parameters"])
    if "strict" in function:
        tool.strict = function["strict"]
    return tool


def choose(choice: ToolChoice, body: Any, within: str) -> None:
    """The use of tools; a named one is named `within` the choice, or in it where that is empty."""
    wanted = body.get("tool_choice")
    if isinstance(wanted, dict):
        choice.mode, choice.name = ToolChoiceMode.TOOL_CHOICE_MODE_NAMED, (wanted[within] if within else wanted)["name"]
    elif wanted:
        choice.mode = ToolChoiceMode.Value(f"TOOL_CHOICE_MODE_{wanted.upper()}")
    if "parallel_tool_calls" in body:
        choice.parallel = body["parallel_tool_calls"]


def shape(asked: CompleteRequest, wanted: Any, within: str) -> None:
    """The shape of the answer; a schema is described `within` it, or by it where that is empty."""
    if wanted.get("type") == "json_object":
        asked.response_format.json_object.SetInParent()
    elif wanted.get("type") == "json_schema":
        schema = wanted[within] if within else wanted
        ours = asked.response_format.json_schema
        ours.name, ours.description = schema["name"], schema.get("description", "")
        ours.schema_json = orjson.dumps(schema["schema"])
        if "strict" in schema:
            ours.strict = schema["strict"]


def effort_of(effort: str) -> ReasoningEffort.ValueType:
    """How much to think."""
    return ReasoningEffort.Value(f"REASONING_EFFORT_{effort.upper()}")


NOTES = {
    "n": "one answer is what every provider makes unless told otherwise",
    "stream": "absent and false are the same",
    "stream_options": "Trunkline asks for the usage of every stream",
    "description": "an empty description of a tool says nothing",
    "content": "a turn that only calls tools has no content: null and absent are the same",
}


def neutral(body: Any) -> Any:
    """The body without the differences in NOTES."""
    kept = {name: value for name, value in body.items() if name != "stream_options"}
    for name, default in (("n", 1), ("stream", False)):
        if kept.get(name) == default:
            del kept[name]
    kept["messages"] = [{k: v for k, v in message.items() if v is not None} for message in body["messages"]]
    if "tools" in body:
        kept["tools"] = [_described(tool) for tool in body["tools"]]
    return kept


def _described(tool: Any) -> Any:
    function = {name: value for name, value in tool["function"].items() if (name, value) != ("description", "")}
    return tool | {"function": function}


PEER = Peer(as_whole, request_of, neutral, NOTES)
