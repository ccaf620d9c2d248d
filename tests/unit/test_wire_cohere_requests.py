"""The Cohere wire: what is asked, and what is refused."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import (
    Media,
    MediaKind,
    Message,
    Part,
    ReasoningEffort,
    ReasoningOptions,
    ResponseFormat,
    Role,
    ToolChoice,
    ToolChoiceMode,
    ToolDefinition,
    ToolResult,
)
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.providers.cohere import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Subject

Json = dict[str, Any]

_PROFILE = builtin()["cohere"]
_SUBJECT = Subject(_PROFILE, "cohere", "command-a")
_IMAGE = MediaKind.MEDIA_KIND_IMAGE
_DOCUMENT = MediaKind.MEDIA_KIND_DOCUMENT


def _body(request: CompleteRequest) -> Json:
    assert WIRE.unsupported(request, _PROFILE) == []
    body: Json = orjson.loads(WIRE.encode(request, _SUBJECT, False))
    return body


def _messages(*messages: Message) -> list[Json]:
    found: list[Json] = _body(CompleteRequest(messages=messages))["messages"]
    return found


def _user(*parts: Part) -> Message:
    return Message(role=Role.ROLE_USER, parts=parts)


def test_options() -> None:
    request = CompleteRequest(
        prompt="Hi",
        max_tokens=5,
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        frequency_penalty=0.1,
        presence_penalty=0.2,
        stop_sequences=["a"],
        seed=7,
        top_logprobs=0,
        provider_options_json={"cohere": b'{"safety_mode":"STRICT","citation_options":{"mode":"FAST"}}'},
    )
    assert _body(request) == {
        "model": "command-a",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": False,
        "max_tokens": 5,
        "temperature": 0.5,
        "p": 0.9,
        "k": 3,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "stop_sequences": ["a"],
        "seed": 7,
        "logprobs": True,
        "safety_mode": "STRICT",
        "citation_options": {"mode": "FAST"},
    }
    assert orjson.loads(WIRE.encode(request, _SUBJECT, True))["stream"] is True


@pytest.mark.parametrize("taken", ["messages", "stream", "k"])
def test_options_that_trunkline_sets_are_refused(taken: str) -> None:
    request = CompleteRequest(prompt="Hi", top_k=1, provider_options_json={"cohere": orjson.dumps({taken: 1})})
    with pytest.raises(TrunklineError) as caught:
        WIRE.encode(request, _SUBJECT, False)
    assert caught.value.reason == Reason.ERROR_REASON_UNSUPPORTED_PARAMETER


def test_tools_and_choice() -> None:
    schema = b'{"type":"object","properties":{"a":{"type":"string"}}}'
    tools = [
        ToolDefinition(name="f", description="F", parameters_schema_json=schema, strict=True),
        ToolDefinition(name="g"),
    ]
    choice = ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED)
    body = _body(CompleteRequest(prompt="Hi", tools=tools, tool_choice=choice))
    assert body["tools"] == [
        {"type": "function", "function": {"name": "f", "description": "F", "parameters": orjson.loads(schema)}},
        {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
    ]
    assert (body["strict_tools"], body["tool_choice"]) == (True, "REQUIRED")
    auto = ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_AUTO)
    assert "tool_choice" not in _body(CompleteRequest(prompt="Hi", tools=tools, tool_choice=auto))


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (ReasoningOptions(budget_tokens=9), {"type": "enabled", "token_budget": 9}),
        (ReasoningOptions(effort=ReasoningEffort.REASONING_EFFORT_NONE), {"type": "disabled"}),
        (ReasoningOptions(effort=ReasoningEffort.REASONING_EFFORT_NONE, include=False), {"type": "disabled"}),
        (ReasoningOptions(include=True), {"type": "enabled"}),
        (ReasoningOptions(), None),
    ],
)
def test_thinking(wanted: ReasoningOptions, sent: Json | None) -> None:
    assert _body(CompleteRequest(prompt="Hi", reasoning=wanted)).get("thinking") == sent


def test_response_format() -> None:
    shape = ResponseFormat()
    shape.json_object.SetInParent()
    assert _body(CompleteRequest(prompt="Hi", response_format=shape))["response_format"] == {"type": "json_object"}
    shape.json_schema.name, shape.json_schema.schema_json = "s", b'{"type":"object"}'
    shape.json_schema.description = "A person"
    assert _body(CompleteRequest(prompt="Hi", response_format=shape))["response_format"] == {
        "type": "json_object",
        "json_schema": {"type": "object", "description": "A person"},
    }


def _named() -> ToolChoice:
    return ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_NAMED, name="f")


def _object_with_tools() -> CompleteRequest:
    request = CompleteRequest(tools=[ToolDefinition(name="f")])
    request.response_format.json_object.SetInParent()
    return request


def _held(*strict: bool) -> CompleteRequest:
    return CompleteRequest(tools=[ToolDefinition(name=f"f{i}", strict=s) for i, s in enumerate(strict)])


def _with(*parts: Part, role: Role.ValueType = Role.ROLE_USER) -> CompleteRequest:
    return CompleteRequest(messages=[Message(role=role, parts=parts)])


_PNG = Part(media=Media(kind=_IMAGE, mime_type="image/png", data=b"p"))
_PDF = Part(media=Media(kind=_DOCUMENT, mime_type="application/pdf", data=b"%PDF"))


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (CompleteRequest(tool_choice=_named()), "tool_choice.mode"),
        (CompleteRequest(tool_choice=ToolChoice(parallel=False)), "tool_choice.parallel"),
        (CompleteRequest(candidate_count=2), "candidate_count"),
        (CompleteRequest(temperature=1.5), "temperature"),
        (CompleteRequest(top_k=501), "top_k"),
        (CompleteRequest(frequency_penalty=-0.5), "frequency_penalty"),
        (CompleteRequest(presence_penalty=1.5), "presence_penalty"),
        (CompleteRequest(top_logprobs=2), "top_logprobs"),
        (CompleteRequest(stop_sequences=["x"] * 6), "stop_sequences"),
        (
            CompleteRequest(reasoning=ReasoningOptions(effort=ReasoningEffort.REASONING_EFFORT_HIGH)),
            "reasoning.effort",
        ),
        (CompleteRequest(reasoning=ReasoningOptions(include=False)), "reasoning.include"),
        (_object_with_tools(), "response_format"),
        (_held(True, False), "tools[1].strict"),
        (_with(Part(media=Media(kind=MediaKind.MEDIA_KIND_AUDIO, data=b"a"))), "messages[0].parts[0].media"),
        (_with(Part(media=Media(kind=_DOCUMENT, uri="https://x"))), "messages[0].parts[0].media"),
        (_with(Part(media=Media(kind=_IMAGE, file_id="f"))), "messages[0].parts[0].media"),
        (_with(_PDF), "messages[0].parts[0].media"),
        (_with(_PNG, role=Role.ROLE_SYSTEM), "messages[0].parts[0].media"),
        (
            _with(Part(tool_result=ToolResult(tool_call_id="c", parts=[_PNG])), role=Role.ROLE_TOOL),
            "messages[0].parts[0].tool_result.parts[0].media",
        ),
        (CompleteRequest(messages=[Message(role=Role.ROLE_USER, name="Ann")]), "messages[0].name"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(request_: CompleteRequest, path: str) -> None:
    assert [found for found, _ in WIRE.unsupported(request_, _PROFILE)] == [path]


@pytest.mark.parametrize("request_", [_held(True, True), _held(False, False), CompleteRequest(presence_penalty=1)])
def test_what_can_be_honoured_is_not_refused(request_: CompleteRequest) -> None:
    assert WIRE.unsupported(request_, _PROFILE) == []


def test_images() -> None:
    by_uri = Part(media=Media(kind=_IMAGE, uri="https://x/i.png", detail="low"))
    (message,) = _messages(_user(Part(text="a"), by_uri, _PNG))
    assert message["content"] == [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "https://x/i.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + b64encode(b"p").decode()}},
    ]


def test_documents_stand_beside_the_messages() -> None:
    text = Media(kind=_DOCUMENT, mime_type="text/plain", data="Zürich".encode(), title="Z")
    fields = Media(kind=_DOCUMENT, mime_type="application/json", data=b'{"snippet":"s","title":"own"}', title="Z")
    numbers = Media(kind=_DOCUMENT, mime_type="application/json; charset=utf-8", data=b"[1]")
    parts = [Part(media=media) for media in (text, fields, numbers)]
    body = _body(CompleteRequest(messages=[_user(parts[0], Part(text="a")), _user(Part(text="b"), *parts[1:])]))
    assert [message["content"] for message in body["messages"]] == ["a", "b"]
    assert body["documents"] == [
        {"id": "doc:0", "data": {"text": "Zürich", "title": "Z"}},
        {"id": "doc:1", "data": {"snippet": "s", "title": "own"}},
        {"id": "doc:2", "data": {"text": "[1]"}},
    ]


def test_bytes_that_are_no_text_are_no_document() -> None:
    part = Part(media=Media(kind=_DOCUMENT, mime_type="text/plain", data=b"\xff"))
    assert [path for path, _ in WIRE.unsupported(_with(part), _PROFILE)] == ["messages[0].parts[0].media"]


def test_tool_results() -> None:
    found = Part(media=Media(kind=_DOCUMENT, mime_type="application/json", data=b'{"degrees":9}'))
    results = [
        Part(tool_result=ToolResult(tool_call_id="a", parts=[Part(text="9")])),
        Part(tool_result=ToolResult(tool_call_id="b", parts=[Part(text="x"), found])),
        Part(tool_result=ToolResult(tool_call_id="c")),
    ]
    assert _messages(Message(role=Role.ROLE_TOOL, parts=results)) == [
        {"role": "tool", "tool_call_id": "a", "content": "9"},
        {
            "role": "tool",
            "tool_call_id": "b",
            "content": [{"type": "text", "text": "x"}, {"type": "document", "document": {"data": {"degrees": 9}}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": ""},
    ]
