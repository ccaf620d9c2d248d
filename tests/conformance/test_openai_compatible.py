"""The chat completions adapter against recorded traffic and hand-written fixtures, cut in every way."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
import pytest
from conformance.recordings import MISSING, RECORDINGS, Recording, chat
from trunkline.v1.completion_pb2 import CompleteResponse, FinishReason, StreamCompleteResponse
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.fold import fold
from trunkline_server.providers.openai_compatible import errors, response
from trunkline_server.providers.openai_compatible.stream import Decoder
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.sse import SseParser
from trunkline_server.providers.wire import HttpResponse, MalformedError

ALL = chat()
STREAMS = [r for r in ALL if r.streamed]
WHOLE = [r for r in ALL if not r.streamed and r.status == 200]
ERRORS = [r for r in ALL if r.status != 200]
_USAGE = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "input_tokens_total": "input_tokens",
    "output_tokens_total": "output_tokens",
    "cached_input_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "reasoning_tokens": "reasoning_tokens",
}
_FINISHES = {
    "stop": FinishReason.FINISH_REASON_STOP,
    "length": FinishReason.FINISH_REASON_LENGTH,
    "tool_call": FinishReason.FINISH_REASON_TOOL_CALL,
    "content_filter": FinishReason.FINISH_REASON_CONTENT_FILTER,
    "stop_sequence": FinishReason.FINISH_REASON_STOP_SEQUENCE,
}


def _name(recording: Recording) -> str:
    return recording.id


def _whole(body: bytes) -> Iterable[bytes]:
    return [body]


def _lines(body: bytes) -> Iterable[bytes]:
    return body.splitlines(keepends=True)


def _bytewise(body: bytes) -> Iterable[bytes]:
    return (body[i : i + 1] for i in range(len(body)))


def _random(body: bytes) -> Iterator[bytes]:
    chance = random.Random(len(body))
    start = 0
    while start < len(body):
        end = start + chance.randint(1, 300)
        yield body[start:end]
        start = end


def _decoder(recording: Recording) -> Decoder:
    profile = builtin().get(recording.provider)
    return Decoder(recording.provider, profile.end_mark if profile else "done")


def _events(recording: Recording, pieces: Iterable[bytes]) -> tuple[list[StreamCompleteResponse], Decoder, Any]:
    """The events, the decoder, and the error that ended the stream or None."""
    parser, decoder = SseParser(), _decoder(recording)
    events: list[StreamCompleteResponse] = []
    try:
        for piece in pieces:
            for frame in parser.feed(piece):
                events.extend(decoder.feed(frame))
        for frame in parser.close():
            events.extend(decoder.feed(frame))
        events.extend(decoder.close())
    except (ProviderError, MalformedError) as error:
        return events, decoder, error
    return events, decoder, None


def _check(answer: CompleteResponse, expect: dict[str, Any]) -> None:
    """Compare every expectation; an unknown one fails."""
    parts = list(answer.content)
    calls = [part.tool_call for part in parts if part.HasField("tool_call")]
    for key, value in expect.items():
        if key in _USAGE:
            assert answer.usage.HasField(_USAGE[key]), key  # type: ignore[arg-type]
            assert getattr(answer.usage, _USAGE[key]) == value, key
        elif key == "model":
            assert answer.model_used == value
        elif key == "text":
            assert answer.completion == value
        elif key == "texts":
            assert [candidate.completion for candidate in answer.candidates] == value
        elif key == "finish":
            assert answer.finish.reason == _FINISHES[value]
        elif key == "finish_raw":
            assert answer.finish.raw_reason == value
        elif key == "tool_calls":
            found = [{"name": c.name, "arguments": orjson.loads(c.arguments_json or b"{}")} for c in calls]
            assert found == [{"name": c["name"], "arguments": c["arguments"]} for c in value]
            assert all(got.id == wanted["id"] or not wanted["id"] for got, wanted in zip(calls, value, strict=True))
            assert all(call.id for call in calls)
        elif key == "reasoning_text_present":
            assert any(part.reasoning.text for part in parts) == value
        elif key == "refusal":
            assert "".join(part.refusal for part in parts) == value
        elif key == "citations_count":
            assert _citations(answer) == value
        elif key == "total_tokens":
            told = answer.usage.input_tokens + answer.usage.output_tokens
            assert told + answer.usage.other_units["unaccounted_tokens"] == value
        elif key == "unaccounted_tokens":
            assert answer.usage.other_units["unaccounted_tokens"] == value
        elif key == "cost":
            assert answer.usage.other_units["cost_nano_usd"] == round(value * 1e9)
        else:
            pytest.fail(f"the expectation {key!r} is not checked")


def _citations(answer: CompleteResponse) -> int:
    """Citations in the text, or those that Perplexity lists beside the answer."""
    carried = {event.type: event.raw_json for event in answer.provider_events}
    if "citations" in carried:
        return len(orjson.loads(carried["citations"]))
    return sum(len(part.citations) for part in answer.content)


def _check_error(error: Any, expect: dict[str, Any]) -> None:
    assert isinstance(error, ProviderError)
    wanted = dict(expect)
    assert wanted.pop("status") == error.http_status
    assert error.metadata["upstream_message"].replace(" ", "") in wanted.pop("message").replace(" ", "")
    if wanted.get("code") or wanted.get("type"):
        assert error.provider_code == str(wanted.get("code") or wanted["type"])
    if "retry_after_s" in wanted:
        assert error.retry_after == wanted["retry_after_s"]


def test_recordings_are_present() -> None:
    if not RECORDINGS.is_dir():
        pytest.skip(MISSING)
    assert len(ALL) > 30


@pytest.mark.parametrize("recording", WHOLE, ids=_name)
def test_whole_answers(recording: Recording) -> None:
    decoder = _decoder(recording)
    if "error" in recording.expect:
        with pytest.raises(ProviderError) as caught:
            response.decode(recording.body, decoder)
        _check_error(caught.value, recording.expect["error"])
    else:
        answer = response.decode(recording.body, decoder)
        assert answer.provider == recording.provider
        _check(answer, recording.expect)


@pytest.mark.parametrize("cut", [_whole, _lines, _bytewise, _random])
@pytest.mark.parametrize("recording", STREAMS, ids=_name)
def test_streams(recording: Recording, cut: Callable[[bytes], Iterable[bytes]]) -> None:
    events, decoder, error = _events(recording, cut(recording.body))
    expect = dict(recording.expect)
    if "error" in expect:
        wanted = dict(expect.pop("error"))
        assert wanted.pop("in_stream")
        _check_error(error, wanted)
    else:
        assert error is None
        assert decoder.done
        assert [event.WhichOneof("event") for event in events].count("finished") == 1
        assert events[-1].HasField("finished")
    assert events[0].HasField("started")
    _check(fold(events), expect)
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


@pytest.mark.parametrize("recording", STREAMS, ids=_name)
def test_a_cut_stream_never_ends_well(recording: Recording) -> None:
    frames = recording.body.replace(b"\r\n", b"\n").split(b"\n\n")
    while frames and (not frames[-1].strip() or frames[-1].startswith(b":")):
        frames.pop()
    for kept in range(len(frames)):
        body = b"".join(frame + b"\n\n" for frame in frames[:kept])
        for tail in (b"", frames[kept][: len(frames[kept]) // 2]):
            events, decoder, _ = _events(recording, [body + tail])
            assert not decoder.done
            assert not any(event.HasField("finished") for event in events)


@pytest.mark.parametrize("recording", ERRORS, ids=_name)
def test_errors(recording: Recording) -> None:
    answer = HttpResponse(recording.status, recording.headers, recording.body)
    _check_error(errors.decode(answer, recording.provider), recording.expect["error"])


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
            response.decode(found.body, _decoder(found))
        error = caught.value
    else:
        error = errors.decode(HttpResponse(found.status, found.headers, found.body), found.provider)
    assert (error.reason, error.retry, error.fallback) == (reason, retry, fallback)


def _as_whole(body: bytes) -> dict[str, Any]:
    """The answer that a provider would have given without streaming: an independent, naive merge of the chunks."""
    answer: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for line in body.splitlines():
        if not line.startswith(b"data: {"):
            continue
        chunk = orjson.loads(line[6:])
        answer |= {name: value for name, value in chunk.items() if name != "choices" and value}
        for choice in chunk["choices"]:
            kept = choices.setdefault(choice["index"], {"index": choice["index"], "message": {}})
            kept |= {k: v for k, v in choice.items() if k not in ("delta", "message", "index") and v}
            message = kept["message"]
            for name, value in choice["delta"].items():
                if name == "tool_calls":
                    _merge_calls(message.setdefault("tool_calls", {}), value)
                elif isinstance(value, list):
                    before = message.get(name) or []
                    message[name] = (_pieces(before) if name == "content" else before) + value
                elif name == "content" and isinstance(message.get(name), list):
                    message[name] += _pieces(value)
                elif isinstance(value, str) and name != "role":
                    message[name] = message.get(name, "") + value
    for choice in choices.values():
        if "tool_calls" in choice["message"]:
            choice["message"]["tool_calls"] = list(choice["message"]["tool_calls"].values())
    return answer | {"choices": list(choices.values())}


def _pieces(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _merge_calls(calls: dict[int, Any], deltas: list[Any]) -> None:
    for delta in deltas:
        call = calls.setdefault(delta["index"], {"id": delta.get("id"), "function": {"name": "", "arguments": ""}})
        for name in ("name", "arguments"):
            call["function"][name] += delta["function"].get(name) or ""


@pytest.mark.parametrize("recording", [r for r in STREAMS if "error" not in r.expect], ids=_name)
def test_a_folded_stream_equals_the_whole_answer(recording: Recording) -> None:
    events, _, _ = _events(recording, [recording.body])
    folded = fold(events)
    whole = response.decode(orjson.dumps(_as_whole(recording.body)), _decoder(recording))
    # Fields beside the answer change from chunk to chunk; a whole answer has only the last of each.
    for answer in (folded, whole):
        del answer.provider_events[:]
    assert folded == whole
