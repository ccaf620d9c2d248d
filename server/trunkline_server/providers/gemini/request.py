"""CompleteRequest as the body of a generateContent call."""

from __future__ import annotations

from typing import Any

import orjson
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import ToolChoice, ToolChoiceMode

from trunkline_server.providers.gemini import extras, messages, settings
from trunkline_server.providers.options import EMPTY_SCHEMA, parse
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

_MODES = {
    ToolChoiceMode.TOOL_CHOICE_MODE_AUTO: "AUTO",
    ToolChoiceMode.TOOL_CHOICE_MODE_NONE: "NONE",
    ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED: "ANY",
    ToolChoiceMode.TOOL_CHOICE_MODE_NAMED: "ANY",
}


def encode(request: CompleteRequest, subject: Subject, stream: bool) -> bytes:
    """The body as JSON; that it is for a stream stands in the address. Raises TrunklineError UNSUPPORTED_PARAMETER or
    INVALID_REQUEST, with field paths."""
    return orjson.dumps(body_of(request, subject))


def body_of(request: CompleteRequest, subject: Subject) -> Json:
    """The body. Cache hints say nothing here: the models cache prompts unasked, and what is cached by name is chosen
    with the provider's option `cachedContent`."""
    system, contents = messages.encode(request, subject)
    body: Json = {"contents": contents}
    if system:
        body["systemInstruction"] = {"parts": system}
    if request.tools:
        body["tools"] = [{"functionDeclarations": _declarations(request)}]
    if choice := _choice(request):
        body["toolConfig"] = {"functionCallingConfig": choice}
    if config := settings.encode(request, subject.model):
        body["generationConfig"] = config
    if request.provider_options_json:
        extras.merge(body, request, subject)
    return body


def _declarations(request: CompleteRequest) -> list[Json]:
    encoded = []
    for i, tool in enumerate(request.tools):
        schema = parse(tool.parameters_schema_json or EMPTY_SCHEMA, f"tools[{i}].parameters_schema_json")
        # `parameters` takes a dialect of OpenAPI only.
        declaration: Json = {"name": tool.name, "parametersJsonSchema": schema}
        if tool.description:
            declaration["description"] = tool.description
        encoded.append(declaration)
    return encoded


def _choice(request: CompleteRequest) -> Json:
    """The use of tools. The modes that hold a call to its schema are ANY, and VALIDATED where AUTO does not."""
    choice: ToolChoice = request.tool_choice
    mode = _MODES.get(choice.mode, "")
    if mode in ("", "AUTO") and any(tool.strict for tool in request.tools):
        mode = "VALIDATED"
    if not mode:
        return {}
    encoded: Json = {"mode": mode}
    if choice.mode == ToolChoiceMode.TOOL_CHOICE_MODE_NAMED:
        encoded["allowedFunctionNames"] = [choice.name]
    return encoded
