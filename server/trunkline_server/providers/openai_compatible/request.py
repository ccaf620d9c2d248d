"""CompleteRequest as the body of a chat completions call."""

from __future__ import annotations

from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import ReasoningEffort, ReasoningOptions, ResponseFormat, ToolChoice, ToolChoiceMode

from trunkline_server.domain.continuation import begun
from trunkline_server.providers.openai_compatible import messages
from trunkline_server.providers.options import EMPTY_SCHEMA, merge, parse
from trunkline_server.providers.profiles import Profile
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

EFFORTS = {
    ReasoningEffort.REASONING_EFFORT_NONE: "none",
    ReasoningEffort.REASONING_EFFORT_MINIMAL: "minimal",
    ReasoningEffort.REASONING_EFFORT_LOW: "low",
    ReasoningEffort.REASONING_EFFORT_MEDIUM: "medium",
    ReasoningEffort.REASONING_EFFORT_HIGH: "high",
}
CHOICES = {
    ToolChoiceMode.TOOL_CHOICE_MODE_AUTO: "auto",
    ToolChoiceMode.TOOL_CHOICE_MODE_NONE: "none",
    ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED: "required",
}
# Fields whose names are the same on both sides.
_SAME = ("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty")


def encode(request: CompleteRequest, subject: Subject, stream: bool) -> bytes:
    """The body as JSON. Raises TrunklineError UNSUPPORTED_PARAMETER or INVALID_REQUEST, with field paths."""
    profile = subject.profile
    body: Json = {"model": subject.model, "messages": messages.encode(request, subject)}
    for name in _SAME:
        if request.HasField(name):  # type: ignore[arg-type]
            body[name] = getattr(request, name)
    if request.HasField("max_tokens"):
        body[profile.max_tokens_field] = request.max_tokens
    if request.HasField("seed"):
        body[profile.seed_field] = request.seed
    if request.stop_sequences:
        body["stop"] = list(request.stop_sequences)
    if request.candidate_count > 1:
        body["n"] = request.candidate_count
    if request.HasField("top_logprobs"):
        body["logprobs"] = True
        body["top_logprobs"] = request.top_logprobs
    if request.tools:
        body["tools"] = _tools(request)
    if request.HasField("tool_choice"):
        _choose(body, request.tool_choice)
    if request.HasField("response_format"):
        _shape(body, request.response_format)
    if request.HasField("reasoning"):
        _reason(body, request.reasoning, profile)
    if stream:
        body["stream"] = True
        if profile.stream_usage:
            body["stream_options"] = {"include_usage": True}
    _go_on(body, request, subject)
    if request.provider_options_json:
        merge(body, request, subject)
    return orjson.dumps(body)


def _go_on(body: Json, request: CompleteRequest, subject: Subject) -> None:
    """Ask for more of a last message of the assistant, where the model can."""
    prefill = subject.profile.prefill
    if prefill is not None and begun(request) and subject.profile.prefills(subject.model):
        body.update(prefill.body)
        body["messages"][-1].update(prefill.message)


def _tools(request: CompleteRequest) -> list[Json]:
    encoded = []
    for i, tool in enumerate(request.tools):
        path = f"tools[{i}].parameters_schema_json"
        function: Json = {"name": tool.name, "parameters": parse(tool.parameters_schema_json or EMPTY_SCHEMA, path)}
        if tool.description:
            function["description"] = tool.description
        if tool.HasField("strict"):
            function["strict"] = tool.strict
        encoded.append({"type": "function", "function": function})
    return encoded


def _choose(body: Json, choice: ToolChoice) -> None:
    if choice.mode == ToolChoiceMode.TOOL_CHOICE_MODE_NAMED:
        body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif choice.mode in CHOICES:
        body["tool_choice"] = CHOICES[choice.mode]
    if choice.HasField("parallel"):
        body["parallel_tool_calls"] = choice.parallel


def _shape(body: Json, shape: ResponseFormat) -> None:
    kind = shape.WhichOneof("kind")
    if kind == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif kind == "json_schema":
        wanted = shape.json_schema
        schema: Json = {
            "name": wanted.name,
            "schema": parse(wanted.schema_json, "response_format.json_schema.schema_json"),
            "strict": wanted.strict if wanted.HasField("strict") else True,
        }
        if wanted.description:
            schema["description"] = wanted.description
        body["response_format"] = {"type": "json_schema", "json_schema": schema}


def _reason(body: Json, wanted: ReasoningOptions, profile: Profile) -> None:
    effort = EFFORTS.get(wanted.effort)
    if profile.reasoning_style == "effort":
        if effort:
            body["reasoning_effort"] = effort
        return
    reasoning: Json = {"effort": effort} if effort else {}
    if wanted.HasField("budget_tokens"):
        reasoning["max_tokens"] = wanted.budget_tokens
    if wanted.HasField("include"):
        reasoning["exclude"] = not wanted.include
    if reasoning:
        body["reasoning"] = reasoning
