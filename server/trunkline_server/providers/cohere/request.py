"""CompleteRequest as the body of a chat call."""

from __future__ import annotations

from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import ReasoningEffort, ReasoningOptions, ResponseFormat, ToolChoiceMode

from trunkline_server.providers.cohere import documents, messages
from trunkline_server.providers.options import EMPTY_SCHEMA, merge, parse
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

# Fields of the contract and of the body.
_NUMBERS = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
}
_CHOICES = {
    ToolChoiceMode.TOOL_CHOICE_MODE_NONE: "NONE",
    ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED: "REQUIRED",
}


def encode(request: CompleteRequest, subject: Subject, stream: bool) -> bytes:
    """The body as JSON. Raises TrunklineError UNSUPPORTED_PARAMETER or INVALID_REQUEST, with field paths."""
    body: Json = {
        "model": subject.model,
        "messages": messages.encode(request, subject.provider),
        "stream": stream,
    }
    for ours, theirs in _NUMBERS.items():
        if request.HasField(ours):  # type: ignore[arg-type]
            body[theirs] = getattr(request, ours)
    if request.stop_sequences:
        body["stop_sequences"] = list(request.stop_sequences)
    if request.HasField("top_logprobs"):
        body["logprobs"] = True
    if found := documents.among(request):
        body["documents"] = found
    if request.tools:
        _offer(body, request)
    if request.tool_choice.mode in _CHOICES:
        body["tool_choice"] = _CHOICES[request.tool_choice.mode]
    if request.HasField("response_format"):
        _shape(body, request.response_format)
    if request.HasField("reasoning"):
        _reason(body, request.reasoning)
    if request.provider_options_json:
        merge(body, request, subject)
    return orjson.dumps(body)


def _offer(body: Json, request: CompleteRequest) -> None:
    encoded = []
    for i, tool in enumerate(request.tools):
        path = f"tools[{i}].parameters_schema_json"
        function: Json = {"name": tool.name, "parameters": parse(tool.parameters_schema_json or EMPTY_SCHEMA, path)}
        if tool.description:
            function["description"] = tool.description
        encoded.append({"type": "function", "function": function})
    body["tools"] = encoded
    # The API holds all tools to their schemas or none.
    asked = [tool.strict for tool in request.tools if tool.HasField("strict")]
    if asked:
        body["strict_tools"] = any(asked)


def _shape(body: Json, shape: ResponseFormat) -> None:
    kind = shape.WhichOneof("kind")
    if kind == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif kind == "json_schema":
        wanted = shape.json_schema
        schema = parse(wanted.schema_json, "response_format.json_schema.schema_json")
        if wanted.description and isinstance(schema, dict):
            # The schema is the only place for words about the answer.
            schema.setdefault("description", wanted.description)
        body["response_format"] = {"type": "json_object", "json_schema": schema}


def _reason(body: Json, wanted: ReasoningOptions) -> None:
    if wanted.effort == ReasoningEffort.REASONING_EFFORT_NONE:
        body["thinking"] = {"type": "disabled"}
    elif wanted.HasField("budget_tokens"):
        body["thinking"] = {"type": "enabled", "token_budget": wanted.budget_tokens}
    elif wanted.include:
        body["thinking"] = {"type": "enabled"}
