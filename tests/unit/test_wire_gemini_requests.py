"""The Gemini wire's requests: contents, tools, settings, media, and the calls beside completions."""

from __future__ import annotations

import struct
from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import (
    Media,
    MediaKind,
    Message,
    Opaque,
    Part,
    ReasoningEffort,
    ReasoningOptions,
    Role,
    ToolCall,
    ToolChoiceMode,
    ToolDefinition,
    ToolResult,
)
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import Target
from trunkline_server.providers import urls
from trunkline_server.providers.gemini import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import MalformedError, Subject

Json = dict[str, Any]

STUDIO = Subject(builtin()["gemini"], "google", "gemini-3-flash")
OLDER = Subject(builtin()["gemini"], "google", "gemini-2.5-flash")
VERTEX = Subject(builtin()["vertex"], "google", "gemini-3-flash")
_IMAGE = MediaKind.MEDIA_KIND_IMAGE


def _body(request: CompleteRequest, subject: Subject = STUDIO) -> Json:
    assert WIRE.unsupported(request, subject.profile) == []
    body: Json = orjson.loads(WIRE.encode(request, subject, False))
    return body


def _said(role: Role.ValueType, *parts: Part) -> Message:
    return Message(role=role, parts=parts)


def _user(*parts: Part) -> CompleteRequest:
    return CompleteRequest(messages=[_said(Role.ROLE_USER, *parts)])


def _refused(request: CompleteRequest, subject: Subject = STUDIO) -> list[str]:
    return [path for path, _ in WIRE.unsupported(request, subject.profile)]


# ── Contents ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_system_messages_are_the_instruction() -> None:
    body = _body(
        CompleteRequest(
            messages=[
                _said(Role.ROLE_SYSTEM, Part(text="Be brief.")),
                _said(Role.ROLE_USER, Part(text="Hi")),
                _said(Role.ROLE_ASSISTANT),
                _said(Role.ROLE_SYSTEM, Part(text="Be kind.")),
            ]
        )
    )
    assert body == {
        "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]},
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
    }


def test_results_of_parallel_calls_are_one_content() -> None:
    calls = [Part(tool_call=ToolCall(id=id, name=f"f{id}", arguments_json=b'{"a": 1}')) for id in "xy"]
    results = [
        ToolResult(tool_call_id="y", parts=[Part(text='{"degrees": 5}')]),
        ToolResult(tool_call_id="x", parts=[Part(text="no"), Part(text="way")], is_error=True),
    ]
    turns = [
        _said(Role.ROLE_ASSISTANT, *calls),
        *(_said(Role.ROLE_TOOL, Part(tool_result=result)) for result in results),
        _said(Role.ROLE_USER, Part(text="Well?")),
    ]
    model, tools, user = _body(CompleteRequest(messages=turns), OLDER)["contents"]
    assert [part["functionCall"] for part in model["parts"]] == [
        {"name": "fx", "args": {"a": 1}, "id": "x"},
        {"name": "fy", "args": {"a": 1}, "id": "y"},
    ]
    assert [part["functionResponse"] for part in tools["parts"]] == [
        {"name": "fx", "response": {"error": ["no", "way"]}, "id": "x"},
        {"name": "fy", "response": {"degrees": 5}, "id": "y"},
    ]
    assert (tools["role"], user["parts"]) == ("user", [{"text": "Well?"}])


def test_a_result_of_nothing_that_was_called_needs_a_name() -> None:
    result = ToolResult(tool_call_id="x", parts=[Part(text="5")])
    request = CompleteRequest(messages=[_said(Role.ROLE_TOOL, Part(tool_result=result))])
    with pytest.raises(TrunklineError) as caught:
        WIRE.encode(request, STUDIO, False)
    assert "messages[0].parts[0].tool_result.name" in str(caught.value.metadata)


@pytest.mark.parametrize("arguments", [b"[1]", b"no"])
def test_arguments_are_an_object(arguments: bytes) -> None:
    call = ToolCall(id="x", name="f", arguments_json=arguments)
    request = CompleteRequest(messages=[_said(Role.ROLE_ASSISTANT, Part(tool_call=call))])
    with pytest.raises(TrunklineError) as caught:
        WIRE.encode(request, STUDIO, False)
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_REQUEST


def test_opaque_parts_of_others_are_left_out() -> None:
    ours = Part(opaque=Opaque(provider="google", type="novel", raw_json=b'{"novel": {"x": 1}}'))
    theirs = Part(opaque=Opaque(provider="openai", type="novel", raw_json=b'{"y": 1}'))
    assert _body(_user(ours, theirs))["contents"][0]["parts"] == [{"novel": {"x": 1}}]


def test_signatures_that_cannot_be_geminis_are_left_out() -> None:
    call = ToolCall(id="x", name="f", arguments_json=b"{}", signature=b'{"caller": 1}')
    request = CompleteRequest(messages=[_said(Role.ROLE_ASSISTANT, Part(tool_call=call))])
    assert "thoughtSignature" not in _body(request, OLDER)["contents"][0]["parts"][0]


# ── Media ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_media() -> None:
    parts = [
        Part(media=Media(kind=_IMAGE, mime_type="image/png", data=b"\x01")),
        Part(media=Media(kind=MediaKind.MEDIA_KIND_VIDEO, uri="https://youtu.be/x")),
        Part(media=Media(kind=MediaKind.MEDIA_KIND_AUDIO, mime_type="audio/mp3", file_id="files/a")),
        Part(media=Media(kind=MediaKind.MEDIA_KIND_DOCUMENT, mime_type="application/pdf", file_id="b")),
    ]
    files = "https://generativelanguage.googleapis.com/v1beta/files"
    assert _body(_user(*parts))["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "AQ=="}},
        {"fileData": {"fileUri": "https://youtu.be/x"}},
        {"fileData": {"fileUri": f"{files}/a", "mimeType": "audio/mp3"}},
        {"fileData": {"fileUri": f"{files}/b", "mimeType": "application/pdf"}},
    ]


def test_files_of_vertex_are_objects_in_storage() -> None:
    stored = Part(media=Media(kind=_IMAGE, mime_type="image/png", file_id="gs://b/o.png"))
    assert _body(_user(stored), VERTEX)["contents"][0]["parts"][0]["fileData"]["fileUri"] == "gs://b/o.png"
    named = Part(media=Media(kind=_IMAGE, mime_type="image/png", file_id="files/a"))
    assert _refused(_user(named), VERTEX) == ["messages[0].parts[0].media.file_id"]


def test_media_in_results() -> None:
    seen = ToolResult(tool_call_id="x", name="look", parts=[Part(media=Media(kind=_IMAGE, uri="https://e.example/i"))])
    request = CompleteRequest(messages=[_said(Role.ROLE_TOOL, Part(tool_result=seen))])
    assert _refused(request) == ["messages[0].parts[0].tool_result.parts[0].media"]
    function = _body(request, VERTEX)["contents"][0]["parts"][0]["functionResponse"]
    assert (function["response"], function["parts"]) == (
        {"output": ""},
        [{"fileData": {"fileUri": "https://e.example/i"}}],
    )


def test_a_system_message_is_text() -> None:
    image = Part(media=Media(kind=_IMAGE, mime_type="image/png", data=b"x"))
    assert _refused(CompleteRequest(messages=[_said(Role.ROLE_SYSTEM, image)])) == ["messages[0].parts[0].media"]


# ── Tools and settings ──────────────────────────────────────────────────────────────────────────────────────────


def test_tools_take_json_schema() -> None:
    schema = b'{"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string"}}}'
    tools = [ToolDefinition(name="f", description="Does.", parameters_schema_json=schema), ToolDefinition(name="g")]
    assert _body(CompleteRequest(prompt="x", tools=tools))["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "description": "Does.", "parametersJsonSchema": orjson.loads(schema)},
                {"name": "g", "parametersJsonSchema": {"type": "object", "properties": {}}},
            ]
        }
    ]


@pytest.mark.parametrize(
    ("mode", "strict", "config"),
    [
        ("UNSPECIFIED", False, None),
        ("UNSPECIFIED", True, {"mode": "VALIDATED"}),
        ("AUTO", False, {"mode": "AUTO"}),
        ("AUTO", True, {"mode": "VALIDATED"}),
        ("NONE", True, {"mode": "NONE"}),
        ("REQUIRED", True, {"mode": "ANY"}),
        ("NAMED", False, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_tool_choice(mode: str, strict: bool, config: Json | None) -> None:
    request = CompleteRequest(prompt="x", tools=[ToolDefinition(name="f", strict=strict)])
    request.tool_choice.mode = ToolChoiceMode.Value(f"TOOL_CHOICE_MODE_{mode}")
    if mode == "NAMED":
        request.tool_choice.name = "f"
    told = _body(request).get("toolConfig")
    assert told == (None if config is None else {"functionCallingConfig": config})


def test_every_setting() -> None:
    request = CompleteRequest(
        prompt="x",
        max_tokens=5,
        temperature=0.0,
        top_p=0.5,
        top_k=3,
        frequency_penalty=0.25,
        presence_penalty=-0.5,
        seed=7,
        candidate_count=2,
        stop_sequences=["a", "b"],
        top_logprobs=2,
    )
    request.response_format.json_schema.name = "n"
    request.response_format.json_schema.description = "An answer."
    request.response_format.json_schema.schema_json = b'{"type": "object"}'
    assert _body(request)["generationConfig"] == {
        "maxOutputTokens": 5,
        "temperature": 0.0,
        "topP": 0.5,
        "topK": 3,
        "frequencyPenalty": 0.25,
        "presencePenalty": -0.5,
        "seed": 7,
        "candidateCount": 2,
        "stopSequences": ["a", "b"],
        "responseLogprobs": True,
        "logprobs": 2,
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "description": "An answer."},
    }


@pytest.mark.parametrize(
    ("wanted", "thinking", "older"),
    [
        ({"effort": ReasoningEffort.REASONING_EFFORT_NONE}, {"thinkingBudget": 0}, {"thinkingBudget": 0}),
        ({"effort": ReasoningEffort.REASONING_EFFORT_HIGH}, {"thinkingLevel": "HIGH"}, {"thinkingBudget": 24576}),
        ({"budget_tokens": 512}, {"thinkingBudget": 512}, {"thinkingBudget": 512}),
        ({"include": True}, {"includeThoughts": True}, {"includeThoughts": True}),
        ({"include": False}, {"includeThoughts": False}, {"includeThoughts": False}),
    ],
)
def test_thinking(wanted: Json, thinking: Json, older: Json) -> None:
    request = CompleteRequest(prompt="x", reasoning=ReasoningOptions(**wanted))
    assert _body(request)["generationConfig"] == {"thinkingConfig": thinking}
    assert _body(request, OLDER)["generationConfig"] == {"thinkingConfig": older}


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"contents": []}, "contents"),
        ({"generationConfig": {"temperature": 1}}, "generationConfig.temperature"),
        ({"toolConfig": {"functionCallingConfig": {}}}, "toolConfig.functionCallingConfig"),
        (
            {"toolConfig": {"functionCallingConfig": {"streamFunctionCallArguments": True}}},
            "toolConfig.functionCallingConfig.streamFunctionCallArguments",
        ),
    ],
)
def test_what_trunkline_sets_is_not_overridden(options: Json, path: str) -> None:
    request = CompleteRequest(prompt="x", temperature=0.5)
    if "stream" not in path:
        request.tool_choice.mode = ToolChoiceMode.TOOL_CHOICE_MODE_AUTO
    request.provider_options_json["google"] = orjson.dumps(options)
    with pytest.raises(TrunklineError) as caught:
        WIRE.encode(request, STUDIO, False)
    assert caught.value.metadata["field"] == f"provider_options_json[google].{path}"
    assert caught.value.reason == Reason.ERROR_REASON_UNSUPPORTED_PARAMETER


def test_options_of_the_provider_are_added() -> None:
    request = CompleteRequest(prompt="x", tools=[ToolDefinition(name="f")], max_tokens=5)
    request.provider_options_json["gemini"] = orjson.dumps(
        {
            "tools": [{"googleSearch": {}}],
            "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]},
            "cachedContent": "cachedContents/c",
        }
    )
    body = _body(request)
    assert [*map(list, body["tools"])] == [["functionDeclarations"], ["googleSearch"]]
    assert body["generationConfig"] == {"maxOutputTokens": 5, "responseModalities": ["TEXT", "IMAGE"]}
    assert body["cachedContent"] == "cachedContents/c"


# ── Addresses, counting, embeddings ─────────────────────────────────────────────────────────────────────────────


def test_addresses() -> None:
    def of(profile: str, path: str, endpoint: str = "", **options: str) -> str:
        target = Target("i", profile, "google", "gemini-3-flash", endpoint, 30.0, "s", options)
        return urls.of(builtin()[profile], target, path)

    studio, vertex = builtin()["gemini"], builtin()["vertex"]
    assert of("gemini", studio.stream_path) == (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse"
    )
    where = "projects/p/locations/{}/publishers/google/models/gemini-3-flash:generateContent"
    assert of("vertex", vertex.path, project="p") == (
        "https://us-central1-aiplatform.googleapis.com/v1/" + where.format("us-central1")
    )
    everywhere = of("vertex", vertex.path, "https://aiplatform.googleapis.com/v1", project="p", location="global")
    assert everywhere == "https://aiplatform.googleapis.com/v1/" + where.format("global")
    assert [name for name, _ in urls.problems(vertex, {})] == ["project"]


def test_counting_counts_all_that_is_read() -> None:
    assert WIRE.counting is not None
    request = CompleteRequest(tools=[ToolDefinition(name="f")])
    request.messages.extend([_said(Role.ROLE_SYSTEM, Part(text="s")), _said(Role.ROLE_USER, Part(text="u"))])
    request.provider_options_json["google"] = b'{"cachedContent": "c", "labels": {"a": "b"}}'
    studio = orjson.loads(WIRE.counting.encode(request, STUDIO))["generateContentRequest"]
    assert studio.keys() == {"model", "contents", "systemInstruction", "tools", "cachedContent", "labels"}
    vertex = orjson.loads(WIRE.counting.encode(request, VERTEX))
    assert vertex.keys() == {"contents", "systemInstruction", "tools"}


def test_embeddings_of_studio() -> None:
    assert WIRE.embedding is not None
    asked = EmbedRequest(inputs=["a", "b"], dimensions=2, purpose="query")
    subject = Subject(STUDIO.profile, "google", "gemini-embedding-001")
    assert WIRE.embedding.unsupported(asked, subject) == []
    body = orjson.loads(WIRE.embedding.encode(asked, ["b"], subject))
    assert body == {
        "requests": [
            {
                "model": "models/gemini-embedding-001",
                "taskType": "RETRIEVAL_QUERY",
                "outputDimensionality": 2,
                "content": {"parts": [{"text": "b"}]},
            }
        ]
    }
    answer = {"embeddings": [{"values": [0.5, -1.0]}], "usageMetadata": {"promptTokenCount": 4}}
    found = WIRE.embedding.decode(orjson.dumps(answer), subject)
    assert (list(found.packed), found.usage.input_tokens) == ([struct.pack("<2f", 0.5, -1.0)], 4)


def test_embeddings_of_vertex() -> None:
    assert WIRE.embedding is not None
    asked = EmbedRequest(inputs=["a"], dimensions=2, purpose="document")
    body = orjson.loads(WIRE.embedding.encode(asked, ["a"], VERTEX))
    assert body["instances"] == [{"content": "a", "task_type": "RETRIEVAL_DOCUMENT"}]
    assert body["parameters"] == {"autoTruncate": False, "outputDimensionality": 2}
    each = {"embeddings": {"values": [0.25], "statistics": {"token_count": 3.0, "truncated": False}}}
    found = WIRE.embedding.decode(orjson.dumps({"predictions": [each, each]}), VERTEX)
    assert (list(found.packed), found.usage.input_tokens) == ([struct.pack("<f", 0.25)] * 2, 6)


@pytest.mark.parametrize("body", [b"{}", b'{"embeddings": [1]}', b'{"embeddings": [{"values": ["a"]}]}', b"[]"])
def test_what_are_no_vectors_is_malformed(body: bytes) -> None:
    assert WIRE.embedding is not None
    with pytest.raises(MalformedError):
        WIRE.embedding.decode(body, STUDIO)


def test_a_purpose_without_a_word_is_refused() -> None:
    assert WIRE.embedding is not None
    found = WIRE.embedding.unsupported(EmbedRequest(inputs=["a"], purpose="novel"), STUDIO)
    assert [path for path, _ in found] == ["purpose"]
