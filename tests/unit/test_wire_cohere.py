"""The Cohere wire: what the recordings do not show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, StreamCompleteResponse
from trunkline.v1.content_pb2 import (
    Message,
    Opaque,
    Part,
    Reasoning,
    Role,
    ToolCall,
)
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.fold import fold
from trunkline_server.providers.cohere import WIRE
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Frame, HttpResponse, MalformedError, Subject

Json = dict[str, Any]

_PROFILE = builtin()["cohere"]
_SUBJECT = Subject(_PROFILE, "cohere", "command-a")


def _body(request: CompleteRequest) -> Json:
    assert WIRE.unsupported(request, _PROFILE) == []
    body: Json = orjson.loads(WIRE.encode(request, _SUBJECT, False))
    return body


def _messages(*messages: Message) -> list[Json]:
    found: list[Json] = _body(CompleteRequest(messages=messages))["messages"]
    return found


def _assistant(*parts: Part) -> Message:
    return Message(role=Role.ROLE_ASSISTANT, parts=parts)


def _whole(message: Json, **top: Any) -> CompleteResponse:
    answer = {"id": "c", "message": {"role": "assistant"} | message, "finish_reason": "COMPLETE", "usage": {}} | top
    return WIRE.decoder(_SUBJECT).whole(orjson.dumps(answer))


def _events(*events: Json) -> list[StreamCompleteResponse]:
    decoder = WIRE.decoder(_SUBJECT)
    frames: Iterable[Frame] = [Frame(event["type"], orjson.dumps(event)) for event in events]
    found = [event for frame in frames for event in decoder.feed(frame)]
    return found + list(decoder.feed(Frame("", b"[DONE]")))


_START: Json = {"type": "message-start", "id": "c", "delta": {"message": {"role": "assistant"}}}
_END: Json = {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {}}}


def _text(said: str, index: int = 0) -> Json:
    return {"type": "content-delta", "index": index, "delta": {"message": {"content": {"text": said}}}}


def test_an_answer_goes_back_as_it_came() -> None:
    message = {
        "content": [
            {"type": "thinking", "thinking": "Hm é."},
            {"type": "novel", "b": 1.5, "a": {"x": [2**60]}},
            {"type": "text", "text": "I look."},
        ],
        "tool_plan": "Look it up.",
        "tool_calls": [{"id": "w", "type": "function", "function": {"name": "f", "arguments": '{ "b":1.0 '}}],
    }
    answer = _whole(message, finish_reason="TOOL_CALL")
    assert [part.WhichOneof("kind") for part in answer.content] == [
        *("reasoning", "opaque", "text", "reasoning", "tool_call")
    ]
    assert answer.content[1].opaque.raw_json == orjson.dumps(message["content"][1])
    assert _messages(_assistant(*answer.content)) == [{"role": "assistant"} | message]


def test_what_another_provider_made_stays_out() -> None:
    message = _assistant(
        Part(opaque=Opaque(provider="anthropic", type="x", raw_json=b"{}")),
        Part(reasoning=Reasoning(text="signed", signature=b"s")),
        Part(reasoning=Reasoning(redacted_data=b"r")),
        Part(refusal="No."),
        Part(tool_call=ToolCall(id="c", name="f")),
    )
    assert _messages(message) == [
        {
            "role": "assistant",
            "content": "No.",
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        }
    ]


def _carried(answer: CompleteResponse) -> list[tuple[str, bytes]]:
    return [(event.type, event.raw_json) for event in answer.provider_events]


def test_unknown_fields_of_a_whole_answer_are_carried() -> None:
    function = {"name": "f", "arguments": "{}", "n5": 5}
    call = {"id": "w", "type": "function", "function": function, "n4": 4}
    piece = {"type": "text", "text": "a", "n3": 3}
    answer = _whole({"content": [piece], "tool_calls": [call], "n2": 2}, n1={"x": 2**60}, none=None)
    assert sorted(_carried(answer)) == [
        ("content.n3", b"3"),
        ("message.n2", b"2"),
        ("n1", b'{"x":1152921504606846976}'),
        ("tool_calls.function.n5", b"5"),
        ("tool_calls.n4", b"4"),
    ]


def test_unknown_events_and_fields_of_a_stream_are_carried_and_repeated_ones_once() -> None:
    odd = _text("a") | {"n1": 1}
    odd["delta"]["n2"] = 2
    odd["delta"]["message"]["content"]["n3"] = 3
    debug = {"type": "debug", "prompt": "<|user|>"}
    answer = fold(_events(_START, debug, odd, odd, _END))
    assert answer.completion == "aa"
    assert _carried(answer) == [("debug", orjson.dumps(debug)), ("n1", b"1"), ("n2", b"2"), ("content.n3", b"3")]


def test_a_block_of_an_unknown_kind_grows_until_it_ends() -> None:
    begun = {"type": "content-start", "index": 0}
    begun["delta"] = {"message": {"content": {"type": "novel", "said": "a", "list": [1], "n": 1}}}
    grown = {"type": "content-delta", "index": 0}
    grown["delta"] = {"message": {"content": {"said": "b", "list": [2], "n": 2}}}
    answer = fold(_events(_START, begun, grown, {"type": "content-end", "index": 0}, _text("x", 1), _END))
    block, text = answer.content
    assert (block.opaque.provider, block.opaque.type) == ("cohere", "novel")
    assert orjson.loads(block.opaque.raw_json) == {"type": "novel", "said": "ab", "list": [1, 2], "n": 2}
    assert text.text == "x"


def _citation(**more: Any) -> Json:
    source = {"type": "document", "id": "doc:3", "document": {"title": "T", "url": "https://t", "snippet": "S"}}
    return {"start": 4, "end": 10, "text": "Zürich", "sources": [source], "type": "TEXT_CONTENT"} | more


def test_citations_count_bytes_and_name_their_sources() -> None:
    tool = {"type": "tool", "id": "doc:1", "tool_output": {"content": "C"}}
    cited = _citation(sources=[*_citation()["sources"], tool])
    (part,) = _whole({"content": [{"type": "text", "text": "Für Zürich."}], "citations": [cited]}).content
    document, result = part.citations
    for citation in part.citations:
        assert part.text.encode()[citation.start : citation.end].decode() == "Zürich"
        assert citation.raw_json == orjson.dumps(cited)
    assert (document.source_id, document.document_index, document.title) == ("doc:3", 3, "T")
    assert (document.uri, document.cited_text) == ("https://t", "S")
    assert (result.source_id, result.cited_text, result.HasField("document_index")) == ("doc:1", "C", False)


def test_each_text_has_its_own_citations() -> None:
    texts = [{"type": "text", "text": "Für Zürich."}, {"type": "text", "text": "Aus Zürich."}]
    answer = _whole({"content": texts, "citations": [_citation(), _citation(content_index=0)]})
    assert [[orjson.loads(c.raw_json).get("content_index") for c in part.citations] for part in answer.content] == [
        [0],
        [None],
    ]


def test_citations_of_thoughts_are_carried() -> None:
    cited = _citation(type="THINKING_CONTENT")
    answer = _whole({"content": [{"type": "text", "text": "x"}], "citations": [cited]})
    assert _carried(answer) == [("citation", orjson.dumps(cited))]
    event = {"type": "citation-start", "index": 0, "delta": {"message": {"citations": cited}}}
    assert _carried(fold(_events(_START, event, _END))) == [("citation", orjson.dumps(cited))]


def test_citations_without_text_are_carried() -> None:
    assert _carried(_whole({"citations": [_citation()]})) == [("citation", orjson.dumps(_citation()))]


def test_logprobs_keep_to_their_text() -> None:
    items = [
        {"text": "Hm", "token_ids": [1], "logprobs": [-1.0]},
        {"text": " a", "token_ids": [2, 3], "logprobs": [-0.5, -0.25]},
        {"text": "b", "token_ids": [4], "logprobs": [-2.0]},
    ]
    content = [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": " ab"}]
    thought, said = _whole({"content": content}, logprobs=items).content
    assert [(each.token, each.logprob) for each in thought.logprobs] == [("Hm", -1.0)]
    assert [(each.token, each.logprob) for each in said.logprobs] == [(" a", -0.5), ("", -0.25), ("b", -2.0)]


def test_usage_tells_what_was_read_and_what_is_billed() -> None:
    told = {
        "billed_units": {"input_tokens": 7.0, "output_tokens": 2, "search_units": 1.5, "classifications": 0},
        "tokens": {"input_tokens": 70.0, "output_tokens": 20, "reasoning_tokens": 8, "image_tokens": 4},
        "cached_tokens": 64,
        "novel_units": 3,
        "odd": "x",
    }
    usage = _whole({}, usage=told).usage
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens, usage.cache_read_tokens) == (70, 20, 8, 64)
    assert (usage.billed_input_tokens, usage.billed_output_tokens) == (7, 2)
    assert dict(usage.other_units) == {
        "search_units": 2,
        "image_tokens": 4,
        "novel_units": 3,
    }


def test_unknown_usage_is_absent() -> None:
    assert not _whole({}).HasField("usage")
    billed = _whole({}, usage={"billed_units": {"input_tokens": 7}}).usage
    assert not billed.HasField("input_tokens")


@pytest.mark.parametrize(
    "message", [{"content": [5]}, {"tool_calls": [5]}, {"tool_calls": 5}, {"content": "a", "citations": [5]}]
)
def test_other_shapes_are_malformed(message: Json) -> None:
    with pytest.raises(MalformedError):
        _whole(message)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "tool-call-delta", "index": 4, "delta": {"message": {"tool_calls": {"function": {"arguments": "a"}}}}},
        {"type": "tool-call-start", "index": 0, "delta": {"message": {}}},
        {"type": "content-delta", "index": 0, "delta": {"message": 5}},
        {"type": ["x"]},
    ],
)
def test_events_of_other_shapes_are_malformed(event: Json) -> None:
    decoder = WIRE.decoder(_SUBJECT)
    with pytest.raises(MalformedError):
        list(decoder.feed(Frame("", orjson.dumps(event))))


def test_an_end_without_a_message_end_is_malformed() -> None:
    with pytest.raises(MalformedError):
        _events(_START)


@pytest.mark.parametrize(
    ("status", "message", "reason", "retry", "fallback"),
    [
        (400, "invalid request: x", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        (400, "too many tokens: size limit exceeded by 5 tokens.", Reason.ERROR_REASON_CONTEXT_TOO_LONG, False, True),
        (400, "too many tokens: max tokens must be less", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        (401, "invalid api token", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False, True),
        (402, "Please add a payment method.", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        (404, "model 'x' not found", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, True),
        (422, "unknown field", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        (429, "limited to 40 API calls / minute", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        (429, "limited to 1000 API calls / month", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        (498, "not allowed", Reason.ERROR_REASON_CONTENT_FILTERED, False, False),
        (499, "request cancelled", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        (503, "", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        (504, "", Reason.ERROR_REASON_UPSTREAM_TIMEOUT, True, True),
    ],
)
def test_what_an_error_means(status: int, message: str, reason: int, retry: bool, fallback: bool) -> None:
    answer = HttpResponse(status, {"x-debug-trace-id": "t1"}, orjson.dumps({"message": message}))
    error = WIRE.error(answer, "cohere")
    assert (error.reason, error.retry, error.fallback) == (reason, retry, fallback)
    assert error.provider_request_id == "t1"


@pytest.mark.parametrize(
    ("delta", "reason"),
    [
        ({"finish_reason": "ERROR", "error": "e"}, Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE),
        ({"finish_reason": "TIMEOUT"}, Reason.ERROR_REASON_UPSTREAM_TIMEOUT),
        ({"error": "e"}, Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE),
    ],
)
def test_a_stream_that_fails_tells_what_it_used(delta: Json, reason: int) -> None:
    used = {"tokens": {"input_tokens": 5, "output_tokens": 1}}
    with pytest.raises(ProviderError) as caught:
        _events(_START, _text("a"), {"type": "message-end", "delta": delta | {"usage": used}})
    error = caught.value
    assert (error.reason, error.retry, error.http_status) == (reason, True, 200)
    assert error.usage is not None
    assert error.usage.input_tokens == 5


def test_an_error_in_place_of_an_answer() -> None:
    body = orjson.dumps({"message": "internal server error"})
    with pytest.raises(ProviderError, match="failed"):
        WIRE.decoder(_SUBJECT).whole(body)
    with pytest.raises(ProviderError, match="failed"):
        list(WIRE.decoder(_SUBJECT).feed(Frame("", body)))
