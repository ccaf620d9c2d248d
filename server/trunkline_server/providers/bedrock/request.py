"""CompleteRequest as the body of a Converse call, or of a call that counts its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import JsonSchemaFormat, Part, Role, ToolChoiceMode

from trunkline_server.domain.errors import Reason, invalid_fields
from trunkline_server.providers import options
from trunkline_server.providers.bedrock import media, messages, models
from trunkline_server.providers.options import EMPTY_SCHEMA, answered, merge, parse
from trunkline_server.providers.profiles import Profile
from trunkline_server.providers.wire import MalformedError, Subject

Json = dict[str, Any]
Finding = tuple[str, str]

_CHOICES: dict[ToolChoiceMode.ValueType, Json] = {
    ToolChoiceMode.TOOL_CHOICE_MODE_AUTO: {"auto": {}},
    ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED: {"any": {}},
}
_INFERENCE = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP"}
_MORE = "additionalModelRequestFields"
# What a count depends on; the counter refuses anything else.
_COUNTED = ("messages", "system", "toolConfig", _MORE)


def encode(request: CompleteRequest, subject: Subject, stream: bool) -> bytes:
    """The body as JSON; the address says whether it is a stream. Raises TrunklineError UNSUPPORTED_PARAMETER or
    INVALID_REQUEST, with field paths."""
    return orjson.dumps(_body(request, subject))


def encode_count(request: CompleteRequest, subject: Subject) -> bytes:
    """The body of a call that counts: what the model would read."""
    body = _body(request, subject)
    return orjson.dumps({"input": {"converse": {name: body[name] for name in _COUNTED if name in body}}})


def decode_count(body: bytes, subject: Subject) -> int:
    """The number of input tokens. Raises MalformedError."""
    count = answered(body).get("inputTokens")
    if type(count) is not int or count < 0:
        raise MalformedError("the answer has no count")
    return count


def unsupported(request: CompleteRequest, profile: Profile) -> Sequence[Finding]:
    """(field path, why) of what no model of Bedrock can honour; what depends on the model is refused by `encode`."""
    found = list(options.unsupported(request, profile))
    uses_tools = False
    for i, message in enumerate(request.messages):
        for j, part in enumerate(message.parts):
            path = f"messages[{i}].parts[{j}]"
            found += _media_problems(part, path, message.role == Role.ROLE_SYSTEM)
            uses_tools |= part.HasField("tool_call") or part.HasField("tool_result")
    if uses_tools and request.tools and request.tool_choice.mode == ToolChoiceMode.TOOL_CHOICE_MODE_NONE:
        why = f"{profile.display_name} cannot forbid tools in a conversation that has used them"
        found.append(("tool_choice.mode", why))
    return found


def _media_problems(part: Part, path: str, system: bool) -> list[Finding]:
    kind = part.WhichOneof("kind")
    if kind == "media":
        if system:
            return [(f"{path}.media", "Amazon Bedrock takes only text as system prompt")]
        problem = media.problem(part.media, in_result=False)
        return [(f"{path}.media.{problem[0]}", problem[1])] if problem else []
    found = []
    if kind == "tool_result":
        for k, piece in enumerate(part.tool_result.parts):
            problem = media.problem(piece.media, in_result=True) if piece.HasField("media") else None
            if problem:
                found.append((f"{path}.tool_result.parts[{k}].media.{problem[0]}", problem[1]))
    return found


def _body(request: CompleteRequest, subject: Subject) -> Json:
    more, effort = models.fields(request, subject.model)
    system, turns = messages.encode(request, subject)
    body: Json = {"messages": turns}
    if system:
        body["system"] = system
    inference = _inference(request)
    if inference:
        body["inferenceConfig"] = inference
    # There is no word for "no tool": they are not offered then.
    if request.tools and request.tool_choice.mode != ToolChoiceMode.TOOL_CHOICE_MODE_NONE:
        body["toolConfig"] = _tools(request)
    output: Json = {"effort": effort} if effort else {}
    if request.response_format.HasField("json_schema"):
        output["textFormat"] = _shape(request.response_format.json_schema)
    if output:
        body["outputConfig"] = output
    if request.provider_options_json:
        merge(body, request, subject)
    if more:
        body[_MORE] = _joined(body.get(_MORE, {}), more)
    return body


def _inference(request: CompleteRequest) -> Json:
    found: Json = {
        theirs: getattr(request, ours)
        for ours, theirs in _INFERENCE.items()
        if request.HasField(ours)  # type: ignore[arg-type]
    }
    if request.stop_sequences:
        found["stopSequences"] = list(request.stop_sequences)
    return found


def _tools(request: CompleteRequest) -> Json:
    tools: list[Json] = []
    for i, tool in enumerate(request.tools):
        schema = tool.parameters_schema_json or EMPTY_SCHEMA
        parse(schema, f"tools[{i}].parameters_schema_json")
        definition: Json = {"name": tool.name, "inputSchema": {"json": orjson.Fragment(schema)}}
        if tool.description:
            definition["description"] = tool.description
        if tool.HasField("strict"):
            definition["strict"] = tool.strict
        tools.append({"toolSpec": definition})
        if tool.cache_hint in messages.CACHE:
            tools.append(messages.CACHE[tool.cache_hint])
    encoded: Json = {"tools": tools}
    choice = request.tool_choice
    if choice.mode == ToolChoiceMode.TOOL_CHOICE_MODE_NAMED:
        encoded["toolChoice"] = {"tool": {"name": choice.name}}
    elif choice.mode in _CHOICES:
        encoded["toolChoice"] = _CHOICES[choice.mode]
    return encoded


def _shape(wanted: JsonSchemaFormat) -> Json:
    """The schema travels as text, and is always held to."""
    parse(wanted.schema_json, "response_format.json_schema.schema_json")
    schema: Json = {"schema": wanted.schema_json.decode(), "name": wanted.name}
    if wanted.description:
        schema["description"] = wanted.description
    return {"type": "json_schema", "structure": {"jsonSchema": schema}}


def _joined(given: object, ours: Json) -> Json:
    """The caller's own fields for the model and those that the request's options became."""
    if not isinstance(given, dict):
        raise invalid_fields([(_MORE, "must be a JSON object")])
    taken = sorted(given.keys() & ours.keys())
    if taken:
        why = [(f"{_MORE}.{key}", "Trunkline sets this itself") for key in taken]
        raise invalid_fields(why, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
    return given | ours
