"""Requests on the Converse wire of Amazon Bedrock."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import unquote

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
from trunkline_server.providers.bedrock import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Subject

PROFILE = builtin()["bedrock"]
CLAUDE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
NEWER = "global.anthropic.claude-opus-4-7-v1:0"
NOVA = "us.amazon.nova-2-lite-v1:0"
SHORT, LONG = CacheHint.CACHE_HINT_SHORT, CacheHint.CACHE_HINT_LONG
_POINT, _LONG_POINT = {"cachePoint": {"type": "default"}}, {"cachePoint": {"type": "default", "ttl": "1h"}}
RECORDED = [r for r in completions() if r.family == "bedrock" and isinstance(r.request, dict)]


def _encode(request: CompleteRequest, model: str = CLAUDE) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(WIRE.encode(request, Subject(PROFILE, "bedrock", model), False))
    return body


def _refused(request: CompleteRequest, model: str = CLAUDE) -> str:
    with pytest.raises(TrunklineError) as caught:
        _encode(request, model)
    assert caught.value.reason in (
        Reason.ERROR_REASON_UNSUPPORTED_PARAMETER,
        Reason.ERROR_REASON_INVALID_REQUEST,
    )
    return caught.value.metadata["field"]


def _unsupported(request: CompleteRequest) -> list[str]:
    return [path for path, _ in WIRE.unsupported(request, PROFILE)]


def _talk(*turns: Message, **fields: Any) -> CompleteRequest:
    return CompleteRequest(messages=turns, **fields)


def _user(*parts: Part) -> Message:
    return Message(role=Role.ROLE_USER, parts=parts)


def _model(*parts: Part) -> Message:
    return Message(role=Role.ROLE_ASSISTANT, parts=parts)


def _result(id: str, *parts: Part, **fields: Any) -> Part:
    return Part(tool_result=ToolResult(tool_call_id=id, parts=parts, **fields))


def _media(kind: str, mime: str, data: bytes = b"x", **fields: Any) -> Part:
    value = MediaKind.Value(f"MEDIA_KIND_{kind.upper()}")
    source = {} if "uri" in fields or "file_id" in fields else {"data": data}
    return Part(media=Media(kind=value, mime_type=mime, **source, **fields))


@pytest.mark.parametrize("recording", RECORDED, ids=name)
def test_recorded_requests(recording: Recording) -> None:
    peer = PEERS["bedrock"]
    assert peer.request_of is not None
    request = peer.request_of(recording.request)
    model = unquote(recording.url.partition("/model/")[2].partition("/")[0])
    assert peer.neutral(_encode(request, model)) == peer.neutral(recording.request)
    assert not WIRE.unsupported(request, PROFILE)


# ── Turns ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_prompt_and_sampling() -> None:
    request = CompleteRequest(prompt="q", max_tokens=5, temperature=0.5, top_p=0.25, stop_sequences=["a", "b"])
    assert _encode(request) == {
        "messages": [{"role": "user", "content": [{"text": "q"}]}],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.5, "topP": 0.25, "stopSequences": ["a", "b"]},
    }


def test_turns_alternate_and_system_prompts_are_joined() -> None:
    call = Part(tool_call=ToolCall(id="t", name="f", arguments_json=b'{"a": 1.0}'))
    body = _encode(
        _talk(
            Message(role=Role.ROLE_SYSTEM, parts=[Part(text="a", cache_hint=LONG)]),
            _user(Part(text="q")),
            _model(),
            _user(Part(text="again")),
            _model(Part(text=" "), call),
            Message(role=Role.ROLE_TOOL, parts=[_result("t", Part(text="42"))]),
            _user(Part(text="so?", cache_hint=SHORT)),
            Message(role=Role.ROLE_SYSTEM, parts=[Part(text="b")]),
        )
    )
    assert body["system"] == [{"text": "a"}, _LONG_POINT, {"text": "b"}]
    assert body["messages"] == [
        {"role": "user", "content": [{"text": "q"}, {"text": "again"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1.0}}}]},
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t", "content": [{"text": "42"}]}},
                {"text": "so?"},
                _POINT,
            ],
        },
    ]


def test_arguments_go_out_to_the_byte() -> None:
    spelt = b'{"a": 1.0,  "n": 123456789012345678901234567890}'
    request = _talk(_model(Part(tool_call=ToolCall(id="t", name="f", arguments_json=spelt))))
    assert spelt in WIRE.encode(request, Subject(PROFILE, "bedrock", CLAUDE), False)
    for wrong in (b"{", b"[]", b"5"):
        request.messages[0].parts[0].tool_call.arguments_json = wrong
        assert _refused(request) == "messages[0].parts[0].tool_call.arguments_json"


def test_a_tool_that_failed_with_media_and_a_cache_point() -> None:
    parts = [Part(text="no", cache_hint=SHORT), _media("image", "image/png"), _media("document", "text/csv")]
    result = _result("a/b" * 40, *parts, is_error=True)
    (turn,) = _encode(_talk(Message(role=Role.ROLE_TOOL, parts=[result])))["messages"]
    data = b64encode(b"x").decode()
    content = [
        {"text": "no"},
        {"image": {"format": "png", "source": {"bytes": data}}},
        {"document": {"format": "csv", "name": "document", "source": {"bytes": data}}},
    ]
    id = ("a_b" * 40)[:64]
    assert turn["content"] == [{"toolResult": {"toolUseId": id, "content": content, "status": "error"}}, _POINT]


def test_reasoning_of_others_is_not_sent() -> None:
    parts = [
        Part(reasoning=Reasoning(text="mine", signature=b"s")),
        Part(reasoning=Reasoning(text="unsigned")),
        Part(reasoning=Reasoning(text="theirs", signature=b"s", id="rs_1")),
        Part(refusal="No."),
    ]
    mine = {"reasoningContent": {"reasoningText": {"text": "mine", "signature": "s"}}}
    unsigned = {"reasoningContent": {"reasoningText": {"text": "unsigned"}}}
    assert _encode(_talk(_model(*parts)))["messages"][0]["content"] == [mine, {"text": "No."}]
    # Other models than Claude do not sign.
    assert _encode(_talk(_model(*parts)), NOVA)["messages"][0]["content"] == [mine, unsigned, {"text": "No."}]


def test_citations_of_others_are_not_sent() -> None:
    theirs = Citation(raw_json=b'{"type":"char_location","start_char_index":0}')
    for citation in (theirs, Citation(), Citation(raw_json=b'{"location":{},"novel":1}')):
        body = _encode(_talk(_model(Part(text="a", citations=[citation]))))
        assert body["messages"][0]["content"] == [{"text": "a"}]


# ── Media ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "mime", "format"),
    [
        ("image", "image/jpeg", "jpeg"),
        ("image", "IMAGE/WebP; q=1", "webp"),
        ("video", "video/quicktime", "mov"),
        ("video", "video/3gpp", "three_gp"),
        ("audio", "audio/mpeg", "mp3"),
    ],
)
def test_media(kind: str, mime: str, format: str) -> None:
    (block,) = _encode(_talk(_user(_media(kind, mime, b"\x00\xff"))))["messages"][0]["content"]
    assert block == {kind: {"format": format, "source": {"bytes": "AP8="}}}


def test_objects_in_s3() -> None:
    parts = [
        _media("video", "", file_id="s3://bucket/a/clip.MP4"),
        _media("image", "", uri="s3://bucket/x.jpg"),
        _media("document", "application/pdf", file_id="s3://bucket/x", title="A.pdf"),
    ]
    request = _talk(_user(*parts))
    assert not _unsupported(request)
    assert _encode(request)["messages"][0]["content"] == [
        {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://bucket/a/clip.MP4"}}}},
        {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/x.jpg"}}}},
        {"document": {"format": "pdf", "name": "A", "source": {"s3Location": {"uri": "s3://bucket/x"}}}},
    ]


def test_documents_have_names_that_are_allowed_and_differ() -> None:
    titles = ["", "", "Q3_report (final) [v2]  é.pdf", "q3 report (final) [v2]", "../..", "x" * 300, "x" * 300]
    parts = [_media("document", "application/pdf", title=title) for title in titles]
    blocks = _encode(_talk(_user(*parts)))["messages"][0]["content"]
    names = [block["document"]["name"] for block in blocks]
    assert names == [
        *("document", "document 2", "Q3 report (final) [v2]", "q3 report (final) [v2] 2", "document 3"),
        *("x" * 200, "x" * 198 + " 2"),
    ]


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (_media("image", "image/bmp"), "mime_type"),
        (_media("image", "image/png", uri="https://a.example/x.png"), "uri"),
        (_media("document", "application/pdf", file_id="file-1"), "file_id"),
        (_media("document", "", file_id="s3://b/x"), "mime_type"),
        (_media("unspecified", "image/png"), "kind"),
    ],
)
def test_media_that_cannot_be_taken_is_refused_by_name(part: Part, field: str) -> None:
    request = _talk(_user(Part(text="q"), part))
    assert _unsupported(request) == [f"messages[0].parts[1].media.{field}"]
    assert _refused(request) == f"messages[0].parts[1].media.{field}"


def test_media_where_it_cannot_stand_is_refused_by_name() -> None:
    audio = _talk(Message(role=Role.ROLE_TOOL, parts=[_result("t", _media("audio", "audio/wav"))]))
    path = "messages[0].parts[0].tool_result.parts[0].media.kind"
    assert _unsupported(audio) == [path]
    assert _refused(audio) == path
    system = Message(role=Role.ROLE_SYSTEM, parts=[_media("image", "image/png")])
    assert _unsupported(_talk(system)) == ["messages[0].parts[0].media"]


# ── Tools ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_tools() -> None:
    schema = b'{"type":"object","properties":{"b":{},"a":{}}}'
    tools = [
        ToolDefinition(name="f", description="does", parameters_schema_json=schema, strict=True, cache_hint=SHORT),
        ToolDefinition(name="g"),
    ]
    assert _encode(CompleteRequest(prompt="q", tools=tools))["toolConfig"] == {
        "tools": [
            {
                "toolSpec": {
                    "name": "f",
                    "description": "does",
                    "inputSchema": {"json": {"type": "object", "properties": {"b": {}, "a": {}}}},
                    "strict": True,
                }
            },
            _POINT,
            {"toolSpec": {"name": "g", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
        ]
    }
    tools[1].parameters_schema_json = b"{"
    assert _refused(CompleteRequest(prompt="q", tools=tools)) == "tools[1].parameters_schema_json"


@pytest.mark.parametrize(
    ("mode", "choice"),
    [
        ("UNSPECIFIED", None),
        ("AUTO", {"auto": {}}),
        ("REQUIRED", {"any": {}}),
        ("NAMED", {"tool": {"name": "f"}}),
    ],
)
def test_tool_choice(mode: str, choice: Any) -> None:
    wanted = ToolChoice(mode=ToolChoiceMode.Value(f"TOOL_CHOICE_MODE_{mode}"), name="f" if mode == "NAMED" else "")
    body = _encode(CompleteRequest(prompt="q", tools=[ToolDefinition(name="f")], tool_choice=wanted))
    assert body["toolConfig"].get("toolChoice") == choice


def test_no_tool_at_all_is_told_by_not_offering_any() -> None:
    never = ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_NONE)
    request = CompleteRequest(tools=[ToolDefinition(name="f")], tool_choice=never, messages=[_user(Part(text="q"))])
    assert "toolConfig" not in _encode(request)
    assert not _unsupported(request)
    request.messages.append(_model(Part(tool_call=ToolCall(id="t", name="f"))))
    assert _unsupported(request) == ["tool_choice.mode"]


# ── Options ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_schema_for_the_answer() -> None:
    shape = ResponseFormat()
    shape.json_schema.name, shape.json_schema.description = "s", "d"
    shape.json_schema.schema_json = b'{"type": "object"}'
    assert _encode(CompleteRequest(prompt="q", response_format=shape))["outputConfig"] == {
        "textFormat": {
            "type": "json_schema",
            "structure": {"jsonSchema": {"schema": '{"type": "object"}', "name": "s", "description": "d"}},
        }
    }
    shape.json_schema.schema_json = b"{"
    assert _refused(CompleteRequest(prompt="q", response_format=shape)) == "response_format.json_schema.schema_json"


def _thinking(effort: str = "UNSPECIFIED", **fields: Any) -> ReasoningOptions:
    return ReasoningOptions(effort=ReasoningEffort.Value(f"REASONING_EFFORT_{effort}"), **fields)


_OFF = {"thinking": {"type": "disabled"}}
_NOVA_LOW = {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}


@pytest.mark.parametrize(
    ("model", "reasoning", "more", "output"),
    [
        (CLAUDE, _thinking(budget_tokens=2048), {"thinking": {"type": "enabled", "budget_tokens": 2048}}, None),
        (CLAUDE, _thinking("NONE"), _OFF, None),
        ("anthropic.claude-opus-4-6-v1", _thinking("HIGH"), {"thinking": {"type": "adaptive"}}, {"effort": "high"}),
        (NEWER, _thinking("MINIMAL"), {"thinking": {"type": "adaptive"}}, {"effort": "low"}),
        (NEWER, _thinking("NONE"), _OFF, None),
        (NOVA, _thinking("LOW"), _NOVA_LOW, None),
        (NOVA, _thinking("NONE"), {"reasoningConfig": {"type": "disabled"}}, None),
        ("openai.gpt-oss-120b-1:0", _thinking("MEDIUM"), {"reasoning_effort": "medium"}, None),
        ("meta.llama4-scout-17b-instruct-v1:0", _thinking(), None, None),
    ],
)
def test_reasoning(model: str, reasoning: ReasoningOptions, more: Any, output: Any) -> None:
    body = _encode(CompleteRequest(prompt="q", reasoning=reasoning), model)
    assert body.get("additionalModelRequestFields") == more
    assert body.get("outputConfig") == output


@pytest.mark.parametrize(
    ("model", "reasoning", "path"),
    [
        (CLAUDE, _thinking("LOW"), "reasoning.effort"),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", _thinking(budget_tokens=1024), "reasoning.budget_tokens"),
        ("anthropic.claude-3-haiku-20240307-v1:0", _thinking("NONE"), "reasoning.effort"),
        (NEWER, _thinking(budget_tokens=1024), "reasoning.budget_tokens"),
        (NOVA, _thinking(budget_tokens=1024), "reasoning.budget_tokens"),
        ("amazon.nova-pro-v1:0", _thinking("LOW"), "reasoning.effort"),
        ("openai.gpt-oss-20b-1:0", _thinking("NONE"), "reasoning.effort"),
    ],
)
def test_reasoning_that_a_model_cannot_do_is_refused_by_name(model: str, reasoning: Any, path: str) -> None:
    assert _refused(CompleteRequest(prompt="q", reasoning=reasoning), model) == path


def test_top_k_is_each_familys_own() -> None:
    asked = CompleteRequest(prompt="q", top_k=7)
    assert _encode(asked)["additionalModelRequestFields"] == {"top_k": 7}
    assert _encode(asked, NOVA)["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 7}}
    arn = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0"
    assert _encode(asked, arn)["additionalModelRequestFields"] == {"top_k": 7}
    assert _refused(asked, "meta.llama3-8b-instruct-v1:0") == "top_k"


def test_options_of_the_caller_are_merged() -> None:
    options = {"guardrailConfig": {"guardrailIdentifier": "g"}, "additionalModelRequestFields": {"beta": 1}}
    request = CompleteRequest(prompt="q", top_k=7, provider_options_json={"bedrock": orjson.dumps(options)})
    body = _encode(request)
    assert body["guardrailConfig"] == {"guardrailIdentifier": "g"}
    assert body["additionalModelRequestFields"] == {"beta": 1, "top_k": 7}
    for given in (b'{"messages":[]}', b'{"additionalModelRequestFields":{"top_k":1}}',
                  b'{"additionalModelRequestFields":5}'):  # fmt: skip
        request.provider_options_json["bedrock"] = given
        assert _refused(request).startswith(("provider_options_json[bedrock]", "additionalModelRequestFields"))


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"seed": 1}, "seed"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"candidate_count": 2}, "candidate_count"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"tool_choice": ToolChoice(parallel=False)}, "tool_choice.parallel"),
        ({"response_format": ResponseFormat(json_object={})}, "response_format"),
        ({"reasoning": ReasoningOptions(include=True)}, "reasoning.include"),
    ],
)
def test_what_no_model_can_do_is_refused_by_name(fields: dict[str, Any], path: str) -> None:
    assert _unsupported(CompleteRequest(prompt="q", **fields)) == [path]
    named = Message(role=Role.ROLE_USER, name="Ada", parts=[Part(text="q")])
    assert _unsupported(_talk(named)) == ["messages[0].name"]
