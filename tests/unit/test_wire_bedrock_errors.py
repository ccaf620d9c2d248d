"""The frames of AWS event streams, and the errors of Amazon Bedrock."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import orjson
import pytest
from conformance.recordings import every, frames
from trunkline.v1.completion_pb2 import StreamCompleteResponse
from trunkline_server.domain.errors import ProviderError, Reason, ReasonValue
from trunkline_server.providers.bedrock import WIRE
from trunkline_server.providers.bedrock.framing import EventStreamParser
from trunkline_server.providers.bedrock.stream import Decoder
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Frame, FrameTooLongError, HttpResponse, MalformedError, Subject

PROFILE = builtin()["bedrock"]
SUBJECT = Subject(PROFILE, "bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0")
_COUNTS = {"inputTokens": 3, "outputTokens": 1, "totalTokens": 4}


def _feed(decoder: Decoder, *events: tuple[str, Any]) -> list[StreamCompleteResponse]:
    return [found for name, told in events for found in decoder.feed(Frame(name, orjson.dumps(told)))]


def _delta(place: int, **delta: Any) -> tuple[str, Any]:
    return "contentBlockDelta", {"contentBlockIndex": place, "delta": delta}


# ── Frames ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _message(payload: bytes, **headers: str) -> bytes:
    head = b"".join(
        bytes([len(name) + 1]) + b":" + name.replace("_", "-").encode() + b"\x07" + struct.pack(">H", len(value))
        + value.encode()
        for name, value in headers.items()
    )  # fmt: skip
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return body + struct.pack(">I", zlib.crc32(body))


_ONE = _message(b'{"role":"assistant"}', message_type="event", event_type="messageStart")


def test_frames() -> None:
    sent = _ONE + _message(b"{}", message_type="exception", exception_type="novelty")
    sent += _message(b"", message_type="error", error_code="Broken", error_message="no")
    event, exception, error = EventStreamParser().feed(sent)
    assert event == Frame("messageStart", b'{"role":"assistant"}')
    assert exception == Frame("noveltyException", b"{}")
    assert (error.event, orjson.loads(error.data)) == ("error", {"__type": "Broken", "message": "no"})


@pytest.mark.parametrize("place", range(len(_ONE)))
def test_a_damaged_frame_is_malformed(place: int) -> None:
    damaged = bytearray(_ONE)
    damaged[place] ^= 0x40
    with pytest.raises(MalformedError):
        EventStreamParser().feed(bytes(damaged))


def test_an_unknown_type_of_header_is_malformed() -> None:
    head = b"\x02:x\x63\x00"
    prelude = struct.pack(">II", 16 + len(head), len(head))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + head
    with pytest.raises(MalformedError):
        EventStreamParser().feed(body + struct.pack(">I", zlib.crc32(body)))


def test_a_message_that_is_too_long_is_refused_before_it_is_held() -> None:
    parser = EventStreamParser(max_message_bytes=200)
    assert len(parser.feed(_ONE * 9)) == 9
    long = _message(b"x" * 500, message_type="event", event_type="e")
    parser.feed(long[:150])
    with pytest.raises(FrameTooLongError):
        parser.feed(long[150:300])


def test_a_recorded_stream_with_one_bit_turned_never_ends_well() -> None:
    recording = next((r for r in every() if r.id == "bedrock-stream-parallel_tools-a"), None)
    assert recording is not None
    for cut in frames(recording):
        turned = recording.body.replace(cut, cut[:-9] + bytes([cut[-9] ^ 1]) + cut[-8:], 1)
        decoder, parser = Decoder(SUBJECT), EventStreamParser()
        with pytest.raises(MalformedError):
            for frame in parser.feed(turned):
                list(decoder.feed(frame))
        assert not decoder.done


# ── Errors ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _error(status: int, kind: str, message: str, **body: Any) -> ProviderError:
    headers = {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/x", "x-amzn-requestid": "req-9"}
    return WIRE.error(HttpResponse(status, headers, orjson.dumps({"message": message} | body)), "bedrock")


@pytest.mark.parametrize(
    ("status", "kind", "message", "reason", "retry", "fallback"),
    [
        (400, "ValidationException", "temperature: range", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        (400, "ValidationException", "Input is too long for requested model.", Reason.ERROR_REASON_CONTEXT_TOO_LONG,
         False, True),
        (400, "ValidationException", "Too many input tokens. Max input tokens: 8192, request input token count: 9000",
         Reason.ERROR_REASON_CONTEXT_TOO_LONG, False, True),
        (400, "ValidationException", "The provided model identifier is invalid.", Reason.ERROR_REASON_UPSTREAM_REJECTED,
         False, True),
        (400, "ValidationException", "Output blocked by content filtering policy", Reason.ERROR_REASON_CONTENT_FILTERED,
         False, False),
        (400, "ServiceQuotaExceededException", "q", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        (403, "AccessDeniedException", "no", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False, True),
        (403, "ExpiredTokenException", "no", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False, True),
        (404, "ResourceNotFoundException", "no", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, True),
        (408, "ModelTimeoutException", "slow", Reason.ERROR_REASON_UPSTREAM_TIMEOUT, True, True),
        (424, "ModelErrorException", "odd", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        (429, "ThrottlingException", "Too many requests", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        (429, "ThrottlingException", "Too many tokens per day", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False,
         True),
        (429, "ModelNotReadyException", "wait", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        (500, "InternalServerException", "x", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        (503, "ServiceUnavailableException", "x", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
    ],
)  # fmt: skip
def test_what_an_error_means(
    status: int, kind: str, message: str, reason: ReasonValue, retry: bool, fallback: bool
) -> None:
    error = _error(status, kind, message)
    assert (error.reason, error.retry, error.fallback) == (reason, retry, fallback)
    assert (error.provider_code, error.provider_request_id) == (kind, "req-9")
    assert error.metadata["upstream_message"] == message


@pytest.mark.parametrize(
    ("name", "told", "reason", "retry"),
    [
        ("throttlingException", {"message": "m"}, Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True),
        ("validationException", {"message": "m"}, Reason.ERROR_REASON_UPSTREAM_REJECTED, False),
        ("validationException", {"message": "Input is too long"}, Reason.ERROR_REASON_CONTEXT_TOO_LONG, False),
        ("modelStreamErrorException", {"message": "m"}, Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True),
        ("modelStreamErrorException", {"message": "m", "originalStatusCode": 400, "originalMessage": "n"},
         Reason.ERROR_REASON_UPSTREAM_REJECTED, False),
        ("modelTimeoutException", {"message": "m"}, Reason.ERROR_REASON_UPSTREAM_TIMEOUT, True),
        ("internalServerException", {}, Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True),
        ("serviceUnavailableException", {"message": "m"}, Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True),
        ("novelException", {"message": "m"}, Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True),
    ],
)  # fmt: skip
def test_errors_inside_a_stream(name: str, told: dict[str, Any], reason: ReasonValue, retry: bool) -> None:
    decoder = Decoder(SUBJECT)
    _feed(decoder, ("metadata", {"usage": _COUNTS}), _delta(0, text="Hal"))
    with pytest.raises(ProviderError) as caught:
        _feed(decoder, (name, told))
    error = caught.value
    assert (error.reason, error.retry, error.provider_code, error.http_status) == (reason, retry, name, 200)
    assert error.usage is not None
    assert error.usage.input_tokens == 3
    assert not decoder.done


def test_an_exception_that_is_no_json() -> None:
    with pytest.raises(ProviderError) as caught:
        list(Decoder(SUBJECT).feed(Frame("throttlingException", b"slow down")))
    assert caught.value.metadata["upstream_message"] == "slow down"


def test_an_operation_that_aws_does_not_know() -> None:
    body = b'{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}'
    assert WIRE.error(HttpResponse(404, {}, body), "bedrock").provider_code == "UnknownOperationException"
    with pytest.raises(ProviderError) as caught:
        Decoder(SUBJECT).whole(body)
    assert caught.value.provider_code == "UnknownOperationException"


def test_bodies_that_say_little() -> None:
    for body, told in ((b'{"Message":"no"}', "no"), (b"<html>", "<html>"), (b"[]", None), (b"", None)):
        assert WIRE.error(HttpResponse(403, {}, body), "bedrock").metadata.get("upstream_message") == told
