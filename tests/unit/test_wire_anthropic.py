"""The Anthropic messages wire: what the recordings do not show of its answers, and counts."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from conformance.recordings import every
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, FinishReason, StreamCompleteResponse
from trunkline.v1.content_pb2 import Part, Role
from trunkline_server.domain.fold import fold
from trunkline_server.providers.anthropic import WIRE
from trunkline_server.providers.anthropic.stream import Decoder
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Frame, MalformedError, Subject

SUBJECT = Subject(builtin()["anthropic"], "anthropic", "claude-test-1")
_USAGE = {"input_tokens": 3, "output_tokens": 1}
_START = {"type": "message_start", "message": {"id": "msg_1", "model": "claude-test-1", "content": [], "usage": _USAGE}}
_END = [
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]


def _feed(decoder: Decoder, *events: Any) -> list[StreamCompleteResponse]:
    return [found for event in events for found in decoder.feed(Frame(event["type"], orjson.dumps(event)))]


def _stream(*events: Any) -> CompleteResponse:
    return fold(_feed(Decoder(SUBJECT), _START, *events, *_END))


def _whole(*content: Any, **top: Any) -> CompleteResponse:
    answer = {"type": "message", "id": "msg_1", "model": "claude-test-1", "role": "assistant", "content": content}
    return Decoder(SUBJECT).whole(orjson.dumps(answer | {"stop_reason": "end_turn", "usage": _USAGE} | top))


def _carried(answer: CompleteResponse) -> dict[str, Any]:
    assert all(event.provider == "anthropic" for event in answer.provider_events)
    return {event.type: orjson.loads(event.raw_json) for event in answer.provider_events}


def _block(place: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": place, "content_block": block}


def _delta(place: int, type: str, **delta: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": place, "delta": {"type": type, **delta}}


def _stop(place: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": place}


# ── Nothing is lost ─────────────────────────────────────────────────────────────────────────────────────────────


def test_unknown_fields_of_a_whole_answer_are_carried_and_noise_is_not() -> None:
    usage = _USAGE | {"service_tier": "priority", "inference_geo": "not_available", "speed": None, "novel_tokens": 4}
    text: dict[str, Any] = {"type": "text", "text": "a", "citations": None, "mood": "good", "empty": []}
    answer = _whole(text, container={"id": "c1"}, big=2**60, nothing=None, stop_details=None, usage=usage)
    assert _carried(answer) == {
        "text.mood": "good",
        "container": {"id": "c1"},
        "big": 2**60,
        "usage.service_tier": "priority",
    }
    assert answer.usage.other_units == {"novel_tokens": 4}


def test_unknown_fields_and_events_of_a_stream_are_carried() -> None:
    start = {"type": "message_start", "message": _START["message"] | {"novel": 1}, "beside": 2}  # type: ignore[operator]
    events = [
        {"type": "early", "x": 1},
        start,
        _block(0, type="text", text="", mood="good") | {"beside_block": 3},
        _delta(0, "text_delta", text="a", speed=9) | {"beside_delta": 4},
        _delta(0, "novel_delta", x=1),
        _stop(0) | {"beside_stop": 5},
        {"type": "late", "y": 2},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "container": {"id": "c1"}},
            "usage": {"output_tokens": 5},
            "context_management": {"applied_edits": [1]},
        },
        {"type": "message_stop", "metrics": {"ms": 1}},
    ]
    found = _feed(Decoder(SUBJECT), *events)
    assert found[0].HasField("started")
    assert found[-1].HasField("finished")
    answer = fold(found)
    assert answer.completion == "a"
    assert _carried(answer) == {
        "early": {"type": "early", "x": 1},
        "beside": 2,
        "novel": 1,
        "beside_block": 3,
        "text.mood": "good",
        "beside_delta": 4,
        "text_delta.speed": 9,
        "content_block_delta.novel_delta": events[4],
        "beside_stop": 5,
        "late": {"type": "late", "y": 2},
        "container": {"id": "c1"},
        "context_management": {"applied_edits": [1]},
        "metrics": {"ms": 1},
    }


def test_a_repeated_value_is_carried_once() -> None:
    start = {"type": "message_start", "message": {"usage": _USAGE | {"inference_geo": "us"}}}
    end = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 2, "inference_geo": "us"}}
    answer = fold(_feed(Decoder(SUBJECT), start, end, {"type": "message_stop"}))
    assert [event.type for event in answer.provider_events] == ["usage.inference_geo"]


def test_pings_say_nothing() -> None:
    assert not _feed(Decoder(SUBJECT), {"type": "ping"})


def test_a_block_that_is_not_known_is_sent_back_as_it_came() -> None:
    block = {"type": "novel_block", "z": 1, "a": {"big": 2**60, "text": "é", "float": 1.5}}
    part = _whole(block).content[0]
    assert (part.opaque.provider, part.opaque.type) == ("anthropic", "novel_block")
    assert part.opaque.raw_json == orjson.dumps(block)
    part.opaque.raw_json = raw = b'{ "type":"novel_block",  "n": 1.0, "huge": 123456789012345678901234567890 }'
    assert raw in _sent_back(part)


def test_a_tool_that_the_provider_runs_is_opaque_with_its_whole_input() -> None:
    streamed = _stream(
        _block(0, type="server_tool_use", id="s1", name="web_search", input={}),
        _delta(0, "input_json_delta", partial_json=""),
        _delta(0, "input_json_delta", partial_json='{"query": '),
        _delta(0, "input_json_delta", partial_json='"x"}'),
        _stop(0),
    )
    block = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}}
    assert orjson.loads(streamed.content[0].opaque.raw_json) == block
    assert streamed.content == _whole(block).content
    assert streamed.content[0].opaque.raw_json in _sent_back(streamed.content[0])


def test_input_of_such_a_tool_that_was_cut_off_stays_text() -> None:
    answer = _stream(
        _block(0, type="server_tool_use", id="s1", name="web_search", input={}),
        _delta(0, "input_json_delta", partial_json='{"query": "x'),
    )
    assert orjson.loads(answer.content[0].opaque.raw_json)["input"] == '{"query": "x'


def test_a_block_that_is_not_known_grows() -> None:
    answer = _stream(
        _block(0, type="compaction", content=None),
        _delta(0, "compaction_delta", content="So "),
        _delta(0, "compaction_delta", content="far", n=1),
        _delta(0, "citations_delta", citation={"a": 1}),
        _delta(0, "citations_delta", citation={"b": 2}),
        _stop(0),
    )
    wanted = {"type": "compaction", "content": "So far", "n": 1, "citations": [{"a": 1}, {"b": 2}]}
    assert orjson.loads(answer.content[0].opaque.raw_json) == wanted
    assert not answer.provider_events


def _sent_back(*parts: Part) -> bytes:
    request = CompleteRequest(max_tokens=5)
    request.messages.add(role=Role.ROLE_USER, parts=[Part(text="q")])
    request.messages.add(role=Role.ROLE_ASSISTANT, parts=parts)
    request.messages.add(role=Role.ROLE_USER, parts=[Part(text="r")])
    body = WIRE.encode(request, SUBJECT, False)
    orjson.loads(body)
    return body


def _turn(*parts: Part) -> Any:
    return orjson.loads(_sent_back(*parts))["messages"][1]["content"]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "é, hm", "signature": "c2ln+/=="},
        {"type": "thinking", "thinking": "", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "RW5j+/=="},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1, {"b": "é"}]}},
        {"type": "tool_use", "id": "t", "name": "f", "input": {}, "caller": {"type": "code_execution", "tool_id": "s"}},
        {"type": "tool_use", "id": "t", "name": "f", "input": {}, "toolset_name": "files"},
        {"type": "text", "text": "cited", "citations": [{"type": "page_location", "cited_text": "x", "start": 2**40}]},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"encrypted_content": "x"}]},
    ],
    ids=lambda block: str(block["type"]),
)
def test_an_answer_is_sent_back_as_it_came(block: dict[str, Any]) -> None:
    answer = _whole(block)
    assert not answer.provider_events
    assert _turn(*answer.content) == [block]


def test_recorded_answers_are_sent_back_as_they_came() -> None:
    """Apart from what says nothing or is refused: a direct caller, the id of a file and empty citations."""
    seen = set()
    for recording in every():
        if recording.family == "anthropic" and not recording.streamed and "error" not in recording.expect:
            answer = orjson.loads(recording.body)
            for block in answer["content"]:
                seen.add(block["type"])
                if block.get("caller") == {"type": "direct"}:
                    del block["caller"]
            found = Decoder(recording.subject).whole(recording.body)
            assert _turn(*found.content) == answer["content"]
    assert seen >= {"text", "redacted_thinking"}


def test_arguments_are_kept_to_the_byte() -> None:
    text = '{ "b":1.0,  "a": 12345678901234567890123, "é": "\\u00e9" }'
    pieces = [_delta(0, "input_json_delta", partial_json=text[i : i + 7]) for i in range(0, len(text), 7)]
    (part,) = _stream(_block(0, type="tool_use", id="t1", name="f", input={}), *pieces, _stop(0)).content
    assert part.tool_call.arguments_json == text.encode()
    assert text.encode() in _sent_back(part)


# ── Shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_block_that_begins_with_content_is_the_same_as_a_whole_one() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "text", "text": "a", "citations": [{"type": "char_location", "cited_text": "x"}]},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
    ]
    events = [event for i, block in enumerate(blocks) for event in (_block(i, **block), _stop(i))]
    assert _stream(*events).content == _whole(*blocks).content


def test_blocks_of_text_stay_apart() -> None:
    answer = _whole({"type": "text", "text": "a"}, {"type": "text", "text": "b"}, {"type": "text", "text": ""})
    assert [part.text for part in answer.content] == ["a", "b", ""]


def test_a_stream_that_leaves_a_block_open_closes_it() -> None:
    events = _feed(Decoder(SUBJECT), _START, _block(0, type="text", text="a"), *_END)
    kinds = [event.WhichOneof("event") for event in events]
    assert kinds.count("content_finished") == kinds.count("content_started") == 1


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"type": "char_location", "document_index": 2, "document_title": "T", "file_id": "file_1"},
         ("T", "", "x", 2, "file_1")),
        ({"type": "page_location", "document_index": 0, "document_title": None}, ("", "", "x", 0, "")),
        ({"type": "web_search_result_location", "url": "https://a.example", "title": "T"},
         ("T", "https://a.example", "x", None, "")),
        ({"type": "search_result_location", "source": "https://b.example", "title": "T", "search_result_index": 1},
         ("T", "https://b.example", "x", None, "https://b.example")),
        ({"type": "search_result_location", "source": "kb-7", "title": None}, ("", "", "x", None, "kb-7")),
    ],
)  # fmt: skip
def test_citations(fields: dict[str, Any], wanted: tuple[Any, ...]) -> None:
    source = fields | {"cited_text": "x", "start_char_index": 1, "end_char_index": 2}
    (part,) = _whole({"type": "text", "text": "abc", "citations": [source]}).content
    (found,) = part.citations
    index = found.document_index if found.HasField("document_index") else None
    assert (found.title, found.uri, found.cited_text, index, found.source_id) == wanted
    # Its positions count within the source.
    assert not found.HasField("start")
    assert found.raw_json == orjson.dumps(source)


def test_the_file_of_a_citation_is_not_sent_back() -> None:
    source = {"type": "char_location", "cited_text": "x", "document_index": 0, "file_id": None}
    (block,) = _turn(*_whole({"type": "text", "text": "a", "citations": [source]}).content)
    assert block["citations"] == [{"type": "char_location", "cited_text": "x", "document_index": 0}]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", FinishReason.FINISH_REASON_STOP),
        ("max_tokens", FinishReason.FINISH_REASON_LENGTH),
        ("model_context_window_exceeded", FinishReason.FINISH_REASON_LENGTH),
        ("stop_sequence", FinishReason.FINISH_REASON_STOP_SEQUENCE),
        ("tool_use", FinishReason.FINISH_REASON_TOOL_CALL),
        ("pause_turn", FinishReason.FINISH_REASON_PAUSE),
        ("refusal", FinishReason.FINISH_REASON_REFUSAL),
        ("tired", FinishReason.FINISH_REASON_UNSPECIFIED),
    ],
)
def test_finish_reasons(raw: str, reason: int) -> None:
    finish = _whole({"type": "text", "text": "a"}, stop_reason=raw).finish
    assert (finish.reason, finish.raw_reason) == (reason, raw)


def test_what_is_said_beside_a_finish_reason() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": None}
    finish = _whole(stop_reason="refusal", stop_details=details).finish
    assert orjson.loads(finish.details_json) == details
    assert _whole(stop_reason="stop_sequence", stop_sequence="END").finish.stop_sequence == "END"


def test_usage_by_class() -> None:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 0, "novel_tokens": 2},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
        "service_tier": "standard",
    }
    found = _whole(usage=usage)
    counts = found.usage
    assert (counts.input_tokens, counts.cache_read_tokens, counts.cache_write_tokens) == (140, 100, 30)
    assert counts.cache_write_long_tokens == 10
    assert (counts.output_tokens, counts.reasoning_tokens, counts.HasField("reasoning_tokens")) == (7, 0, True)
    assert counts.other_units == {
        "ephemeral_5m_input_tokens": 20,
        "ephemeral_1h_input_tokens": 10,
        "web_search_requests": 2,
        "novel_tokens": 2,
    }
    assert not found.provider_events


def test_counts_that_are_not_reported_stay_absent() -> None:
    counts = _whole(usage={"output_tokens": 7, "input_tokens": None}).usage
    assert not counts.HasField("input_tokens")
    assert not counts.HasField("cache_read_tokens")
    assert not counts.HasField("reasoning_tokens")
    assert not _whole(usage=None).HasField("usage")


def test_later_counts_replace_earlier_ones_where_they_are_present() -> None:
    decoder = Decoder(SUBJECT)
    _feed(decoder, _START)
    assert decoder.usage is not None
    assert (decoder.usage.input_tokens, decoder.usage.output_tokens) == (3, 1)
    end = {"type": "message_delta", "delta": {}, "usage": {"input_tokens": 9, "cache_read_input_tokens": None}}
    _feed(decoder, end)
    assert (decoder.usage.input_tokens, decoder.usage.output_tokens) == (9, 1)


_TEXT = _block(0, type="text", text="")


@pytest.mark.parametrize(
    "events",
    [
        [_TEXT],
        [{"type": "message_stop"}],
        [{"type": "message_delta", "delta": {}}],
        [_START, _START],
        [_START, _TEXT, _TEXT],
        [_START, _delta(0, "text_delta", text="a")],
        [_START, _stop(0)],
        [_START, _TEXT, _delta(0, "text_delta", text=5)],
        [_START, _TEXT, _delta(0, "text_delta")],
        [_START, _TEXT, {"type": "content_block_delta", "index": 0, "delta": "a"}],
        [_START, {"type": "content_block_start", "index": 0, "content_block": 5}],
        [{"type": "message_start", "message": 5}],
        [{"type": "message_start", "message": {"usage": 5}}],
    ],
)
def test_streams_of_other_shapes_are_malformed(events: list[Any]) -> None:
    decoder = Decoder(SUBJECT)
    with pytest.raises(MalformedError):
        _feed(decoder, *events)
    assert not decoder.done


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", b'{"content": 5}', b'{"content": [5]}', b'{"content": [{"type": [1]}]}']
)
def test_answers_of_other_shapes_are_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        Decoder(SUBJECT).whole(body)
