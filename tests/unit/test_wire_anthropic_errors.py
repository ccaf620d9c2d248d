"""Errors and counts of the Anthropic messages wire."""

from __future__ import annotations

import orjson
import pytest
from conformance.recordings import every
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.content_pb2 import ToolChoiceMode, ToolDefinition
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.providers.anthropic import WIRE
from trunkline_server.providers.anthropic.stream import Decoder
from trunkline_server.providers.profiles import builtin
from trunkline_server.providers.wire import Frame, HttpResponse, MalformedError, Subject

SUBJECT = Subject(builtin()["anthropic"], "anthropic", "claude-test-1")
_START = b'{"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}}'


@pytest.mark.parametrize(
    ("id", "reason", "retry", "fallback"),
    [
        ("400", Reason.ERROR_REASON_CONTEXT_TOO_LONG, False, True),
        ("429", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        ("529", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, True, True),
        ("401", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False, True),
        ("403", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, False, True),
        ("404", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, True),
        ("413", Reason.ERROR_REASON_UPSTREAM_REJECTED, False, False),
        ("500", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        ("502", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True),
        ("504", Reason.ERROR_REASON_UPSTREAM_TIMEOUT, True, True),
        ("quota", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        ("spend_limit", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        ("billing", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, False, True),
        ("context", Reason.ERROR_REASON_CONTEXT_TOO_LONG, False, True),
        ("filter", Reason.ERROR_REASON_CONTENT_FILTERED, False, False),
    ],
)
def test_what_an_error_means(id: str, reason: int, retry: bool, fallback: bool) -> None:
    found = next((recording for recording in every() if recording.id == f"anthropic-error-{id}-a"), None)
    if found is None:
        pytest.skip("no recorded traffic")
    error = WIRE.error(HttpResponse(found.status, found.headers, found.body), "anthropic")
    assert (error.reason, error.retry, error.fallback) == (reason, retry, fallback)


@pytest.mark.parametrize(
    ("type", "reason"),
    [
        ("overloaded_error", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED),
        ("rate_limit_error", Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED),
        ("api_error", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE),
        ("timeout_error", Reason.ERROR_REASON_UPSTREAM_TIMEOUT),
        ("authentication_error", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION),
        ("permission_error", Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION),
        ("not_found_error", Reason.ERROR_REASON_UPSTREAM_REJECTED),
        ("request_too_large", Reason.ERROR_REASON_UPSTREAM_REJECTED),
        ("invalid_request_error", Reason.ERROR_REASON_UPSTREAM_REJECTED),
        ("billing_error", Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED),
        ("novel_error", Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE),
    ],
)
def test_what_an_error_inside_a_stream_means(type: str, reason: int) -> None:
    decoder = Decoder(SUBJECT)
    list(decoder.feed(Frame("", _START)))
    event = {"type": "error", "error": {"type": type, "message": "m"}, "request_id": "req_1"}
    with pytest.raises(ProviderError) as caught:
        list(decoder.feed(Frame("error", orjson.dumps(event))))
    error = caught.value
    assert (error.reason, error.provider_code, error.provider_request_id) == (reason, type, "req_1")
    assert error.usage == decoder.usage
    assert error.usage is not None
    assert not decoder.done


def test_limits_that_are_not_used_up_say_nothing_about_when_to_retry() -> None:
    """The resets of Anthropic are of no use: only Retry-After counts."""
    body = orjson.dumps({"type": "error", "error": {"type": "rate_limit_error", "message": "m"}, "request_id": "req_b"})
    limits = {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "1970-01-01T00:00:00Z",
    }
    assert WIRE.error(HttpResponse(429, limits, body), "anthropic").retry_after is None
    error = WIRE.error(HttpResponse(429, limits | {"retry-after": "41", "request-id": "req_h"}, body), "anthropic")
    assert (error.retry_after, error.provider_request_id) == (41.0, "req_h")
    assert WIRE.error(HttpResponse(429, limits, body), "anthropic").provider_request_id == "req_b"
    assert WIRE.error(HttpResponse(529, {}, b"overloaded"), "anthropic").provider_request_id == ""


def test_a_count_asks_for_what_the_model_would_read() -> None:
    request = CompleteRequest(prompt="q", max_tokens=5, temperature=0.5, stop_sequences=["x"])
    request.tools.append(ToolDefinition(name="f"))
    request.tool_choice.mode = ToolChoiceMode.TOOL_CHOICE_MODE_NONE
    request.reasoning.budget_tokens = 2000
    request.provider_options_json["anthropic"] = b'{"service_tier": "auto", "mcp_servers": []}'
    assert WIRE.counting is not None
    body = orjson.loads(WIRE.counting.encode(request, SUBJECT))
    assert set(body) == {"model", "messages", "tools", "tool_choice", "thinking", "mcp_servers"}


def test_a_count() -> None:
    assert WIRE.counting is not None
    assert WIRE.counting.decode(b'{"input_tokens": 14}', SUBJECT) == 14
    for body in (b"{}", b'{"input_tokens": "14"}', b'{"input_tokens": -1}', b"[]"):
        with pytest.raises(MalformedError):
            WIRE.counting.decode(body, SUBJECT)


def test_there_are_no_embeddings() -> None:
    assert WIRE.embedding is None
