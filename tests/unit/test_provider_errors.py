"""Retry-After in every form, masking, and errors of odd shapes."""

from __future__ import annotations

import pytest
from trunkline_server.domain.errors import Reason
from trunkline_server.heads import retry_after
from trunkline_server.providers.errors import decode, mask
from trunkline_server.providers.wire import HttpResponse

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:10 GMT"}, 0.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "0", "retry-after": "1"}, 1.0),
        ({"retry-after": "7200"}, 7200.0),
        ({"x-ratelimit-reset-requests": "6s"}, None),
        ({"x-ratelimit-reset-requests": "6s", "x-ratelimit-remaining-requests": "5"}, None),
        ({"x-ratelimit-reset-requests": "1m30.5s", "x-ratelimit-remaining-requests": "0"}, 90.5),
        ({"x-ratelimit-reset-tokens": "130ms", "x-ratelimit-remaining-tokens": "0"}, 0.13),
        ({"x-ratelimit-reset": "1700000020000", "x-ratelimit-remaining": "0"}, 20.0),
        ({"x-ratelimit-reset": "1700000010", "x-ratelimit-remaining": "0"}, 10.0),
        ({"retry-after": "2", "x-ratelimit-reset": "60", "x-ratelimit-remaining": "0"}, 2.0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    "secret",
    ["sk-proj-abcDEF123456", "gsk_abcdef123456", "AIzaSyA1234567890", "Bearer abc.def", "f" * 40, "pplx-1234567890"],
)
def test_anything_like_a_key_is_masked(secret: str) -> None:
    body = f'{{"error": {{"message": "bad key {secret} given", "code": "{secret}"}}}}'.encode()
    error = decode(HttpResponse(401, {}, body), "openai", NOW)
    assert secret not in str(error.metadata) + error.message
    assert "bad key" in error.metadata["upstream_message"]


def test_plain_words_stay() -> None:
    assert mask("The risk-free task failed: desk-top, key word") == "The risk-free task failed: desk-top, key word"


def test_long_messages_are_cut() -> None:
    assert len(decode(HttpResponse(500, {}, b"word " * 500), "openai", NOW).metadata["upstream_message"]) == 300


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"error": null}', b"<html>", b'{"error": {"code": 1}}'])
def test_odd_bodies_are_errors_by_their_status(body: bytes) -> None:
    error = decode(HttpResponse(502, {"x-request-id": "r1"}, body), "openai", NOW)
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE
    assert (error.retry, error.http_status, error.provider_request_id) == (True, 502, "r1")


def test_a_redirect_is_not_followed_and_not_an_answer() -> None:
    assert decode(HttpResponse(302, {}, b""), "openai", NOW).reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED


def test_a_wait_that_cannot_help_is_not_told() -> None:
    body = b'{"error": {"code": "insufficient_quota", "message": "no credit"}}'
    error = decode(HttpResponse(429, {"retry-after": "5"}, body), "openai", NOW)
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED
    assert error.retry_after is None
