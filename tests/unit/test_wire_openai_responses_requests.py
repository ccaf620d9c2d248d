"""Requests of the Responses wire where the recordings are silent: what is sent back, refused, marked and counted."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse
from trunkline.v1.content_pb2 import (
    CacheHint,
    JsonSchemaFormat,
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
    ToolChoice,
    ToolChoiceMode,
    ToolDefinition,
    ToolResult,
)
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.providers.openai_responses import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import MalformedError, Subject

OPENAI = Subject(builtin()["openai_responses"], "openai", "m")
TEXT = {"type": "output_text", "text": "Hi", "annotations": []}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}],
    "encrypted_content": "zz==",
}
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "é", "big": 2**60}}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{ "b":1, "a" : 2 }'}


def _message(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [*parts], **more}


def _response(*output: dict[str, Any], status: str = "completed", **more: Any) -> bytes:
    return orjson.dumps({"id": "resp_1", "model": "m1", "status": status, "output": [*output], **more})


def _whole(*output: dict[str, Any], **more: Any) -> CompleteResponse:
    return WIRE.decoder(OPENAI).whole(_response(*output, **more))


def _encode(request: CompleteRequest, stream: bool = False, subject: Subject = OPENAI) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(WIRE.encode(request, subject, stream))
    return body


def _said(role: Role.ValueType, *parts: Part) -> Message:
    return Message(role=role, parts=parts)


USER = _said(Role.ROLE_USER, Part(text="Hi"))


def test_an_answer_is_sent_back_unchanged() -> None:
    answer = _whole(REASONING, SEARCH, _message(TEXT), CALL)
    turn = Message(role=Role.ROLE_ASSISTANT, parts=answer.content)
    result = Part(tool_result=ToolResult(tool_call_id="call_1", parts=[Part(text="ok")]))
    body = _encode(CompleteRequest(messages=[USER, turn, _said(Role.ROLE_TOOL, result)]))
    call = {name: value for name, value in CALL.items() if name != "id"}
    assert body["input"] == [
        {"role": "user", "content": "Hi"},
        REASONING,
        SEARCH,
        {"role": "assistant", "content": "Hi"},
        call,
        {"type": "function_call_output", "call_id": "call_1", "output": "ok"},
    ]
    assert orjson.dumps(SEARCH) in WIRE.encode(CompleteRequest(messages=[USER, turn]), OPENAI, False)
    # Reasoning that was had once goes on, and nothing is kept for it.
    assert (body["store"], body["include"]) == (False, ["reasoning.encrypted_content"])


def test_thoughts_next_to_each_other_stay_apart() -> None:
    thoughts = [REASONING, REASONING | {"id": "rs_2", "summary": []}]
    turn = Message(role=Role.ROLE_ASSISTANT, parts=_whole(*thoughts).content)
    assert _encode(CompleteRequest(messages=[USER, turn]))["input"][1:] == thoughts


def test_open_reasoning_is_sent_back_as_content() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}
    turn = Message(role=Role.ROLE_ASSISTANT, parts=_whole(item, _message(TEXT)).content)
    assert _encode(CompleteRequest(messages=[USER, turn]))["input"][1] == item


@pytest.mark.parametrize(
    "foreign",
    [
        Part(reasoning=Reasoning(text="hm", signature=b"s")),
        Part(reasoning=Reasoning(text="only a summary", id="rs_2", summary=True)),
        Part(opaque=Opaque(provider="anthropic", type="thing", raw_json=b"{}")),
    ],
)
def test_what_the_provider_cannot_take_back_is_left_out(foreign: Part) -> None:
    turn = _said(Role.ROLE_ASSISTANT, Part(text="a"), foreign, Part(text="b"))
    body = _encode(CompleteRequest(messages=[USER, turn]))
    said = [item["content"] for item in body["input"] if item["role"] == "assistant"]
    pieces = [{"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"}]
    assert said in (["a", "b"], [pieces])
    assert "include" not in body


def test_instructions_are_the_first_system_message() -> None:
    one, two = _said(Role.ROLE_SYSTEM, Part(text="A")), _said(Role.ROLE_SYSTEM, Part(text="B"))
    body = _encode(CompleteRequest(messages=[one, two, USER]))
    assert body["instructions"] == "A"
    assert body["input"] == [{"role": "system", "content": "B"}, {"role": "user", "content": "Hi"}]
    # Something must be asked.
    alone = _encode(CompleteRequest(messages=[one]))
    assert "instructions" not in alone
    assert alone["input"] == [{"role": "system", "content": "A"}]
    in_pieces = _encode(CompleteRequest(messages=[_said(Role.ROLE_SYSTEM, Part(text="A"), Part(text="B")), USER]))
    assert "instructions" not in in_pieces
    assert [piece["text"] for piece in in_pieces["input"][0]["content"]] == ["A", "B"]


def test_media() -> None:
    image, document = MediaKind.MEDIA_KIND_IMAGE, MediaKind.MEDIA_KIND_DOCUMENT
    parts = [
        Part(media=Media(kind=image, uri="https://x/a.png", detail="low")),
        Part(media=Media(kind=image, mime_type="image/png", data=b"png")),
        Part(media=Media(kind=image, file_id="file_1")),
        Part(media=Media(kind=document, mime_type="application/pdf", data=b"pdf", title="a.pdf")),
        Part(media=Media(kind=document, uri="https://x/a.pdf")),
        Part(media=Media(kind=document, file_id="file_2")),
    ]
    result = Part(tool_result=ToolResult(tool_call_id="c", parts=parts[:1]))
    messages = [_said(Role.ROLE_USER, *parts), _said(Role.ROLE_TOOL, result)]
    user, tool = _encode(CompleteRequest(messages=messages))["input"]
    linked = {"type": "input_image", "detail": "low", "image_url": "https://x/a.png"}
    assert user["content"] == [
        linked,
        {"type": "input_image", "image_url": f"data:image/png;base64,{b64encode(b'png').decode()}"},
        {"type": "input_image", "file_id": "file_1"},
        {
            "type": "input_file",
            "filename": "a.pdf",
            "file_data": f"data:application/pdf;base64,{b64encode(b'pdf').decode()}",
        },
        {"type": "input_file", "file_url": "https://x/a.pdf"},
        {"type": "input_file", "file_id": "file_2"},
    ]
    assert tool["output"] == [linked]


def test_blocks_of_the_provider_stand_where_they_belong() -> None:
    piece = Part(
        opaque=Opaque(provider="openai", type="input_text", raw_json=b'{"type":"input_text","text":"x","y":1}')
    )
    item = Part(
        opaque=Opaque(provider="openai", type="computer_call_output", raw_json=b'{"type":"computer_call_output"}')
    )
    body = _encode(CompleteRequest(messages=[_said(Role.ROLE_USER, Part(text="a"), piece, item, Part(text="b"))]))
    assert body["input"] == [
        {"role": "user", "content": [{"type": "input_text", "text": "a"}, orjson.loads(piece.opaque.raw_json)]},
        {"type": "computer_call_output"},
        {"role": "user", "content": "b"},
    ]


def test_options() -> None:
    body = _encode(
        CompleteRequest(
            prompt="Hi",
            max_tokens=9,
            temperature=0,
            top_p=0.5,
            top_logprobs=0,
            tools=[ToolDefinition(name="f"), ToolDefinition(name="g", description="G", strict=True)],
            tool_choice=ToolChoice(mode=ToolChoiceMode.TOOL_CHOICE_MODE_NAMED, name="f", parallel=False),
            response_format=ResponseFormat(json_schema=JsonSchemaFormat(name="s", schema_json=b'{"type":"object"}')),
            reasoning=ReasoningOptions(effort=ReasoningEffort.REASONING_EFFORT_MINIMAL, include=True),
        ),
        stream=True,
    )
    empty = {"type": "object", "properties": {}}
    assert body == {
        "model": "m",
        "input": "Hi",
        "max_output_tokens": 9,
        "temperature": 0.0,
        "top_p": 0.5,
        "top_logprobs": 0,
        "tools": [
            {"type": "function", "name": "f", "parameters": empty, "strict": False},
            {"type": "function", "name": "g", "parameters": empty, "strict": True, "description": "G"},
        ],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "text": {"format": {"type": "json_schema", "name": "s", "schema": {"type": "object"}, "strict": True}},
        "reasoning": {"effort": "minimal", "summary": "auto"},
        "include": ["message.output_text.logprobs", "reasoning.encrypted_content"],
        "store": False,
        "stream": True,
    }


def test_reasoning_that_is_not_wanted_is_not_asked_for() -> None:
    none = ReasoningOptions(effort=ReasoningEffort.REASONING_EFFORT_NONE)
    body = _encode(CompleteRequest(prompt="Hi", reasoning=none))
    assert body["reasoning"] == {"effort": "none"}
    assert "include" not in body
    assert "include" not in _encode(CompleteRequest(prompt="Hi"))


def test_the_providers_own_options() -> None:
    own = {"store": True, "include": ["file_search_call.results"], "tools": [{"type": "web_search"}]}
    request = CompleteRequest(
        prompt="Hi", reasoning=ReasoningOptions(), provider_options_json={"openai": orjson.dumps(own)}
    )
    body = _encode(request)
    assert (body["store"], body["tools"]) == (True, own["tools"])
    assert body["include"] == ["file_search_call.results", "reasoning.encrypted_content"]
    with pytest.raises(TrunklineError) as caught:
        _encode(CompleteRequest(prompt="Hi", temperature=1, provider_options_json={"openai": b'{"temperature": 0}'}))
    assert caught.value.reason == Reason.ERROR_REASON_UNSUPPORTED_PARAMETER


def test_what_the_api_lacks_is_refused_by_name() -> None:
    audio = Media(kind=MediaKind.MEDIA_KIND_AUDIO, mime_type="audio/wav", data=b"x")
    image = Media(kind=MediaKind.MEDIA_KIND_IMAGE, uri="https://x/a.png")
    request = CompleteRequest(
        messages=[
            Message(role=Role.ROLE_USER, name="ann", parts=[Part(media=audio)]),
            _said(Role.ROLE_ASSISTANT, Part(text="a"), Part(media=image)),
        ],
        top_k=1,
        seed=1,
        frequency_penalty=1,
        presence_penalty=1,
        candidate_count=2,
        stop_sequences=["x"],
        reasoning=ReasoningOptions(budget_tokens=5),
    )
    found = {path for path, why in WIRE.unsupported(request, OPENAI.profile) if "OpenAI Responses" in why}
    assert found == {
        "top_k",
        "seed",
        "frequency_penalty",
        "presence_penalty",
        "candidate_count",
        "stop_sequences",
        "reasoning.budget_tokens",
        "messages[0].name",
        "messages[0].parts[0].media",
        "messages[1].parts[1].media",
    }


def test_cache_hints_are_marks_for_models_that_take_them() -> None:
    part = Part(text="A", cache_hint=CacheHint.CACHE_HINT_SHORT)
    request = CompleteRequest(messages=[_said(Role.ROLE_SYSTEM, part), USER])
    new = _encode(request, subject=Subject(OPENAI.profile, "openai", "gpt-5.6-sol"))
    marked = {"type": "input_text", "text": "A", "prompt_cache_breakpoint": {"mode": "explicit"}}
    assert new["input"][0] == {"role": "system", "content": [marked]}
    old = _encode(request, subject=Subject(OPENAI.profile, "openai", "gpt-5.4"))
    assert old["input"][0] == {"role": "system", "content": "A"}


def test_counting() -> None:
    assert WIRE.counting is not None
    request = CompleteRequest(messages=[USER], max_tokens=5, temperature=1, tools=[ToolDefinition(name="f")])
    body = orjson.loads(WIRE.counting.encode(request, OPENAI))
    assert body.keys() == {"model", "input", "tools"}
    assert WIRE.counting.decode(b'{"object":"response.input_tokens","input_tokens":11}', OPENAI) == 11
    for answer in (b"{}", b'{"input_tokens": true}', b'{"input_tokens": -1}', b"x"):
        with pytest.raises(MalformedError):
            WIRE.counting.decode(answer, OPENAI)
