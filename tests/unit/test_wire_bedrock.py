"""The Converse wire of Amazon Bedrock: what the recordings do not show of its answers."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, FinishReason, StreamCompleteResponse
from trunkline.v1.content_pb2 import Message, Part, Role
from trunkline_server.domain.fold import fold
from trunkline_server.providers.bedrock import WIRE
from trunkline_server.providers.bedrock.stream import Decoder
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Frame, MalformedError, Subject

PROFILE = builtin()["bedrock"]
SUBJECT = Subject(PROFILE, "bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0")
_COUNTS = {"inputTokens": 3, "outputTokens": 1, "totalTokens": 4}
_END = [("messageStop", {"stopReason": "end_turn"}), ("metadata", {"usage": _COUNTS})]


def _feed(decoder: Decoder, *events: tuple[str, Any]) -> list[StreamCompleteResponse]:
    return [found for name, told in events for found in decoder.feed(Frame(name, orjson.dumps(told)))]


def _stream(*events: tuple[str, Any]) -> CompleteResponse:
    return fold(_feed(Decoder(SUBJECT), ("messageStart", {"role": "assistant"}), *events, *_END))


def _answer(*content: Any, **top: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {"output": {"message": message}, "stopReason": "end_turn", "usage": _COUNTS} | top


def _whole(*content: Any, **top: Any) -> CompleteResponse:
    return Decoder(SUBJECT).whole(orjson.dumps(_answer(*content, **top)))


def _carried(answer: CompleteResponse) -> dict[str, Any]:
    assert all(event.provider == "bedrock" for event in answer.provider_events)
    return {event.type: orjson.loads(event.raw_json) for event in answer.provider_events}


def _start(place: int, **start: Any) -> tuple[str, Any]:
    return "contentBlockStart", {"contentBlockIndex": place, "start": start}


def _delta(place: int, **delta: Any) -> tuple[str, Any]:
    return "contentBlockDelta", {"contentBlockIndex": place, "delta": delta}


def _stop(place: int) -> tuple[str, Any]:
    return "contentBlockStop", {"contentBlockIndex": place}


def _sent_back(answer: CompleteResponse) -> list[Any]:
    """The content of an answer as the next request has it."""
    request = CompleteRequest(messages=[Message(role=Role.ROLE_ASSISTANT, parts=answer.content)])
    found: list[Any] = orjson.loads(WIRE.encode(request, SUBJECT, False))["messages"][0]["content"]
    return found


# ── Nothing is lost ────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_stands_beside_a_whole_answer_is_carried() -> None:
    beside = {
        "metrics": {"latencyMs": 7},
        "trace": {"guardrail": {"x": 1}},
        "performanceConfig": {"latency": "standard"},
        "serviceTier": {"type": "default"},
        "additionalModelResponseFields": {"stop_sequence": "END"},
        "novelty": [1],
    }
    answer = _whole({"text": "a"}, **beside)
    assert _carried(answer) == beside
    assert answer.finish.stop_sequence == "END"
    assert (answer.model_used, answer.completion) == (SUBJECT.model, "a")


def test_what_stands_beside_the_message_is_carried() -> None:
    answer = _answer({"text": "a"})
    answer["output"]["more"] = 1
    answer["output"]["message"]["mood"] = "good"
    assert _carried(Decoder(SUBJECT).whole(orjson.dumps(answer))) == {"output.more": 1, "message.mood": "good"}


def test_unknown_fields_and_events_of_a_stream_are_carried_and_padding_is_not() -> None:
    events = [
        ("messageStart", {"role": "assistant", "p": "ab", "tint": "red"}),
        ("contentBlockStart", {"contentBlockIndex": 0, "start": {}, "p": "ab", "a": 1}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "x"}, "p": "ab", "b": 2}),
        ("contentBlockStop", {"contentBlockIndex": 0, "p": "ab", "c": 3}),
        ("surprise", {"d": 4}),
        ("messageStop", {"stopReason": "end_turn", "p": "ab", "e": 5}),
        ("metadata", {"usage": _COUNTS, "metrics": {"latencyMs": 7}, "p": "ab", "f": 6}),
    ]
    answer = fold(_feed(Decoder(SUBJECT), *events))
    assert _carried(answer) == {
        "messageStart.tint": "red",
        "contentBlockStart.a": 1,
        "contentBlockDelta.b": 2,
        "contentBlockStop.c": 3,
        "surprise": {"d": 4},
        "e": 5,
        "metrics": {"latencyMs": 7},
        "f": 6,
    }
    assert answer.completion == "x"


def test_unknown_pieces_of_a_stream_are_carried() -> None:
    answer = _stream(
        _start(0, hologram={"id": "h"}),
        _delta(0, hologram={"data": "zz"}),
        _stop(0),
        _start(1, toolUse={"toolUseId": "t", "name": "f", "colour": "red"}),
        _delta(1, toolUse={"input": "{}", "sure": 0.5}),
        _stop(1),
        _delta(2, reasoningContent={"text": "hm", "mood": "dark"}),
        _stop(2),
        _delta(3, text="a", tone="dry"),
        _stop(3),
    )
    assert _carried(answer) == {
        "contentBlockStart.hologram": {"contentBlockIndex": 0, "start": {"hologram": {"id": "h"}}},
        "contentBlockDelta.hologram": {"contentBlockIndex": 0, "delta": {"hologram": {"data": "zz"}}},
        "toolUse.colour": "red",
        "toolUse.sure": 0.5,
        "reasoningContent.mood": "dark",
        "contentBlockDelta.tone": {"contentBlockIndex": 3, "delta": {"tone": "dry"}},
    }
    assert [part.WhichOneof("kind") for part in answer.content] == ["tool_call", "reasoning", "text"]


@pytest.mark.parametrize(
    ("block", "type"),
    [
        ({"hologram": {"data": [1, 2]}}, "hologram"),
        ({"text": "a", "tone": "dry"}, "text"),
        ({"searchResult": {"source": "s", "title": "t", "content": [{"text": "x"}]}}, "searchResult"),
        ({"reasoningContent": {"reasoningText": {"text": "hm", "mood": "dark"}}}, "reasoningContent"),
        ({"image": {"format": "png", "source": {"bytes": ""}, "error": {"message": "no"}}}, "image"),
        ({"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k", "bucketOwner": "1"}}}}, "image"),
        ({"citationsContent": {"content": [{"picture": 1}], "citations": []}}, "citationsContent"),
        ({"toolUse": {"toolUseId": "t", "name": "web", "input": {"q": 1.50}, "type": "server_tool_use"}},
         "server_tool_use"),
        ({"toolResult": {"toolUseId": "t", "content": [{"json": {}}], "type": "web_result"}}, "web_result"),
    ],
)  # fmt: skip
def test_blocks_that_are_not_known_come_back_unchanged(block: dict[str, Any], type: str) -> None:
    answer = _whole(block)
    (part,) = answer.content
    assert (part.opaque.provider, part.opaque.type) == ("bedrock", type)
    assert part.opaque.raw_json == orjson.dumps(block)
    assert _sent_back(answer) == [block]


def test_an_opaque_part_goes_out_to_the_byte_and_to_its_own_provider_only() -> None:
    raw = b'{ "hologram" : {"size": 1.0, "id": 123456789012345678901234567890} }'
    part = Part()
    part.opaque.provider, part.opaque.raw_json = "bedrock", raw
    request = CompleteRequest(messages=[Message(role=Role.ROLE_ASSISTANT, parts=[Part(text="a"), part])])
    assert raw in WIRE.encode(request, SUBJECT, False)
    request.messages[0].parts[1].opaque.provider = "anthropic"
    assert b"hologram" not in WIRE.encode(request, SUBJECT, False)


# ── Blocks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reasoning_comes_back_as_it_was() -> None:
    content = [
        {"reasoningContent": {"redactedContent": "c2VhbGVk"}},
        {"reasoningContent": {"reasoningText": {"text": "Hm. é", "signature": "EuYB+/=="}}},
        {"reasoningContent": {"reasoningText": {"text": "", "signature": "only"}}},
        {"text": "Hi"},
    ]
    answer = _whole(*content)
    assert answer.content[0].reasoning.redacted_data == b"c2VhbGVk"
    assert answer.content[1].reasoning.signature == b"EuYB+/=="
    assert _sent_back(answer) == content


def test_redacted_pieces_of_a_stream_are_joined_as_bytes() -> None:
    halves = [base64.b64encode(half).decode() for half in (b"sea", b"l")]
    answer = _stream(*(_delta(0, reasoningContent={"redactedContent": half}) for half in halves), _stop(0))
    assert answer.content[0].reasoning.redacted_data == base64.b64encode(b"seal")


def test_citations_come_back_as_they_were() -> None:
    source = {
        "title": "facts",
        "sourceContent": [{"text": "Ruby is "}, {"text": "old."}],
        "location": {"documentPage": {"documentIndex": 2, "start": 3, "end": 4}},
    }
    block = {"citationsContent": {"content": [{"text": "Ruby"}], "citations": [source]}}
    answer = _whole(block, {"text": " indeed"})
    (citation,) = answer.content[0].citations
    assert (citation.title, citation.cited_text, citation.document_index) == ("facts", "Ruby is old.", 2)
    assert not citation.HasField("start")
    assert orjson.loads(citation.raw_json) == source
    assert _sent_back(answer) == [block, {"text": " indeed"}]


def test_a_citation_of_the_web() -> None:
    web = {"location": {"web": {"url": "https://a.example/x", "domain": "a.example"}}}
    search = {"source": "https://b.example", "location": {"searchResultLocation": {"searchResultIndex": 4}}}
    answer = _stream(_delta(0, text="a"), _delta(0, citation=web), _delta(0, citation=search), _stop(0))
    first, second = answer.content[0].citations
    assert (first.uri, second.uri, second.source_id) == (
        "https://a.example/x",
        "https://b.example",
        "https://b.example",
    )
    assert not second.HasField("document_index")


def test_tools_of_the_provider_are_put_together() -> None:
    answer = _stream(
        _start(0, toolUse={"toolUseId": "t", "name": "web", "type": "server_tool_use"}),
        _delta(0, toolUse={"input": '{"q":'}),
        _delta(0, toolUse={"input": '"x"}'}),
        _stop(0),
        _start(1, toolResult={"toolUseId": "t", "type": "web_result", "status": "success"}),
        _delta(1, toolResult=[{"text": "a"}]),
        _delta(1, toolResult=[{"text": "b"}, {"json": {"n": 1}}]),
        _stop(1),
    )
    use, result = (orjson.loads(part.opaque.raw_json) for part in answer.content)
    assert use == {"toolUse": {"toolUseId": "t", "name": "web", "type": "server_tool_use", "input": {"q": "x"}}}
    content = [{"text": "ab"}, {"json": {"n": 1}}]
    fields = {"toolUseId": "t", "type": "web_result", "status": "success", "content": content}
    assert result == {"toolResult": fields}
    assert answer.finish.reason == FinishReason.FINISH_REASON_STOP


def test_pictures() -> None:
    halves = [base64.b64encode(half).decode() for half in (b"pi", b"c")]
    streamed = _stream(
        _start(0, image={"format": "png"}),
        *(_delta(0, image={"source": {"bytes": half}}) for half in halves),
        _stop(0),
    )
    whole = _whole({"image": {"format": "png", "source": {"bytes": base64.b64encode(b"pic").decode()}}})
    assert streamed.content == whole.content
    assert (whole.content[0].media.mime_type, whole.content[0].media.data) == ("image/png", b"pic")
    failed = _stream(_start(0, image={"format": "png"}), _delta(0, image={"error": {"message": "no"}}), _stop(0))
    assert orjson.loads(failed.content[0].opaque.raw_json) == {"image": {"format": "png", "error": {"message": "no"}}}
    stored = _whole({"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k"}}}})
    assert stored.content[0].media.uri == "s3://b/k"


def test_blocks_whose_end_is_not_told_are_ended() -> None:
    answer = _stream(
        _delta(0, text="a"),
        _delta(1, text="b"),
        _start(2, toolUse={"toolUseId": "t", "name": "f"}),
        _delta(3, reasoningContent={"redactedContent": "eA=="}),
    )
    assert [part.text for part in answer.content[:2]] == ["a", "b"]
    assert answer.content[2].tool_call.arguments_json == b"{}"
    assert answer.content[3].reasoning.redacted_data == b"eA=="


def test_text_that_is_empty_makes_no_block() -> None:
    assert not _stream(_delta(0, text=""), _stop(0)).content
    assert not _whole({"text": ""}).content


def test_arguments_keep_the_spelling_of_the_model() -> None:
    spelt = '{"a": 1.0,  "b": "\\u00e9"}'
    start = _start(0, toolUse={"toolUseId": "t", "name": "f"})
    pieces = [_delta(0, toolUse={"input": piece}) for piece in (spelt[:5], "", spelt[5:])]
    answer = _stream(start, *pieces, _stop(0))
    assert answer.content[0].tool_call.arguments_json == spelt.encode()


# ── The end ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_both_last_messages_are_needed_in_either_order() -> None:
    for events in (_END, _END[::-1]):
        decoder = Decoder(SUBJECT)
        assert not any(event.HasField("finished") for event in _feed(decoder, events[0]))
        assert not decoder.done
        assert not list(decoder.close())
        assert _feed(decoder, events[1])[-1].HasField("finished")
        assert decoder.done


def test_reasons() -> None:
    known = {
        "refusal": FinishReason.FINISH_REASON_REFUSAL,
        "pause_turn": FinishReason.FINISH_REASON_PAUSE,
        "malformed_model_output": FinishReason.FINISH_REASON_ERROR,
        "novel": FinishReason.FINISH_REASON_UNSPECIFIED,
    }
    for raw, reason in known.items():
        finish = _whole(stopReason=raw).finish
        assert (finish.reason, finish.raw_reason) == (reason, raw)


def test_the_model_that_a_router_chose() -> None:
    arn = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
    answer = _whole({"text": "a"}, trace={"promptRouter": {"invokedModelId": arn}})
    assert answer.model_used == "anthropic.claude-3-haiku-20240307-v1:0"


def test_usage() -> None:
    told = {
        "inputTokens": 10,
        "outputTokens": 4,
        "totalTokens": 130,
        "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 7,
        "cacheReadInputTokenCount": 100,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 7}],
        "serverToolUsage": {"webSearchRequests": 2},
        "novelUnits": 3,
    }
    usage = _whole(usage=told).usage
    assert (usage.input_tokens, usage.output_tokens) == (117, 4)
    assert (usage.cache_read_tokens, usage.cache_write_tokens, usage.cache_write_long_tokens) == (100, 7, 7)
    assert dict(usage.other_units) == {
        "unaccounted_tokens": 9,
        "cache_write_1h_tokens": 7,
        "webSearchRequests": 2,
        "novelUnits": 3,
    }
    assert not _whole(usage=_COUNTS).usage.HasField("cache_read_tokens")
    assert not _whole(usage={}).HasField("usage")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"output":5}', b'{"output":{}}', b'{"output":{"message":{"content":[5]}}}']
)
def test_other_shapes_are_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        Decoder(SUBJECT).whole(body)


@pytest.mark.parametrize(
    "event",
    [
        ("contentBlockDelta", {"delta": {"text": "a"}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": 5}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}),
        ("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t"}}}),
        ("messageStop", {}),
        ("metadata", []),
    ],
)
def test_other_shapes_of_a_stream_are_malformed(event: tuple[str, Any]) -> None:
    with pytest.raises(MalformedError):
        _feed(Decoder(SUBJECT), event)
