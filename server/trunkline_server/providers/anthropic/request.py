"""CompleteRequest as the body of a messages call, or of a call that counts its tokens."""

from __future__ import annotations

from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import ReasoningEffort, ReasoningOptions, ResponseFormat, ToolChoice, ToolChoiceMode

from trunkline_server.domain.errors import invalid_fields
from trunkline_server.providers.anthropic import messages
from trunkline_server.providers.options import EMPTY_SCHEMA, answered, merge, parse
from trunkline_server.providers.wire import MalformedError, Subject

Json = dict[str, Any]

# The API requires a limit; this is the most that every model since Claude 3.5 takes.
DEFAULT_MAX_TOKENS = 8192
# Thinking counts towards the limit. What is added to the default for thinking that has no budget of its own.
THINKING_TOKENS = 16_384

_EFFORTS = {
    # The API knows nothing less than `low`.
    ReasoningEffort.REASONING_EFFORT_MINIMAL: "low",
    ReasoningEffort.REASONING_EFFORT_LOW: "low",
    ReasoningEffort.REASONING_EFFORT_MEDIUM: "medium",
    ReasoningEffort.REASONING_EFFORT_HIGH: "high",
}
_CHOICES = {
    ToolChoiceMode.TOOL_CHOICE_MODE_UNSPECIFIED: "auto",
    ToolChoiceMode.TOOL_CHOICE_MODE_AUTO: "auto",
    ToolChoiceMode.TOOL_CHOICE_MODE_NONE: "none",
    ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED: "any",
    ToolChoiceMode.TOOL_CHOICE_MODE_NAMED: "tool",
}
# Fields whose names are the same on both sides.
_SAME = ("temperature", "top_p", "top_k")
# What a count depends on; the counter refuses anything else.
_COUNTED = frozenset(
    {
        *("model", "system", "messages", "tools", "tool_choice", "thinking", "output_config"),
        *("cache_control", "mcp_servers", "context_management"),
    }
)


def encode(request: CompleteRequest, subject: Subject, stream: bool) -> bytes:
    """The body as JSON. Without `max_tokens` the limit is DEFAULT_MAX_TOKENS, and room for thinking where it is asked
    for. Raises TrunklineError UNSUPPORTED_PARAMETER or INVALID_REQUEST, with field paths."""
    body = _read(request, subject)
    body["max_tokens"] = request.max_tokens if request.HasField("max_tokens") else _limit(body.get("thinking"))
    for name in _SAME:
        if request.HasField(name):  # type: ignore[arg-type]
            body[name] = getattr(request, name)
    if request.stop_sequences:
        body["stop_sequences"] = list(request.stop_sequences)
    if stream:
        body["stream"] = True
    if request.provider_options_json:
        merge(body, request, subject)
    return orjson.dumps(body)


def encode_count(request: CompleteRequest, subject: Subject) -> bytes:
    """The body of a call that counts: what the model would read."""
    body = _read(request, subject)
    if request.provider_options_json:
        merge(body, request, subject)
    return orjson.dumps({name: value for name, value in body.items() if name in _COUNTED})


def decode_count(body: bytes, subject: Subject) -> int:
    """The number of input tokens. Raises MalformedError."""
    count = answered(body).get("input_tokens")
    if type(count) is not int or count < 0:
        raise MalformedError("the answer has no count")
    return count


def _read(request: CompleteRequest, subject: Subject) -> Json:
    """The part of the body that the model reads or that decides what it reads."""
    system, turns = messages.encode(request, subject.provider)
    body: Json = {"model": subject.model, "messages": turns}
    if system:
        body["system"] = system
    if request.tools:
        body["tools"] = _tools(request)
    if request.HasField("tool_choice"):
        body["tool_choice"] = _choice(request.tool_choice)
    output = _shape(request.response_format) if request.HasField("response_format") else {}
    if request.HasField("reasoning"):
        _reason(body, output, request.reasoning)
    if output:
        body["output_config"] = output
    return body


def _limit(thinking: Json | None) -> int:
    if thinking is None or thinking["type"] == "disabled":
        return DEFAULT_MAX_TOKENS
    budget: int = thinking.get("budget_tokens", THINKING_TOKENS)
    return DEFAULT_MAX_TOKENS + budget


def _tools(request: CompleteRequest) -> list[Json]:
    encoded = []
    for i, tool in enumerate(request.tools):
        schema = parse(tool.parameters_schema_json or EMPTY_SCHEMA, f"tools[{i}].parameters_schema_json")
        definition: Json = {"name": tool.name, "input_schema": schema}
        if tool.description:
            definition["description"] = tool.description
        if tool.HasField("strict"):
            definition["strict"] = tool.strict
        if tool.cache_hint in messages.CACHE:
            definition["cache_control"] = messages.CACHE[tool.cache_hint]
        encoded.append(definition)
    return encoded


def _choice(choice: ToolChoice) -> Json:
    encoded: Json = {"type": _CHOICES.get(choice.mode, "auto")}
    if choice.mode == ToolChoiceMode.TOOL_CHOICE_MODE_NAMED:
        encoded["name"] = choice.name
    # Where no tool may be called there is nothing to run in parallel, and the API has no such field.
    if choice.HasField("parallel") and encoded["type"] != "none":
        encoded["disable_parallel_tool_use"] = not choice.parallel
    return encoded


def _shape(shape: ResponseFormat) -> Json:
    """The format of the answer. The API has no name for a schema, and takes its description inside the schema."""
    if shape.WhichOneof("kind") != "json_schema":
        return {}
    path = "response_format.json_schema.schema_json"
    schema = parse(shape.json_schema.schema_json, path)
    if not isinstance(schema, dict):
        raise invalid_fields([(path, "must be a JSON object")])
    if shape.json_schema.description:
        schema.setdefault("description", shape.json_schema.description)
    return {"format": {"type": "json_schema", "schema": schema}}


def _reason(body: Json, output: Json, wanted: ReasoningOptions) -> None:
    """Thinking: with a budget, or as much as the effort suggests. To leave the reasoning out asks for none by itself:
    models that think unasked leave it out by themselves."""
    thinking: Json = {}
    if wanted.effort == ReasoningEffort.REASONING_EFFORT_NONE:
        body["thinking"] = {"type": "disabled"}
        return
    if wanted.HasField("budget_tokens"):
        thinking = {"type": "enabled", "budget_tokens": wanted.budget_tokens}
    elif wanted.effort in _EFFORTS:
        thinking = {"type": "adaptive"}
        output["effort"] = _EFFORTS[wanted.effort]
    elif wanted.include:
        thinking = {"type": "adaptive"}
    if not thinking:
        return
    if wanted.HasField("include"):
        thinking["display"] = "summarized" if wanted.include else "omitted"
    body["thinking"] = thinking
