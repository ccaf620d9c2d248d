"""Answers of the Responses wire where the recordings are silent: what is carried, and what is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import BlockKind, CompleteResponse, FinishReason
from trunkline.v1.content_pb2 import Citation, Reasoning, ToolCall
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.fold import fold
from trunkline_server.providers.openai_responses import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Frame, HttpResponse, MalformedError, Subject

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


def _stream(*events: dict[str, Any]) -> CompleteResponse:
    decoder = WIRE.decoder(OPENAI)
    return fold([event for each in events for event in decoder.feed(Frame("", orjson.dumps(each)))])


def _end(*output: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "response.completed", "response": orjson.loads(_response(*output, **more))}


def _delta(text: str, place: int = 0, index: int = 0, **more: Any) -> dict[str, Any]:
    at = {"output_index": place, "content_index": index, "item_id": f"msg_{place}"}
    return {"type": "response.output_text.delta", "delta": text, **at, **more}


def test_unknown_fields_are_carried_and_noise_is_not() -> None:
    novel = {"x": 2**60}
    answer = _whole(
        _message(TEXT | {"tone": novel, "none": None}, phase="commentary"),
        REASONING | {"mood": 1},
        CALL | {"namespace": "n", "empty": []},
        service_tier="default",
        conversation={"id": "c"},
    )
    assert [(event.provider, event.type, event.raw_json) for event in answer.provider_events] == [
        ("openai", "message.phase", b'"commentary"'),
        ("openai", "output_text.tone", b'{"x":1152921504606846976}'),
        ("openai", "reasoning.mood", b"1"),
        ("openai", "function_call.namespace", b'"n"'),
        ("openai", "conversation", b'{"id":"c"}'),
    ]


def test_unknown_events_and_fields_of_events_are_carried() -> None:
    raw = b'{ "type":"response.novel","x":  1}'
    decoder = WIRE.decoder(OPENAI)
    events = [*decoder.feed(Frame("", raw)), *decoder.feed(Frame("", orjson.dumps(_delta("Hi", extra=[1]))))]
    found = [event.provider_event for event in events if event.HasField("provider_event")]
    assert [(event.type, event.raw_json) for event in found] == [
        ("response.novel", raw),
        ("response.output_text.delta.extra", b"[1]"),
    ]


def test_unknown_parts_and_items_are_opaque_in_their_places() -> None:
    odd = {"type": "output_hologram", "size": 3}
    answer = _whole(SEARCH, _message(TEXT, odd), {"type": "novel_item"})
    kinds = [part.WhichOneof("kind") for part in answer.content]
    assert kinds == ["opaque", "text", "opaque", "opaque"]
    assert [part.opaque.type for part in answer.content] == ["web_search_call", "", "output_hologram", "novel_item"]
    assert answer.content[2].opaque.raw_json == orjson.dumps(odd)


def test_what_was_not_streamed_comes_with_the_end() -> None:
    answer = _stream(_delta("Hel"), _end(_message(TEXT | {"text": "Hello"}), CALL))
    assert answer.completion == "Hello"
    assert answer.content[1].tool_call.arguments_json == CALL["arguments"].encode()
    assert answer.finish.reason == FinishReason.FINISH_REASON_TOOL_CALL


def test_interleaved_text_stays_apart() -> None:
    answer = _stream(_delta("a"), _delta("b", place=1), _delta("c"), _end())
    assert [part.text for part in answer.content] == ["a", "b", "c"]


def test_a_citation_of_text_to_come_waits_for_it() -> None:
    note = {"type": "url_citation", "start_index": 1, "end_index": 3, "url": "https://x", "title": "X"}
    added = {"type": "response.output_text.annotation.added", "annotation": note, "annotation_index": 0}
    at = {"output_index": 0, "content_index": 0}
    done = {"type": "response.content_part.done", "part": TEXT | {"text": "éöü", "annotations": []}, **at}
    answer = _stream(_delta("é"), added | at, _delta("öü"), done, _end())
    assert list(answer.content[0].citations) == [
        Citation(start=2, end=6, uri="https://x", title="X", raw_json=orjson.dumps(note))
    ]


def test_reasoning_is_a_block_for_each_part() -> None:
    one, two, hidden = (part.reasoning for part in _whole(REASONING).content)
    assert (one, two) == tuple(Reasoning(id="rs_1", text=text, summary=True, signer="openai") for text in ("a", "b"))
    assert hidden == Reasoning(id="rs_1", redacted_data=b"zz==", signer="openai")


def test_logprobs() -> None:
    token = {"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": [{"token": "e", "logprob": -1.5}]}
    whole = _whole(_message(TEXT | {"logprobs": [token]}))
    streamed = _stream(_delta("Hi", logprobs=[token]), _end(_message(TEXT)))
    for answer in (whole, streamed):
        (found,) = answer.content[0].logprobs
        assert (found.token, found.logprob, found.raw_bytes, found.top[0].token) == ("é", -0.5, b"\xc3\xa9", "e")


@pytest.mark.parametrize(
    ("status", "details", "reason", "raw"),
    [
        ("completed", None, FinishReason.FINISH_REASON_STOP, "completed"),
        ("incomplete", {"reason": "content_filter"}, FinishReason.FINISH_REASON_CONTENT_FILTER, None),
        ("incomplete", {"reason": "tired"}, FinishReason.FINISH_REASON_UNSPECIFIED, "incomplete/tired"),
        ("cancelled", None, FinishReason.FINISH_REASON_ERROR, "cancelled"),
        ("queued", None, FinishReason.FINISH_REASON_UNSPECIFIED, "queued"),
    ],
)
def test_finish(status: str, details: Any, reason: int, raw: str | None) -> None:
    finish = _whole(_message(TEXT), status=status, incomplete_details=details).finish
    assert (finish.reason, finish.raw_reason) == (reason, raw or "incomplete/content_filter")


def test_tools_of_the_provider_are_billed_beside_the_tokens() -> None:
    counts = {"input_tokens": 5, "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1}, "novel": 4}
    tools = {"web_search": {"num_requests": 2}, "image_gen": {"output_tokens": 9, "input_tokens": 0}}
    usage = _whole(usage=counts, tool_usage=tools).usage
    assert (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens) == (5, 2, 1)
    assert not usage.HasField("output_tokens")
    assert dict(usage.other_units) == {"web_search_requests": 2, "image_gen_output_tokens": 9, "novel": 4}


@pytest.mark.parametrize(
    "event",
    [
        _delta("x") | {"delta": 5},
        {"type": "response.output_text.delta", "delta": "x"},
        {"type": "response.function_call_arguments.delta", "output_index": 3, "delta": "{"},
        {"type": "response.output_item.done", "output_index": 0, "item": []},
        {"type": "response.completed"},
    ],
)
def test_other_shapes_are_malformed(event: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        _stream(event)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b'{"output": [5], "status": "completed"}'])
def test_other_answers_are_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        WIRE.decoder(OPENAI).whole(body)


def test_done_of_chat_completions_is_no_end_mark() -> None:
    decoder = WIRE.decoder(OPENAI)
    assert [*decoder.feed(Frame("", b"[DONE]")), *decoder.close()] == []
    assert not decoder.done


@pytest.mark.parametrize(
    ("code", "reason", "retry", "fallback"),
    [
        ("server_error", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        ("rate_limit_exceeded", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        ("insufficient_quota", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        ("invalid_prompt", Reason.ERROR_REASON_CONTENT_FILTERED, False, False),
        ("image_too_large", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        ("context_length_exceeded", Reason.ERROR_REASON_CONTEXT_TOO_LONG, False, True),
        ("vector_store_timeout", Reason.ERROR_REASON_UPSTREAM_TIMEOUT, True, True),
    ],
)
def test_a_failed_response_is_an_error(code: str, reason: int, retry: bool, fallback: bool) -> None:
    error = {"code": code, "message": "no"}
    failed = _end(status="failed", error=error, usage={"input_tokens": 3}) | {"type": "response.failed"}
    for attempt in (
        lambda: _stream(failed),
        lambda: _whole(status="failed", error=error, usage={"input_tokens": 3}),
    ):
        with pytest.raises(ProviderError) as caught:
            attempt()
        found = caught.value
        assert (found.reason, found.retry, found.fallback, found.provider_code) == (reason, retry, fallback, code)
        assert found.usage is not None
        assert found.usage.input_tokens == 3


def test_a_quota_that_is_used_up_is_no_rate_limit() -> None:
    body = orjson.dumps({"error": {"code": "insufficient_quota", "type": "insufficient_quota", "message": "no"}})
    error = WIRE.error(HttpResponse(429, {"x-request-id": "req_1"}, body), "openai")
    assert (error.reason, error.retry) == (Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False)
    assert error.provider_request_id == "req_1"


def test_a_call_begins_before_its_arguments_and_ends_with_its_item() -> None:
    decoder = WIRE.decoder(OPENAI)
    added = {"type": "response.output_item.added", "output_index": 0, "item": CALL | {"arguments": ""}}
    events = list(decoder.feed(Frame("", orjson.dumps(added))))
    assert events[-1].content_started.kind == BlockKind.BLOCK_KIND_TOOL_CALL
    assert events[-1].content_started.part.tool_call == ToolCall(id="call_1", name="f")
    done = {"type": "response.output_item.done", "output_index": 0, "item": CALL}
    assert list(decoder.feed(Frame("", orjson.dumps(done))))[-1].HasField("content_finished")
