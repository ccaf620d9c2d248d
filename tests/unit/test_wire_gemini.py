"""The Gemini wire beyond the recordings: what is unknown, signatures, blocked prompts, cut streams, errors."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, FinishReason
from trunkline.v1.content_pb2 import (
    CacheHint,
    Media,
    MediaKind,
    Message,
    Part,
    Reasoning,
    ReasoningEffort,
    ReasoningOptions,
    Role,
    ToolCall,
    ToolResult,
)
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.providers.gemini import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Frame, HttpResponse, MalformedError, Subject

GEMINI = Subject(builtin()["gemini"], "gemini", "gemini-3-flash")
OLDER = Subject(builtin()["gemini"], "gemini", "gemini-2.5-flash")
VERTEX = Subject(builtin()["vertex"], "vertex", "gemini-2.5-flash")


def _answer(*parts: Any, finish: str = "STOP", **top: Any) -> CompleteResponse:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, "index": 0}
    return WIRE.decoder(GEMINI).whole(orjson.dumps({"candidates": [candidate], "responseId": "r1", **top}))


def _encoded(request: CompleteRequest, subject: Subject = GEMINI) -> Any:
    return orjson.loads(WIRE.encode(request, subject, False))


def _turn(role: Role.ValueType, *parts: Part) -> Message:
    return Message(role=role, parts=parts)


def test_what_is_unknown_is_carried() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1+1"}}
    answer = _answer({"text": "a", "novel": 1}, code, extra={"x": 2**60})
    assert {(event.type, event.raw_json) for event in answer.provider_events} == {
        ("extra", b'{"x":1152921504606846976}'),
        ("part.novel", b"1"),
    }
    opaque = answer.content[1].opaque
    assert (opaque.provider, opaque.type, orjson.loads(opaque.raw_json)) == ("gemini", "executableCode", code)
    back = _encoded(CompleteRequest(messages=[_turn(Role.ROLE_ASSISTANT, *answer.content)]))
    assert back["contents"] == [{"role": "model", "parts": [{"text": "a"}, code]}]


def test_signatures_go_back_to_the_part_that_they_came_with() -> None:
    said = [
        {"text": "hm", "thought": True},
        {"text": "Look:", "thoughtSignature": "c2lnMQ=="},
        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2lnMg=="},
        {"functionCall": {"name": "g", "args": {}}},
    ]
    answer = _answer(*said)
    assert answer.finish.reason == FinishReason.FINISH_REASON_TOOL_CALL
    calls = [part.tool_call for part in answer.content if part.HasField("tool_call")]
    assert [(call.name, call.signature) for call in calls] == [("f", b"c2lnMg=="), ("g", b"")]
    assert len({call.id for call in calls}) == 2
    results = [
        Part(tool_result=ToolResult(tool_call_id=call.id, parts=[Part(text=call.name)])) for call in reversed(calls)
    ]
    turns = [_turn(Role.ROLE_ASSISTANT, *answer.content), _turn(Role.ROLE_TOOL, *results)]
    model, user = _encoded(CompleteRequest(messages=turns))["contents"]
    assert model == {"role": "model", "parts": said}
    # In the order of the calls, by name: the calls had no ids.
    assert [part["functionResponse"] for part in user["parts"]] == [
        {"name": "f", "response": {"output": "f"}},
        {"name": "g", "response": {"output": "g"}},
    ]


def test_reasoning_of_others_is_not_signed() -> None:
    thought = Part(reasoning=Reasoning(text="x", signature=b"YWJj", id="rs_1"))
    parts = _encoded(CompleteRequest(messages=[_turn(Role.ROLE_ASSISTANT, thought)]))["contents"][0]["parts"]
    assert parts == [{"text": "x", "thought": True}]


def test_calls_that_no_gemini_made_are_marked_for_the_models_that_insist() -> None:
    turn = _turn(Role.ROLE_ASSISTANT, Part(tool_call=ToolCall(id="toolu_1", name="f", arguments_json=b"{}")))
    request = CompleteRequest(messages=[turn])
    assert _encoded(request)["contents"][0]["parts"][0]["thoughtSignature"] == "skip_thought_signature_validator"
    assert "thoughtSignature" not in _encoded(request, OLDER)["contents"][0]["parts"][0]


def test_a_blocked_prompt_is_an_answer() -> None:
    body = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 7}}
    answer = WIRE.decoder(GEMINI).whole(orjson.dumps(body))
    assert answer.finish.reason == FinishReason.FINISH_REASON_CONTENT_FILTER
    assert (answer.finish.raw_reason, answer.usage.input_tokens) == ("PROHIBITED_CONTENT", 7)


@pytest.mark.parametrize("body", [b"{}", b'{"candidates": []}', b'{"candidates": [1]}', b"[1]", b"no"])
def test_what_is_no_answer_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        WIRE.decoder(GEMINI).whole(body)


def test_a_stream_is_complete_only_with_every_finish_reason() -> None:
    decoder = WIRE.decoder(GEMINI)
    two: list[Any] = [{"index": 0, "content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]
    two.append({"index": 1, "content": {"parts": [{"text": "b"}]}})
    list(decoder.feed(Frame("", orjson.dumps({"candidates": two}))))
    assert list(decoder.close()) == []
    assert not decoder.done


def test_thinking_by_level_or_by_budget() -> None:
    request = CompleteRequest(prompt="x", reasoning=ReasoningOptions(effort=ReasoningEffort.REASONING_EFFORT_LOW))
    assert _encoded(request)["generationConfig"]["thinkingConfig"] == {"thinkingLevel": "LOW"}
    assert _encoded(request, OLDER)["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 1024}


def test_what_cannot_be_honoured_is_named() -> None:
    media = Media(kind=MediaKind.MEDIA_KIND_IMAGE, mime_type="image/png", data=b"x", detail="high")
    request = CompleteRequest(candidate_count=9, seed=2**40, stop_sequences=list("abcdef"))
    request.tool_choice.parallel = False
    request.messages.append(_turn(Role.ROLE_USER, Part(media=media)))
    found = {path for path, _ in WIRE.unsupported(request, GEMINI.profile)}
    wanted = {"candidate_count", "seed", "stop_sequences", "tool_choice.parallel", "messages[0].parts[0].media.detail"}
    assert found == wanted
    # A hint is a wish: these models cache prompts unasked.
    hinted = _turn(Role.ROLE_USER, Part(text="x", cache_hint=CacheHint.CACHE_HINT_SHORT))
    assert WIRE.unsupported(CompleteRequest(messages=[hinted]), GEMINI.profile) == []


def test_options_of_the_provider_are_merged_and_ours_are_not_overridden() -> None:
    request = CompleteRequest(prompt="x", temperature=0.5)
    request.provider_options_json["gemini"] = b'{"generationConfig": {"topK": 3}, "tools": [{"google_search": {}}]}'
    body = _encoded(request)
    assert body["generationConfig"] == {"temperature": 0.5, "topK": 3}
    assert body["tools"] == [{"google_search": {}}]
    request.provider_options_json["gemini"] = b'{"generationConfig": {"temperature": 1}}'
    with pytest.raises(TrunklineError) as caught:
        _encoded(request)
    assert caught.value.metadata["field"] == "provider_options_json[gemini].generationConfig.temperature"


@pytest.mark.parametrize(
    ("status", "error", "reason", "retry_after"),
    [
        (400, {"status": "INVALID_ARGUMENT", "message": "API key not valid.",
               "details": [{"@type": "x/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]},
         Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, None),
        (429, {"status": "RESOURCE_EXHAUSTED", "message": "slow down",
               "details": [{"@type": "x/google.rpc.RetryInfo", "retryDelay": "1.5s"}]},
         Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, 1.5),
        (429, {"status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded: GenerateRequestsPerDay"},
         Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, None),
        (400, {"status": "INVALID_ARGUMENT",
               "message": "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576)."},
         Reason.ERROR_REASON_CONTEXT_TOO_LONG, None),
        (404, {"status": "NOT_FOUND", "message": "models/x is not found"}, Reason.ERROR_REASON_UPSTREAM_REJECTED, None),
        (503, {"status": "UNAVAILABLE", "message": "overloaded"}, Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, None),
    ],
)  # fmt: skip
def test_errors(status: int, error: Any, reason: int, retry_after: float | None) -> None:
    for body in ({"error": {"code": status, **error}}, [{"error": {"code": status, **error}}]):
        found = WIRE.error(HttpResponse(status, {}, orjson.dumps(body)), "gemini")
        assert (found.reason, found.retry_after) == (reason, retry_after)


def test_counting() -> None:
    assert WIRE.counting is not None
    request = CompleteRequest(prompt="x", temperature=0.5)
    studio = orjson.loads(WIRE.counting.encode(request, GEMINI))["generateContentRequest"]
    assert (studio["model"], studio["contents"][0]["parts"]) == ("models/gemini-3-flash", [{"text": "x"}])
    assert "generateContentRequest" not in orjson.loads(WIRE.counting.encode(request, VERTEX))
    assert WIRE.counting.decode(b'{"totalTokens": 12}', GEMINI) == 12
    with pytest.raises(MalformedError):
        WIRE.counting.decode(b'{"totalTokens": "many"}', GEMINI)
