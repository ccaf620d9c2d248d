"""Requests on the Anthropic messages wire."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest
from conformance.peers.table import PEERS
from conformance.recordings import Recording, completions, name
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import (
    CacheHint,
    Citation,
    Media,
    MediaKind,
    Message,
    Opaque,
    Part,
    Reasoning,
    ReasoningEffort,
    ReasoningOptions,
    ResponseFormat,
    Role,
    ToolCall,
    ToolChoice,
    ToolChoiceMode,
    ToolDefinition,
    ToolResult,
)
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.providers.anthropic import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Subject

PROFILE = builtin()["anthropic"]
SUBJECT = Subject(PROFILE, "anthropic", "claude-test-1")
SHORT, LONG = CacheHint.CACHE_HINT_SHORT, CacheHint.CACHE_HINT_LONG
RECORDED = [
    recording
    for recording in completions()
    if recording.family == "anthropic" and isinstance(recording.request, dict) and not recording.cut
]


def _encode(request: CompleteRequest, *, stream: bool = False) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(WIRE.encode(request, SUBJECT, stream))
    return body


def _talk(*turns: Message, **fields: Any) -> CompleteRequest:
    return CompleteRequest(messages=turns, **fields)


def _user(*parts: Part) -> Message:
    return Message(role=Role.ROLE_USER, parts=parts)


def _model(*parts: Part) -> Message:
    return Message(role=Role.ROLE_ASSISTANT, parts=parts)


def _tool(*parts: Part) -> Message:
    return Message(role=Role.ROLE_TOOL, parts=parts)


def _result(id: str, *parts: Part, **fields: Any) -> Part:
    return Part(tool_result=ToolResult(tool_call_id=id, parts=parts, **fields))


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


@pytest.mark.parametrize("recording", RECORDED, ids=name)
def test_recorded_requests(recording: Recording) -> None:
    peer = PEERS["anthropic"]
    assert peer.request_of is not None
    request = peer.request_of(recording.request)
    subject = Subject(PROFILE, "anthropic", recording.request["model"])
    body = orjson.loads(WIRE.encode(request, subject, bool(recording.request.get("stream"))))
    assert peer.neutral(body) == peer.neutral(recording.request)
    assert not WIRE.unsupported(request, PROFILE)


# ── Turns ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_prompt() -> None:
    assert _encode(CompleteRequest(prompt="q"), stream=True) == {
        "model": "claude-test-1",
        "messages": [{"role": "user", "content": [_text("q")]}],
        "max_tokens": 8192,
        "stream": True,
    }


def test_system_prompts_are_joined_with_their_cache_marks() -> None:
    body = _encode(
        _talk(
            Message(role=Role.ROLE_SYSTEM, parts=[Part(text="a"), Part(text="b", cache_hint=SHORT)]),
            _user(Part(text="q")),
            Message(role=Role.ROLE_SYSTEM, parts=[Part(text="c", cache_hint=LONG)]),
        )
    )
    assert body["system"] == [
        _text("a"),
        _text("b") | {"cache_control": {"type": "ephemeral"}},
        _text("c") | {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
    ]
    assert body["messages"] == [{"role": "user", "content": [_text("q")]}]


def test_turns_of_one_side_become_one() -> None:
    body = _encode(
        _talk(
            _user(Part(text="q")),
            _model(Part(text="I look."), Part(tool_call=ToolCall(id="t1", name="f", arguments_json=b'{"a": 1.0}'))),
            _model(Part(tool_call=ToolCall(id="t2", name="g"))),
            _tool(_result("t1", Part(text="x"))),
            _tool(_result("t2", is_error=True)),
            _user(Part(text="so?")),
        )
    )
    assert body["messages"] == [
        {"role": "user", "content": [_text("q")]},
        {
            "role": "assistant",
            "content": [
                _text("I look."),
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1.0}},
                {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [_text("x")]},
                {"type": "tool_result", "tool_use_id": "t2", "is_error": True},
                _text("so?"),
            ],
        },
    ]


def test_turns_without_content_are_left_out() -> None:
    body = _encode(_talk(_user(Part(text="a")), _model(), _model(Part(text=" \n")), _user(Part(text="b"))))
    assert body["messages"] == [{"role": "user", "content": [_text("a"), _text("b")]}]


def test_what_other_providers_made_is_left_out() -> None:
    theirs = [
        Part(opaque=Opaque(provider="openai", type="x", raw_json=b"{}")),
        Part(reasoning=Reasoning(text="unsigned")),
        Part(reasoning=Reasoning(redacted_data=b"x", id="rs_1")),
        Part(text="cited", citations=[Citation(raw_json=b'{"type": "url_citation"}'), Citation(title="none")]),
        Part(refusal="No."),
        Part(tool_call=ToolCall(id="call_m.1:0", name="f", signature=b"{gemini")),
        Part(tool_call=ToolCall(id="call_2", name="f", signature=b'{"other": 1}')),
    ]
    body = _encode(_talk(_user(Part(text="q")), _model(*theirs), _tool(_result("call_m.1:0"))))
    assert body["messages"][1]["content"] == [
        _text("cited"),
        _text("No."),
        {"type": "tool_use", "id": "call_m_1_0", "name": "f", "input": {}},
        {"type": "tool_use", "id": "call_2", "name": "f", "input": {}},
    ]
    assert body["messages"][2]["content"][0]["tool_use_id"] == "call_m_1_0"


def test_opaque_content_with_a_cache_hint() -> None:
    part = Part(opaque=Opaque(provider="anthropic", type="search_result", raw_json=b'{"type":"x"}'), cache_hint=SHORT)
    (turn,) = _encode(_talk(_user(part)))["messages"]
    assert turn["content"] == [{"type": "x", "cache_control": {"type": "ephemeral"}}]


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (Part(opaque=Opaque(provider="anthropic", raw_json=b'{}],"model":"other"')), "opaque.raw_json"),
        (Part(opaque=Opaque(provider="anthropic", raw_json=b"[]")), "opaque.raw_json"),
        (Part(tool_call=ToolCall(id="t", name="f", arguments_json=b'{"a": ')), "tool_call.arguments_json"),
        (Part(tool_call=ToolCall(id="t", name="f", arguments_json=b"5")), "tool_call.arguments_json"),
        (
            Part(media=Media(kind=MediaKind.MEDIA_KIND_DOCUMENT, mime_type="text/plain", data=b"\xff")),
            "media.data",
        ),
    ],
)
def test_json_of_the_caller_cannot_leave_its_place(part: Part, path: str) -> None:
    with pytest.raises(TrunklineError) as caught:
        _encode(_talk(_model(part)))
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_REQUEST
    assert caught.value.metadata["field"] == f"messages[0].parts[0].{path}"


# ── Media ───────────────────────────────────────────────────────────────────────────────────────────────────────

_IMAGE, _DOCUMENT = MediaKind.MEDIA_KIND_IMAGE, MediaKind.MEDIA_KIND_DOCUMENT
_BYTES = b64encode(b"xyz").decode()


@pytest.mark.parametrize(
    ("media", "block"),
    [
        (Media(kind=_IMAGE, mime_type="image/JPG", data=b"xyz"),
         {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": _BYTES}}),
        (Media(kind=_IMAGE, uri="https://a.example/i"),
         {"type": "image", "source": {"type": "url", "url": "https://a.example/i"}}),
        (Media(kind=_IMAGE, file_id="file_1", detail="auto"),
         {"type": "image", "source": {"type": "file", "file_id": "file_1"}}),
        (Media(kind=_DOCUMENT, mime_type="application/pdf", data=b"xyz", title="T"),
         {"type": "document", "title": "T",
          "source": {"type": "base64", "media_type": "application/pdf", "data": _BYTES}}),
        (Media(kind=_DOCUMENT, mime_type="text/markdown; charset=utf-8", data="é".encode()),
         {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "é"}}),
        (Media(kind=_DOCUMENT, uri="https://a.example/d"),
         {"type": "document", "source": {"type": "url", "url": "https://a.example/d"}}),
        (Media(kind=_DOCUMENT, file_id="file_1"),
         {"type": "document", "source": {"type": "file", "file_id": "file_1"}}),
    ],
)  # fmt: skip
def test_media(media: Media, block: dict[str, Any]) -> None:
    request = _talk(_user(Part(media=media), Part(text="?")), _tool(_result("t1", Part(media=media))))
    (turn,) = _encode(request)["messages"]
    assert turn["content"][0] == block
    assert turn["content"][2]["content"] == [block]
    assert not WIRE.unsupported(request, PROFILE)


# ── Options ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sampling() -> None:
    request = CompleteRequest(prompt="q", max_tokens=5, temperature=0.0, top_p=0.5, top_k=3, stop_sequences=["a", "b"])
    body = _encode(request)
    wanted = {"max_tokens": 5, "temperature": 0.0, "top_p": 0.5, "top_k": 3, "stop_sequences": ["a", "b"]}
    assert {name: body[name] for name in wanted} == wanted


def test_tools() -> None:
    tools = [
        ToolDefinition(name="f", description="d", parameters_schema_json=b'{"type":"object"}', strict=True),
        ToolDefinition(name="g", cache_hint=LONG),
    ]
    assert _encode(CompleteRequest(prompt="q", tools=tools))["tools"] == [
        {"name": "f", "description": "d", "input_schema": {"type": "object"}, "strict": True},
        {
            "name": "g",
            "input_schema": {"type": "object", "properties": {}},
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        },
    ]


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_AUTO), {"type": "auto"}),
        (ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_NONE, parallel=False), {"type": "none"}),
        (ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_REQUIRED, parallel=True),
         {"type": "any", "disable_parallel_tool_use": False}),
        (ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_NAMED, name="f", parallel=False),
         {"type": "tool", "name": "f", "disable_parallel_tool_use": True}),
        (ToolChoice(parallel=False), {"type": "auto", "disable_parallel_tool_use": True}),
    ],
)  # fmt: skip
def test_tool_choice(choice: ToolChoice, wanted: dict[str, Any]) -> None:
    assert _encode(CompleteRequest(prompt="q", tool_choice=choice))["tool_choice"] == wanted


def test_structured_output() -> None:
    shape = ResponseFormat()
    shape.json_schema.name = "answer"
    shape.json_schema.description = "An answer."
    shape.json_schema.schema_json = b'{"type":"object","additionalProperties":false}'
    request = CompleteRequest(prompt="q", response_format=shape)
    request.reasoning.effort = ReasoningEffort.REASONING_EFFORT_HIGH
    schema = {"type": "object", "additionalProperties": False, "description": "An answer."}
    body = _encode(request)
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": schema}, "effort": "high"}
    shape.json_schema.schema_json = b'{"description":"Own."}'
    body = _encode(CompleteRequest(prompt="q", response_format=shape))
    assert body["output_config"]["format"]["schema"] == {"description": "Own."}
    shape.text.SetInParent()
    assert "output_config" not in _encode(CompleteRequest(prompt="q", response_format=shape))


_LOW, _NONE = ReasoningEffort.REASONING_EFFORT_LOW, ReasoningEffort.REASONING_EFFORT_NONE


@pytest.mark.parametrize(
    ("wanted", "thinking", "effort", "limit"),
    [
        (ReasoningOptions(budget_tokens=2000), {"type": "enabled", "budget_tokens": 2000}, None, 10_192),
        (ReasoningOptions(budget_tokens=2000, include=False),
         {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}, None, 10_192),
        (ReasoningOptions(effort=_LOW), {"type": "adaptive"}, "low", 24_576),
        (ReasoningOptions(effort=ReasoningEffort.REASONING_EFFORT_MINIMAL), {"type": "adaptive"}, "low", 24_576),
        (ReasoningOptions(effort=_LOW, include=True), {"type": "adaptive", "display": "summarized"}, "low", 24_576),
        (ReasoningOptions(include=True), {"type": "adaptive", "display": "summarized"}, None, 24_576),
        (ReasoningOptions(include=False), None, None, 8192),
        (ReasoningOptions(effort=_NONE, include=False), {"type": "disabled"}, None, 8192),
    ],
)  # fmt: skip
def test_reasoning(wanted: ReasoningOptions, thinking: Any, effort: str | None, limit: int) -> None:
    body = _encode(CompleteRequest(prompt="q", reasoning=wanted))
    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == effort
    assert body["max_tokens"] == limit


def test_options_of_the_provider() -> None:
    request = CompleteRequest(prompt="q")
    request.provider_options_json["anthropic"] = b'{"service_tier":"auto","tools":[{"type":"web_search_20250305"}]}'
    body = _encode(request)
    assert (body["service_tier"], len(body["tools"])) == ("auto", 1)
    for taken in (b'{"max_tokens": 1}', b'{"stream": true}', b'{"messages": []}'):
        request.provider_options_json["anthropic"] = taken
        with pytest.raises(TrunklineError) as caught:
            _encode(request)
        assert caught.value.reason == Reason.ERROR_REASON_UNSUPPORTED_PARAMETER


# ── What cannot be honoured ─────────────────────────────────────────────────────────────────────────────────────


def _with(**fields: Any) -> CompleteRequest:
    return CompleteRequest(prompt="q", **fields)


def _media(kind: MediaKind.ValueType, **fields: Any) -> CompleteRequest:
    return _talk(_user(Part(media=Media(kind=kind, **fields))))


_JSON = ResponseFormat()
_JSON.json_object.SetInParent()
_PART = "messages[0].parts[0]"


@pytest.mark.parametrize(
    ("request_", "paths"),
    [
        (_with(seed=1), ["seed"]),
        (_with(candidate_count=2), ["candidate_count"]),
        (_with(top_logprobs=0), ["top_logprobs"]),
        (_with(frequency_penalty=0.1, presence_penalty=0.1), ["frequency_penalty", "presence_penalty"]),
        (_with(response_format=_JSON), ["response_format"]),
        (_with(temperature=1.1), ["temperature"]),
        (_with(stop_sequences=["a", " \n"]), ["stop_sequences[1]"]),
        (_with(reasoning=ReasoningOptions(budget_tokens=1023)), ["reasoning.budget_tokens"]),
        (_media(MediaKind.MEDIA_KIND_AUDIO, mime_type="audio/mp3", data=b"x"), [f"{_PART}.media"]),
        (_media(MediaKind.MEDIA_KIND_VIDEO, uri="https://a.example"), [f"{_PART}.media"]),
        (_media(_IMAGE, mime_type="image/tiff", data=b"x"), [f"{_PART}.media.mime_type"]),
        (_media(_IMAGE, uri="https://a.example", detail="low"), [f"{_PART}.media.detail"]),
        (_media(_DOCUMENT, mime_type="application/msword", data=b"x"), [f"{_PART}.media.mime_type"]),
        (_media(_DOCUMENT, mime_type="text/plain", uri="https://a.example"), [f"{_PART}.media.mime_type"]),
        (_talk(_model(Part(media=Media(kind=_IMAGE, file_id="f")))), [f"{_PART}.media"]),
        (_talk(_user(Part(tool_call=ToolCall(name="f")))), [f"{_PART}.tool_call"]),
        (_talk(Message(role=Role.ROLE_SYSTEM, parts=[Part(refusal="x")])), [f"{_PART}.refusal"]),
        (_talk(_model(Part(reasoning=Reasoning(signature=b"s"), cache_hint=SHORT))), [f"{_PART}.cache_hint"]),
        (_talk(_tool(_result("t", Part(refusal="x")))), [f"{_PART}.tool_result.parts[0].refusal"]),
        (_talk(_tool(_result("t", Part(media=Media(kind=_IMAGE, file_id="f", detail="high"))))),
         [f"{_PART}.tool_result.parts[0].media.detail"]),
        (_talk(Message(role=Role.ROLE_USER, parts=[Part(text="q")], name="Ada")), ["messages[0].name"]),
        (_talk(_user(*[Part(text="q", cache_hint=SHORT)] * 3), _tool(_result("t", Part(text="q", cache_hint=LONG))),
               tools=[ToolDefinition(name="f", cache_hint=LONG)]),
         ["messages[1].parts[0].tool_result.parts[0].cache_hint"]),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_by_name(request_: CompleteRequest, paths: list[str]) -> None:
    found = WIRE.unsupported(request_, PROFILE)
    assert [path for path, _ in found] == paths
    assert all("Anthropic" in why for _, why in found)
