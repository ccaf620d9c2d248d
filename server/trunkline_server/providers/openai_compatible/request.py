"""CompleteRequest as the body of a chat completions call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import ReasoningEffort, ReasoningOptions, ResponseFormat, ToolChoice, ToolChoiceMode

from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.providers.openai_compatible import features, messages
from trunkline_server.providers.profiles import Profile

Json = dict[str, Any]

_EFFORTS = {
    ReasoningEffort.REASONING_EFFORT_NONE: "none",
    ReasoningEffort.REASONING_EFFORT_MINIMAL: "minimal",
    ReasoningEffort.REASONING_EFFORT_LOW: "low",
    ReasoningEffort.REASONING_EFFORT_MEDIUM: "medium",
    ReasoningEffort.REASONING_EFFORT_HIGH: "high",
}
_CHOICES = {
    ToolChoiceMode.TOOL_CHOICE_MODE_AUTO: "auto",
    ToolChoiceMode.TOOL_CHOICE_MODE_NONE: "none",
    ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED: "required",
}
# Fields whose names are the same on both sides.
_SAME = ("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty")
_EMPTY_SCHEMA = b'{"type":"object","properties":{}}'


def encode(request: CompleteRequest, model: str, profile: Profile, provider: str, stream: bool) -> bytes:
    """The body as JSON. Raises TrunklineError UNSUPPORTED_PARAMETER or INVALID_REQUEST, with field paths."""
    body: Json = {"model": model, "messages": messages.encode(request, profile, provider)}
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
    if request.provider_options_json:
        _merge(body, request, profile, provider)
    return orjson.dumps(body)


def unsupported(request: CompleteRequest, profile: Profile) -> Sequence[tuple[str, str]]:
    """(field path, why) of what the profile's provider cannot honour."""
    found = {path: feature for feature, path in features.used(request) if feature in profile.lacks}
    violations = [
        (path, f"{profile.display_name} does not support this ({feature})") for path, feature in found.items()
    ]
    if len(request.stop_sequences) > profile.max_stop:
        violations.append(("stop_sequences", f"{profile.display_name} takes at most {profile.max_stop}"))
    return violations


def _tools(request: CompleteRequest) -> list[Json]:
    encoded = []
    for i, tool in enumerate(request.tools):
        path = f"tools[{i}].parameters_schema_json"
        function: Json = {"name": tool.name, "parameters": _json(tool.parameters_schema_json or _EMPTY_SCHEMA, path)}
        if tool.description:
            function["description"] = tool.description
        if tool.HasField("strict"):
            function["strict"] = tool.strict
        encoded.append({"type": "function", "function": function})
    return encoded


def _choose(body: Json, choice: ToolChoice) -> None:
    if choice.mode == ToolChoiceMode.TOOL_CHOICE_MODE_NAMED:
        body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif choice.mode in _CHOICES:
        body["tool_choice"] = _CHOICES[choice.mode]
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
            "schema": _json(wanted.schema_json, "response_format.json_schema.schema_json"),
            "strict": wanted.strict if wanted.HasField("strict") else True,
        }
        if wanted.description:
            schema["description"] = wanted.description
        body["response_format"] = {"type": "json_schema", "json_schema": schema}


def _reason(body: Json, wanted: ReasoningOptions, profile: Profile) -> None:
    effort = _EFFORTS.get(wanted.effort)
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


def _merge(body: Json, request: CompleteRequest, profile: Profile, provider: str) -> None:
    """Merge the options given for the profile or for the provider. `stream` and its options are always ours."""
    ours = body.keys() | {"stream", "stream_options"}
    for name in dict.fromkeys((profile.name, provider)):
        raw = request.provider_options_json.get(name)
        if raw is None:
            continue
        path = f"provider_options_json[{name}]"
        options = _json(raw, path)
        if not isinstance(options, dict):
            raise invalid_fields([(path, "must be a JSON object")])
        taken = sorted(options.keys() & ours)
        if taken:
            raise invalid_fields(
                [(f"{path}.{key}", "Trunkline sets this itself") for key in taken],
                reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER,
            )
        body |= options


def _json(raw: bytes, path: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _not_json(path) from None


def _not_json(path: str) -> TrunklineError:
    return invalid_fields([(path, "is not valid JSON")])
