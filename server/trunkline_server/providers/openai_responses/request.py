"""CompleteRequest as the body of a Responses call, and of a count of its input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import (
    ReasoningEffort,
    ReasoningOptions,
    ResponseFormat,
    Role,
    ToolChoice,
    ToolChoiceMode,
    ToolDefinition,
)

from trunkline_server.providers import options
from trunkline_server.providers.openai_compatible.request import CHOICES, EFFORTS
from trunkline_server.providers.openai_responses import items
from trunkline_server.providers.options import EMPTY_SCHEMA, merge, parse
from trunkline_server.providers.profiles import Profile
from trunkline_server.providers.wire import MalformedError, Subject

Json = dict[str, Any]

_ENCRYPTED = "reasoning.encrypted_content"
_LOGPROBS = "message.output_text.logprobs"
# What the count takes of the body.
_COUNTED = frozenset(
    {
        *("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning"),
        *("truncation", "previous_response_id", "conversation"),
    }
)


def encode(request: CompleteRequest, subject: Subject, stream: bool) -> bytes:
    """The body as JSON. Raises TrunklineError UNSUPPORTED_PARAMETER or INVALID_REQUEST, with field paths."""
    body = _body(request, subject)
    if stream:
        body["stream"] = True
    return orjson.dumps(body)


def encode_count(request: CompleteRequest, subject: Subject) -> bytes:
    """The body of a count of the request's input."""
    return orjson.dumps({name: value for name, value in _body(request, subject).items() if name in _COUNTED})


def decode_count(body: bytes, subject: Subject) -> int:
    """The number of input tokens. Raises MalformedError."""
    count = options.answered(body).get("input_tokens")
    if type(count) is not int or count < 0:
        raise MalformedError("the answer has no count")
    return count


def unsupported(request: CompleteRequest, profile: Profile) -> Sequence[tuple[str, str]]:
    """What the profile lacks, and media in the model's own turns, which hold text and refusals only."""
    found = list(options.unsupported(request, profile))
    for i, message in enumerate(request.messages):
        if message.role == Role.ROLE_ASSISTANT:
            why = f"{profile.display_name} takes no media in the assistant's turns"
            media = [j for j, part in enumerate(message.parts) if part.HasField("media")]
            found += [(f"messages[{i}].parts[{j}].media", why) for j in media]
    return found


def _body(request: CompleteRequest, subject: Subject) -> Json:
    instructions, asked = items.encode(request, subject)
    body: Json = {"model": subject.model, "input": asked}
    if instructions:
        body["instructions"] = instructions
    if request.HasField("max_tokens"):
        body["max_output_tokens"] = request.max_tokens
    if request.HasField("temperature"):
        body["temperature"] = request.temperature
    if request.HasField("top_p"):
        body["top_p"] = request.top_p
    if request.HasField("top_logprobs"):
        body["top_logprobs"] = request.top_logprobs
    if request.tools:
        body["tools"] = [_tool(tool, i) for i, tool in enumerate(request.tools)]
    if request.HasField("tool_choice"):
        _choose(body, request.tool_choice)
    if request.HasField("response_format"):
        _shape(body, request.response_format)
    if reasoning := _reasoning(request.reasoning):
        body["reasoning"] = reasoning
    if request.provider_options_json:
        merge(body, request, subject)
    _include(body, request)
    # The provider's own default would keep the conversation.
    body.setdefault("store", False)
    return body


def _tool(tool: ToolDefinition, place: int) -> Json:
    path = f"tools[{place}].parameters_schema_json"
    encoded: Json = {
        "type": "function",
        "name": tool.name,
        "parameters": parse(tool.parameters_schema_json or EMPTY_SCHEMA, path),
        # Absent, this API takes it for true and rewrites the schema.
        "strict": tool.strict,
    }
    if tool.description:
        encoded["description"] = tool.description
    return encoded


def _choose(body: Json, choice: ToolChoice) -> None:
    if choice.mode == ToolChoiceMode.TOOL_CHOICE_MODE_NAMED:
        body["tool_choice"] = {"type": "function", "name": choice.name}
    elif choice.mode in CHOICES:
        body["tool_choice"] = CHOICES[choice.mode]
    if choice.HasField("parallel"):
        body["parallel_tool_calls"] = choice.parallel


def _shape(body: Json, shape: ResponseFormat) -> None:
    kind = shape.WhichOneof("kind")
    if kind == "json_object":
        body["text"] = {"format": {"type": "json_object"}}
    elif kind == "json_schema":
        wanted = shape.json_schema
        schema: Json = {
            "type": "json_schema",
            "name": wanted.name,
            "schema": parse(wanted.schema_json, "response_format.json_schema.schema_json"),
            "strict": wanted.strict if wanted.HasField("strict") else True,
        }
        if wanted.description:
            schema["description"] = wanted.description
        body["text"] = {"format": schema}


def _reasoning(wanted: ReasoningOptions) -> Json:
    reasoning: Json = {}
    if effort := EFFORTS.get(wanted.effort):
        reasoning["effort"] = effort
    if wanted.include:
        reasoning["summary"] = "auto"
    return reasoning


def _include(body: Json, request: CompleteRequest) -> None:
    """Ask for what the API leaves out unless it is named, beside what the caller's own options name."""
    wanted = [_LOGPROBS] if request.HasField("top_logprobs") else []
    if _reasons(request):
        wanted.append(_ENCRYPTED)
    theirs = body.get("include")
    if wanted and (theirs is None or isinstance(theirs, list)):
        body["include"] = list(dict.fromkeys([*(theirs or ()), *wanted]))


def _reasons(request: CompleteRequest) -> bool:
    """Whether reasoning is wanted, or was had before. Models without it refuse to be asked for it."""
    if request.HasField("reasoning"):
        return request.reasoning.effort != ReasoningEffort.REASONING_EFFORT_NONE
    parts = (part for message in request.messages for part in message.parts if part.HasField("reasoning"))
    return any(part.reasoning.id and part.reasoning.redacted_data for part in parts)
