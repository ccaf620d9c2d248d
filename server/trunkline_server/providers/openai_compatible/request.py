"""CompleteRequest as the body of a chat completions call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import (
    ReasoningEffort,
    ReasoningOptions,
    ResponseFormat,
    ToolChoice,
    ToolChoiceMode,
    ToolDefinition,
)

from trunkline_server.domain.continuation import begun
from trunkline_server.providers.openai_compatible import messages
from trunkline_server.providers.options import EMPTY_SCHEMA, merge, parse
from trunkline_server.providers.profiles import Profile
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]
# Puts the value of a field into the body.
_Put = Callable[[Json, Any, Profile], None]

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


def encode(request: CompleteRequest, subject: Subject, stream: bool) -> bytes:
    """The body as JSON. Raises TrunklineError UNSUPPORTED_PARAMETER or INVALID_REQUEST, with field paths."""
    profile = subject.profile
    body: Json = {"model": subject.model, "messages": messages.encode(request, subject)}
    # To ask for each of two dozen fields costs more than to look at those that are set.
    for field, value in request.ListFields():
        put = _FIELDS.get(field.name)
        if put is not None:
            put(body, value, profile)
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


def _same(name: str) -> _Put:
    def put(body: Json, value: Any, _: Profile) -> None:
        body[name] = value

    return put


def _max_tokens(body: Json, most: int, profile: Profile) -> None:
    body[profile.max_tokens_field] = most


def _seed(body: Json, seed: int, profile: Profile) -> None:
    body[profile.seed_field] = seed


def _stop(body: Json, sequences: Iterable[str], _: Profile) -> None:
    body["stop"] = list(sequences)


def _candidates(body: Json, count: int, _: Profile) -> None:
    if count > 1:
        body["n"] = count


def _logprobs(body: Json, top: int, _: Profile) -> None:
    body["logprobs"], body["top_logprobs"] = True, top


def _tools(body: Json, tools: Iterable[ToolDefinition], _: Profile) -> None:
    body["tools"] = encoded = []
    for i, tool in enumerate(tools):
        path = f"tools[{i}].parameters_schema_json"
        function: Json = {"name": tool.name, "parameters": parse(tool.parameters_schema_json or EMPTY_SCHEMA, path)}
        if tool.description:
            function["description"] = tool.description
        if tool.HasField("strict"):
            function["strict"] = tool.strict
        encoded.append({"type": "function", "function": function})


def _choose(body: Json, choice: ToolChoice, _: Profile) -> None:
    if choice.mode == ToolChoiceMode.TOOL_CHOICE_MODE_NAMED:
        body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif choice.mode in CHOICES:
        body["tool_choice"] = CHOICES[choice.mode]
    if choice.HasField("parallel"):
        body["parallel_tool_calls"] = choice.parallel


def _shape(body: Json, shape: ResponseFormat, _: Profile) -> None:
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


# How a field that is set goes into the body; the others have no place there, or are seen to by themselves.
_FIELDS: Mapping[str, _Put] = {
    **{name: _same(name) for name in ("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty")},
    "max_tokens": _max_tokens,
    "seed": _seed,
    "stop_sequences": _stop,
    "candidate_count": _candidates,
    "top_logprobs": _logprobs,
    "tools": _tools,
    "tool_choice": _choose,
    "response_format": _shape,
    "reasoning": _reason,
}
