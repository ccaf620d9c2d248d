"""The generateContent wire."""

from __future__ import annotations

from typing import Any

import orjson
from conformance.peers import Peer
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import Message, Part, ReasoningEffort, Role, ToolCall, ToolDefinition, ToolResult

Json = dict[str, Any]


def as_whole(body: bytes) -> Any:
    """A naive merge of the chunks: parts follow one another, everything else is told by the last chunk that tells."""
    answer: Json = {}
    candidates: dict[int, Json] = {}
    for line in body.splitlines():
        if not line.startswith(b"data: "):
            continue
        chunk = orjson.loads(line[6:])
        answer |= {name: value for name, value in chunk.items() if name != "candidates"}
        for candidate in chunk.get("candidates", ()):
            kept = candidates.setdefault(candidate.get("index", 0), {"content": {"role": "model", "parts": []}})
            kept |= {name: value for name, value in candidate.items() if name != "content"}
            for part in candidate.get("content", {}).get("parts", ()):
                _join(kept["content"]["parts"], part)
    return answer | {"candidates": list(candidates.values())}


def _join(parts: list[Json], part: Json) -> None:
    """Plain text goes on where plain text stood."""
    last = parts[-1] if parts else {}
    if last.keys() == part.keys() == {"text"}:
        parts[-1] = {"text": last["text"] + part["text"]}
    else:
        parts.append(part)


_NUMBERS = {
    "maxOutputTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "seed": "seed",
}
_EFFORTS = {"LOW": ReasoningEffort.REASONING_EFFORT_LOW, "HIGH": ReasoningEffort.REASONING_EFFORT_HIGH}
_SCHEMAS = ("parametersJsonSchema", "parameters")


def request_of(body: Any) -> CompleteRequest:
    """The recorded body in the contract's words; what it has none for becomes an option of the provider."""
    asked = CompleteRequest()
    rest = {name: value for name, value in body.items() if name not in ("contents", "systemInstruction", "tools")}
    if "systemInstruction" in body:
        texts = [Part(text=part["text"]) for part in body["systemInstruction"]["parts"]]
        asked.messages.append(Message(role=Role.ROLE_SYSTEM, parts=texts))
    for place, content in enumerate(body["contents"]):
        asked.messages.append(_message(content, place))
    others = []
    for tool in body.get("tools", ()):
        asked.tools.extend(_tool(one) for one in tool.get("functionDeclarations", ()))
        if left := {name: value for name, value in tool.items() if name != "functionDeclarations"}:
            others.append(left)
    if others:
        rest["tools"] = others
    config = dict(rest.pop("generationConfig", {}))
    _config(asked, config)
    if config:
        rest["generationConfig"] = config
    if rest:
        asked.provider_options_json["gemini"] = orjson.dumps(rest)
    return asked


def _message(content: Json, place: int) -> Message:
    parts = [_part(part, place) for part in content["parts"]]
    if any(part.HasField("tool_result") for part in parts):
        return Message(role=Role.ROLE_TOOL, parts=parts)
    return Message(role=Role.ROLE_ASSISTANT if content["role"] == "model" else Role.ROLE_USER, parts=parts)


def _part(part: Json, place: int) -> Part:
    if "text" in part:
        return Part(text=part["text"])
    if "functionCall" in part:
        call = part["functionCall"]
        return Part(
            tool_call=ToolCall(
                id=f"call_x_0_{place}",
                name=call["name"],
                arguments_json=orjson.dumps(call["args"]),
                signature=part.get("thoughtSignature", "").encode(),
            )
        )
    told = part["functionResponse"]
    said = Part(text=orjson.dumps(told["response"]).decode())
    return Part(tool_result=ToolResult(tool_call_id=f"call_x_0_{place - 1}", name=told["name"], parts=[said]))


def _tool(one: Json) -> ToolDefinition:
    schema = next(one[name] for name in _SCHEMAS if name in one)
    return ToolDefinition(
        name=one["name"], description=one.get("description", ""), parameters_schema_json=orjson.dumps(schema)
    )


def _config(asked: CompleteRequest, config: Json) -> None:
    """Takes out of the config what the contract has words for."""
    for theirs, ours in _NUMBERS.items():
        if theirs in config:
            setattr(asked, ours, config.pop(theirs))
    if "responseSchema" in config:
        asked.response_format.json_schema.name = "answer"
        asked.response_format.json_schema.schema_json = orjson.dumps(config.pop("responseSchema"))
        config.pop("responseMimeType")
    if "thinkingConfig" in config:
        thinking = config.pop("thinkingConfig")
        asked.reasoning.effort = _EFFORTS[thinking["thinkingLevel"].upper()]
        asked.reasoning.include = thinking["includeThoughts"]


_RENAMED = {"parameters": "parametersJsonSchema", "responseSchema": "responseJsonSchema"}


def neutral(body: Any) -> Any:
    """What both sides must agree in."""
    found = _neutral(body)
    found.get("systemInstruction", {}).pop("role", None)
    if not found.get("generationConfig", True):
        del found["generationConfig"]
    return found


def _neutral(value: Any) -> Any:
    if isinstance(value, list):
        return [_neutral(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {_RENAMED.get(name, name): _neutral(one) for name, one in value.items()}
    if isinstance(found.get("thinkingLevel"), str):
        found["thinkingLevel"] = found["thinkingLevel"].upper()
    if found.get("description") == "":
        del found["description"]
    return found


PEER = Peer(
    as_whole,
    request_of,
    neutral,
    {
        "parameters": "an OpenAPI dialect of the schema; parametersJsonSchema takes the JSON Schema itself",
        "responseSchema": "likewise, responseJsonSchema",
        "systemInstruction.role": "ignored by the API",
        "generationConfig": "an empty object says nothing",
        "thinkingLevel": "an enum, read in either case",
        "description": "an empty one says nothing",
    },
)
