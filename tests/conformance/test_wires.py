"""Every wire against recorded traffic and hand-written fixtures, cut in every way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
import pytest
from conformance.expect import check, check_error
from conformance.peers.table import PEERS
from conformance.recordings import (
    FAMILIES,
    MISSING,
    RECORDINGS,
    Recording,
    at_random,
    bytewise,
    completions,
    frames,
    lines,
    name,
    whole,
)
from trunkline.v1.completion_pb2 import StreamCompleteResponse
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.fold import fold
from trunkline_server.providers.wire import Decoder, HttpResponse, MalformedError
from trunkline_server.providers.wires import WIRES

ALL = [r for r in completions() if FAMILIES[r.family][0] in WIRES]
STREAMS = [r for r in ALL if r.streamed]
WHOLE = [r for r in ALL if not r.streamed and r.status == 200]
ERRORS = [r for r in ALL if r.status != 200]


def _events(recording: Recording, pieces: Iterable[bytes]) -> tuple[list[StreamCompleteResponse], Decoder, Any]:
    """The events, the decoder, and the error that ended the stream or None."""
    parser, decoder = recording.wire.parser(), recording.wire.decoder(recording.subject)
    events: list[StreamCompleteResponse] = []
    try:
        for piece in pieces:
            for frame in parser.feed(piece):
                events.extend(decoder.feed(frame))
                if decoder.done:
                    return events, decoder, None
        for frame in parser.close():
            events.extend(decoder.feed(frame))
        events.extend(decoder.close())
    except (ProviderError, MalformedError) as error:
        return events, decoder, error
    return events, decoder, None


def test_recordings_are_present() -> None:
    if not RECORDINGS.is_dir():
        pytest.skip(MISSING)
    assert len(ALL) > 30


@pytest.mark.parametrize("recording", WHOLE, ids=name)
def test_whole_answers(recording: Recording) -> None:
    decoder = recording.wire.decoder(recording.subject)
    if "error" in recording.expect:
        with pytest.raises(ProviderError) as caught:
            decoder.whole(recording.body)
        check_error(caught.value, recording.expect["error"])
    else:
        answer = decoder.whole(recording.body)
        assert answer.provider == recording.provider
        check(answer, recording.expect)


@pytest.mark.parametrize("cut", [whole, lines, bytewise, at_random])
@pytest.mark.parametrize("recording", STREAMS, ids=name)
def test_streams(recording: Recording, cut: Callable[[bytes], Iterable[bytes]]) -> None:
    events, decoder, error = _events(recording, cut(recording.body))
    expect = dict(recording.expect)
    if "error" in expect:
        check_error(error, expect.pop("error"))
        # How a failed stream ended is the error's to tell: an answer that is not finished has no reason.
        expect = {key: value for key, value in expect.items() if key not in ("finish", "finish_raw")}
    else:
        assert error is None
        assert decoder.done
        assert [event.WhichOneof("event") for event in events].count("finished") == 1
        assert events[-1].HasField("finished")
    if events:
        assert events[0].HasField("started")
    check(fold(events), expect)
    _check_blocks(events, whole=error is None)


def _check_blocks(events: list[StreamCompleteResponse], *, whole: bool) -> None:
    """Every block opens once, grows only while open, and closes once; indexes have no gaps."""
    state: dict[tuple[int, int], str] = {}
    for event in events:
        kind = event.WhichOneof("event")
        if kind == "content_started":
            place = (event.content_started.candidate, event.content_started.index)
            assert place not in state
            assert place[1] == sum(candidate == place[0] for candidate, _ in state)
            state[place] = "open"
        elif kind == "content_delta":
            assert state[event.content_delta.candidate, event.content_delta.index] == "open"
        elif kind == "content_finished":
            place = (event.content_finished.candidate, event.content_finished.index)
            assert state[place] == "open"
            state[place] = "closed"
    if whole:
        assert set(state.values()) <= {"closed"}


@pytest.mark.parametrize("recording", STREAMS, ids=name)
def test_a_cut_stream_never_ends_well(recording: Recording) -> None:
    cut = frames(recording)
    for kept in range(len(cut)):
        body = b"".join(cut[:kept])
        for tail in (b"", cut[kept][: len(cut[kept]) // 2]):
            events, decoder, _ = _events(recording, [body + tail])
            assert not decoder.done
            assert not any(event.HasField("finished") for event in events)


@pytest.mark.parametrize("recording", ERRORS, ids=name)
def test_errors(recording: Recording) -> None:
    answer = HttpResponse(recording.status, recording.headers, recording.body)
    check_error(recording.wire.error(answer, recording.provider), recording.expect["error"])


@pytest.mark.parametrize(
    ("id", "reason", "retry", "fallback"),
    [
        ("openai-chat-error-400-a", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        ("openai-chat-error-429-a", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, True),
        ("azure-error-429-a", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        ("groq-error-429-a", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        ("deepseek-error-422-a", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        ("mistral-error-422-a", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        ("xai-error-503-a", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        ("openai-chat-error-401-a", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False, True),
        ("openai-chat-error-404-a", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, True),
        ("openai-chat-error-quota-a", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        ("openai-chat-error-context-a", Reason.ERROR_REASON_CONTEXT_TOO_LONG, False, True),
        ("openai-chat-error-filter-a", Reason.ERROR_REASON_CONTENT_FILTERED, False, False),
        ("openai-chat-error-500-a", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        ("openai-chat-error-529-a", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        ("openai-chat-error-gateway-a", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, True),
        ("openrouter-error-429_in_200-a", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
    ],
)
def test_what_an_error_means(id: str, reason: int, retry: bool, fallback: bool) -> None:
    found = next((recording for recording in ALL if recording.id == id), None)
    if found is None:
        pytest.skip(MISSING)
    if found.status == 200:
        with pytest.raises(ProviderError) as caught:
            found.wire.decoder(found.subject).whole(found.body)
        error = caught.value
    else:
        error = found.wire.error(HttpResponse(found.status, found.headers, found.body), found.provider)
    assert (error.reason, error.retry, error.fallback) == (reason, retry, fallback)


@pytest.mark.parametrize("recording", [r for r in STREAMS if "error" not in r.expect], ids=name)
def test_a_folded_stream_equals_the_whole_answer(recording: Recording) -> None:
    events, _, _ = _events(recording, [recording.body])
    folded = fold(events)
    merged = PEERS[recording.profile.wire].as_whole(recording.body)
    unary = recording.wire.decoder(recording.subject).whole(orjson.dumps(merged))
    # Fields beside the answer change from chunk to chunk; a whole answer has only the last of each.
    for answer in (folded, unary):
        del answer.provider_events[:]
    assert folded == unary
