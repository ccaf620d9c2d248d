"""The Gemini wire's answers beyond what the fixtures tell: places of citations, media, signatures, usage."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from conformance.recordings import FIXTURES, load
from trunkline.v1.common_pb2 import Usage, UsageSource
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, FinishReason, StreamCompleteResponse
from trunkline.v1.content_pb2 import MediaKind, Message, Role
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.fold import fold
from trunkline_server.providers.gemini import WIRE, usage
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Frame, HttpResponse, MalformedError, Subject

Json = dict[str, Any]

GEMINI = Subject(builtin()["gemini"], "google", "gemini-3-flash")


def _streamed(*chunks: Json) -> CompleteResponse:
    decoder = WIRE.decoder(GEMINI)
    events: list[StreamCompleteResponse] = []
    for chunk in chunks:
        events.extend(decoder.feed(Frame("", orjson.dumps({"responseId": "r"} | chunk))))
    events.extend(decoder.close())
    assert decoder.done
    return fold(events)


def _chunk(*parts: Json, **candidate: Any) -> Json:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}} | candidate]}


def _recorded(name: str) -> CompleteResponse:
    recording = load(FIXTURES / f"{name}.json")
    parser, decoder = WIRE.parser(), WIRE.decoder(recording.subject)
    if not recording.streamed:
        return decoder.whole(recording.body)
    frames = [*parser.feed(recording.body), *parser.close()]
    return fold([event for frame in frames for event in decoder.feed(frame)] + list(decoder.close()))


def _sent_back(answer: CompleteResponse) -> list[Json]:
    request = CompleteRequest(messages=[Message(role=Role.ROLE_ASSISTANT, parts=answer.content)])
    assert WIRE.unsupported(request, GEMINI.profile) == []
    parts: list[Json] = orjson.loads(WIRE.encode(request, GEMINI, False))["contents"][0]["parts"]
    return parts


# ── Ends ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_candidate_without_an_index_still_ends() -> None:
    """Neither the first candidate nor any of Vertex AI has one."""
    answer = _streamed(_chunk({"text": "a"}), _chunk({"text": "b"}, finishReason="STOP"))
    assert (answer.completion, answer.finish.reason) == ("ab", FinishReason.FINISH_REASON_STOP)


def test_a_reason_with_every_chunk_ends_nothing_early() -> None:
    answer = _streamed(_chunk({"text": "a"}, finishReason="STOP"), _chunk({"text": "b"}, finishReason="MAX_TOKENS"))
    assert (answer.completion, answer.finish.reason) == ("ab", FinishReason.FINISH_REASON_LENGTH)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("STOP", FinishReason.FINISH_REASON_STOP),
        ("MAX_TOKENS", FinishReason.FINISH_REASON_LENGTH),
        ("SPII", FinishReason.FINISH_REASON_CONTENT_FILTER),
        ("IMAGE_SAFETY", FinishReason.FINISH_REASON_CONTENT_FILTER),
        ("UNEXPECTED_TOOL_CALL", FinishReason.FINISH_REASON_ERROR),
        ("OTHER", FinishReason.FINISH_REASON_UNSPECIFIED),
        ("NOVEL", FinishReason.FINISH_REASON_UNSPECIFIED),
    ],
)
def test_reasons(raw: str, reason: int) -> None:
    finish = _streamed(_chunk({"text": "a"}, finishReason=raw)).finish
    assert (finish.raw_reason, finish.reason) == (raw, reason)


def test_the_end_tells_its_details() -> None:
    finish = _recorded("gemini-stream-safety_midway-a").finish
    assert orjson.loads(finish.details_json)["safetyRatings"][0]["blocked"]
    assert b"print(weather" in _recorded("gemini-stream-malformed_call-a").finish.details_json
    assert orjson.loads(_recorded("gemini-unary-blocked-a").finish.details_json)["blockReason"] == "SAFETY"


def test_a_stream_as_a_list_is_read() -> None:
    body = orjson.dumps([_chunk({"text": "a"}), _chunk({"text": "b"}, finishReason="STOP")])
    assert WIRE.decoder(GEMINI).whole(body).completion == "ab"
    with pytest.raises(ProviderError) as caught:
        WIRE.decoder(GEMINI).whole(b'[{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow"}}]')
    assert (caught.value.reason, caught.value.http_status) == (Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, 200)


def test_an_error_midway_keeps_the_usage() -> None:
    decoder = WIRE.decoder(GEMINI)
    list(decoder.feed(Frame("", orjson.dumps(_chunk({"text": "a"}) | {"usageMetadata": {"promptTokenCount": 5}}))))
    with pytest.raises(ProviderError) as caught:
        list(decoder.feed(Frame("", b'{"error": {"status": "INTERNAL", "message": "x"}}')))
    assert caught.value.usage is not None
    assert (caught.value.usage.input_tokens, caught.value.reason) == (5, Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE)


# ── Citations ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_citations_are_placed_in_bytes() -> None:
    answer = _recorded("gemini-stream-signature_last-a")
    text = next(part for part in answer.content if part.text)
    said = text.text.encode()
    places = [(said[c.start : c.end].decode(), c.uri, c.title) for c in text.citations]
    # The second segment is told off by two bytes: its text decides.
    assert places == [
        ("Größe: 5", "https://a.example/1", "a.example"),
        ("Höhe", "https://a.example/1", "a.example"),
        ("Höhe", "https://b.example/2", "b.example"),
    ]
    assert orjson.loads(text.citations[0].raw_json)["groundingSupport"]["groundingChunkIndices"] == [0]
    carried = {event.type: event.raw_json for event in answer.provider_events}
    assert b"searchEntryPoint" in carried["candidate.groundingMetadata"]


def test_a_segment_that_is_nowhere_has_no_place() -> None:
    support = {"segment": {"startIndex": 1, "endIndex": 4, "text": "xyz"}, "groundingChunkIndices": [0, 9]}
    told = {"groundingChunks": [{"web": {"uri": "https://a"}}], "groundingSupports": [support]}
    cited = _streamed(_chunk({"text": "abcdef"}, finishReason="STOP", groundingMetadata=told)).content[0].citations
    assert [(c.HasField("start"), c.uri) for c in cited] == [(False, "https://a"), (False, "")]


def test_chunks_that_repeat_their_grounding_cite_once() -> None:
    told = {
        "groundingChunks": [{"retrievedContext": {"uri": "gs://b/o", "title": "o", "text": "passage"}}],
        "groundingSupports": [{"segment": {"endIndex": 1, "text": "a"}, "groundingChunkIndices": [0]}],
    }
    chunks = [_chunk({"text": c}, groundingMetadata=told) for c in "ab"]
    answer = _streamed(*chunks, _chunk(finishReason="STOP"))
    (cited,) = answer.content[0].citations
    assert (cited.cited_text, cited.start, cited.end) == ("passage", 0, 1)
    assert [event.type for event in answer.provider_events] == ["candidate.groundingMetadata"]


def test_recitations_are_cited() -> None:
    (cited,) = _recorded("gemini-stream-recitation-a").content[0].citations
    assert (cited.uri, cited.start, cited.end) == ("https://c.example", 0, 16)
    assert orjson.loads(cited.raw_json)["license"] == "mit"


# ── Parts ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said",
    [
        [{"text": "a", "thoughtSignature": "c2ln"}, {"text": "b"}],
        [{"text": "a"}, {"text": "", "thoughtSignature": "c2ln"}],
        [{"text": "t", "thought": True, "thoughtSignature": "c2ln"}, {"text": "u", "thought": True}, {"text": "a"}],
        [{"text": "a"}, {"functionCall": {"id": "i", "name": "f", "args": {"x": [1, 2.5]}}}, {"text": "b"}],
        [{"inlineData": {"mimeType": "image/png", "data": "AVBORw=="}, "thoughtSignature": "c2ln"}, {"text": "a"}],
        [{"fileData": {"mimeType": "video/mp4", "fileUri": "https://g.example/v"}}],
        [{"inlineData": {"mimeType": "image/png", "data": "AVBORw=="}, "thought": True}, {"text": "a"}],
        [{"toolCall": {"novel": {"y": 2**60}}, "thoughtSignature": "c2ln"}, {"text": "a"}],
    ],
)
def test_parts_go_back_as_they_came(said: list[Json]) -> None:
    subject = Subject(GEMINI.profile, "google", "gemini-2.5-flash")
    answer = _streamed(_chunk(*said, finishReason="STOP"))
    request = CompleteRequest(messages=[Message(role=Role.ROLE_ASSISTANT, parts=answer.content)])
    assert orjson.loads(WIRE.encode(request, subject, False))["contents"] == [{"role": "model", "parts": said}]


def test_a_signature_alone_goes_back_with_an_empty_text() -> None:
    answer = _streamed(_chunk({"text": "a"}), _chunk({"thoughtSignature": "c2ln"}, finishReason="STOP"))
    assert _sent_back(answer) == [{"text": "a"}, {"text": "", "thoughtSignature": "c2ln"}]


def test_what_a_signed_part_was_is_gone() -> None:
    """A caller who drops the text keeps the signature."""
    answer = _streamed(_chunk({"text": "a", "thoughtSignature": "c2ln"}, finishReason="STOP"))
    answer.content.pop(0)
    assert _sent_back(answer) == [{"text": "", "thoughtSignature": "c2ln"}]


def test_media() -> None:
    speech = _recorded("gemini-stream-speech-a").content
    assert [(part.media.kind, part.media.data) for part in speech] == [(MediaKind.MEDIA_KIND_AUDIO, b"abcdef")]
    assert speech[0].media.mime_type == "audio/L16;codec=pcm;rate=24000"
    picture = _recorded("gemini-unary-image-a")
    assert [part.WhichOneof("kind") for part in picture.content] == ["reasoning", "text", "media", "reasoning"]
    assert picture.content[2].media.data == b"\x01PNG"
    stored = _streamed(_chunk({"fileData": {"fileUri": "gs://b/o", "mimeType": "image/png"}}, finishReason="STOP"))
    assert stored.content[0].media.file_id == "gs://b/o"
    with pytest.raises(MalformedError):
        _streamed(_chunk({"inlineData": {"mimeType": "image/png", "data": "A"}}, finishReason="STOP"))


def test_calls_have_ids_of_their_own_where_the_model_gave_none() -> None:
    call = {"functionCall": {"name": "f", "args": {}}}
    answer = _streamed(_chunk(call, call, finishReason="STOP"))
    ids = [part.tool_call.id for part in answer.content]
    assert len(set(ids)) == 2
    assert all("id" not in part["functionCall"] for part in _sent_back(answer))


def test_log_probabilities() -> None:
    (text,) = _recorded("vertex-unary-logprobs-a").content
    assert [(token.token, token.logprob) for token in text.logprobs] == [("Ja", -0.25), (".", -0.25)]
    assert [token.token for token in text.logprobs[0].top] == ["Ja", "Nein"]


def test_log_probabilities_go_to_the_text_that_they_are_of() -> None:
    tokens = [{"token": token, "logProbability": -1.0} for token in ("ab", "c", "de")]
    parts = [{"text": "abc", "thoughtSignature": "c2ln"}, {"text": "de"}]
    answer = _streamed(_chunk(*parts, finishReason="STOP", logprobsResult={"chosenCandidates": tokens, "novel": 1}))
    assert [[token.token for token in part.logprobs] for part in answer.content] == [["ab", "c"], [], ["de"]]
    assert [event.type for event in answer.provider_events] == ["candidate.logprobsResult.novel"]


def test_unknown_fields_of_every_level_are_carried() -> None:
    part = {"functionCall": {"name": "f", "args": {}, "novel1": 1}, "novel2": 2}
    candidate = {"content": {"parts": [part], "novel3": 3}, "finishReason": "STOP", "novel4": 4}
    answer = _streamed({"candidates": [candidate], "usageMetadata": {"novel5": 5}, "novel6": 6})
    assert {(event.type, event.raw_json) for event in answer.provider_events} == {
        ("functionCall.novel1", b"1"),
        ("part.novel2", b"2"),
        ("content.novel3", b"3"),
        ("candidate.novel4", b"4"),
        ("usageMetadata.novel5", b"5"),
        ("novel6", b"6"),
    }


# ── Usage and errors ────────────────────────────────────────────────────────────────────────────────────────────


def test_usage_by_class() -> None:
    found = _recorded("gemini-unary-cached-a").usage
    assert (found.cache_read_tokens, found.audio_input_tokens, found.image_input_tokens) == (1500, 400, 258)
    assert dict(found.other_units) == {"video_input_tokens": 42}
    assert _recorded("gemini-stream-speech-a").usage.audio_output_tokens == 50


def test_what_is_not_told_is_not_known() -> None:
    assert not usage.decode({"promptTokenCount": 3}).HasField("output_tokens")
    assert usage.decode({"promptTokenCount": 3, "totalTokenCount": 3}).output_tokens == 0
    odd = usage.decode({"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 9})
    assert dict(odd.other_units) == {"unaccounted_tokens": 5}
    assert not usage.decode({"trafficType": "ON_DEMAND"}).HasField("input_tokens")
    assert usage.decode({}) == Usage(source=UsageSource.USAGE_SOURCE_PROVIDER)


@pytest.mark.parametrize(
    ("name", "reason", "retry", "fallback"),
    [
        ("gemini-error-400-a", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        ("gemini-error-key-a", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False, True),
        ("gemini-error-context-a", Reason.ERROR_REASON_CONTEXT_TOO_LONG, False, True),
        ("vertex-error-context-a", Reason.ERROR_REASON_CONTEXT_TOO_LONG, False, True),
        ("gemini-error-location-a", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, True),
        ("vertex-error-401-a", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False, True),
        ("gemini-error-403-a", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False, True),
        ("vertex-error-billing-a", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        ("gemini-error-404-a", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, True),
        ("gemini-error-429_daily-a", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        ("vertex-error-429_list-a", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        ("gemini-error-500-a", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        ("gemini-error-504-a", Reason.ERROR_REASON_UPSTREAM_TIMEOUT, True, True),
    ],
)
def test_what_an_error_means(name: str, reason: int, retry: bool, fallback: bool) -> None:
    recording = load(FIXTURES / f"{name}.json")
    error = WIRE.error(HttpResponse(recording.status, {}, recording.body), "google")
    assert (error.reason, error.retry, error.fallback) == (reason, retry, fallback)


def test_an_error_without_a_shape_is_still_one() -> None:
    error = WIRE.error(HttpResponse(502, {}, b"<html>Bad gateway</html>"), "google")
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE
