"""From an HTTP answer to a tool's answer or the error that it means."""

from __future__ import annotations

import time
from email.utils import formatdate

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_upstream import SECRET
from trunkline_server.connectors.rest.answers import HttpAnswer, error_of, mask, retry_after, tool_answer
from trunkline_server.connectors.rest.template_models import ErrorMap
from trunkline_server.connectors.rest.templates import load_templates
from trunkline_server.domain.errors import Reason, TrunklineError

PLAIN = ErrorMap()
SLACK = load_templates()["slack"].errors
GITHUB = load_templates()["github"].errors


def answer(status: int = 200, body: bytes = b"", kind: str = "application/json", **headers: str) -> HttpAnswer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpAnswer(status, {"content-type": kind, **named}, body)


def wait_of(headers: dict[str, str], errors: ErrorMap = PLAIN, body: bytes = b"") -> float | None:
    return retry_after(HttpAnswer(429, headers, body), errors)


def reason(found: TrunklineError | None) -> str:
    return found.reason_name if found else ""


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, ""),
        (204, ""),
        (299, ""),
        (301, "UPSTREAM_REJECTED"),
        (304, "UPSTREAM_REJECTED"),
        (400, "UPSTREAM_REJECTED"),
        (401, "UPSTREAM_AUTHENTICATION"),
        (402, "UPSTREAM_QUOTA_EXHAUSTED"),
        (403, "UPSTREAM_AUTHENTICATION"),
        (404, "UPSTREAM_REJECTED"),
        (408, "UPSTREAM_TIMEOUT"),
        (409, "UPSTREAM_REJECTED"),
        (422, "UPSTREAM_REJECTED"),
        (429, "UPSTREAM_RATE_LIMITED"),
        (500, "INTEGRATION_UNAVAILABLE"),
        (502, "INTEGRATION_UNAVAILABLE"),
        (503, "INTEGRATION_UNAVAILABLE"),
        (504, "UPSTREAM_TIMEOUT"),
        (529, "INTEGRATION_UNAVAILABLE"),
        (599, "INTEGRATION_UNAVAILABLE"),
    ],
)
def test_by_status(status: int, expected: str) -> None:
    found = error_of(answer(status), PLAIN, SECRET)
    assert reason(found) == expected
    assert found is None or found.metadata["http_status"] == str(status)


def test_a_redirect_shows_the_host_only() -> None:
    found = error_of(answer(302, location="https://user:pw@login.example/cb?token=abc"), PLAIN, "")
    assert found is not None
    assert found.metadata["upstream_message"] == "redirect to login.example"
    for location in ("", "/relative", "https://[broken"):
        found = error_of(answer(302, location=location), PLAIN, "")
        assert found is not None and found.metadata["upstream_message"] == "redirect"


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b'{"message":"Not Found"}', "application/json", "Not Found"),
        (b'{"error":{"message":"deep"}}', "application/json", "deep"),
        (b'{"error":"flat"}', "application/json", "flat"),
        (b'{"errors":[{"detail":"first"},{"detail":"second"}]}', "application/problem+json", "first"),
        (b'{"title":"t","detail":"d"}', "application/json", "d"),
        (b'{"message":null,"error":"e"}', "application/json", "e"),
        (b"plain words", "text/plain; charset=utf-8", "plain words"),
        (b"<html><body>secret page</body></html>", "text/html", ""),
        (b"{broken", "application/json", ""),
        (b'{"message":"two\\r\\nlines\\u0000"}', "application/json", "two lines"),
        (b'{"message":{"message":{"message":{"message":"too deep"}}}}', "application/json", ""),
    ],
)
def test_what_the_upstream_says(body: bytes, kind: str, expected: str) -> None:
    found = error_of(answer(404, body, kind), PLAIN, SECRET)
    assert found is not None
    assert found.metadata.get("upstream_message", "") == expected


def test_messages_are_cut() -> None:
    found = error_of(answer(400, orjson.dumps({"message": "word " * 1000})), PLAIN, "")
    assert found is not None and len(found.metadata["upstream_message"]) == 300


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcdefghijkl",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0abcdefghij",
        "xoxb-12345678-abcdefgh",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA-abcdefghijkl",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "secret_abcdefghijk",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_keys_are_masked(key: str) -> None:
    assert mask(f"the key {key} is bad", "") == "the key *** is bad"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2x",
        "authorization: basic aHVudGVyMng=",
        'password="hunter2x"',
        "api_key: hunter2x",
        "token=hunter2x",
    ],
)
def test_named_secrets_are_masked(text: str) -> None:
    masked = mask(text, "")
    assert "***" in masked and "hunter2x" not in masked and "aHVudGVy" not in masked


@pytest.mark.parametrize(
    "text", ["page 3c90c3cc-0d44-4b50-8888-8dd25736052a not found", "the secretary-general is out", "basics of tokens"]
)
def test_plain_words_and_ids_stay(text: str) -> None:
    assert mask(text, "") == text


@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60),
    before=st.text(max_size=40),
    after=st.text(max_size=40),
)
def test_the_secret_never_survives(secret: str, before: str, after: str) -> None:
    if secret in "***" * 20 or secret in before + after:
        return
    assert secret not in mask(before + secret + after, secret).replace("***", "")


def test_retry_after_in_seconds_and_as_a_date() -> None:
    assert wait_of({"retry-after": "7"}) == 7
    assert wait_of({"retry-after": " 0 "}) == 0
    assert wait_of({"retry-after": "1.5"}) == 1.5
    now = time.time()
    both = {"retry-after": formatdate(now + 90, usegmt=True), "date": formatdate(now, usegmt=True)}
    assert wait_of(both) == 90
    # By the clock of the upstream, even when that is a day off.
    skewed = {"retry-after": formatdate(now + 86_490, usegmt=True), "date": formatdate(now + 86_400, usegmt=True)}
    assert wait_of(skewed) == 90
    past = {"retry-after": formatdate(now - 90, usegmt=True)}
    assert wait_of(past) == 0


@pytest.mark.parametrize(
    "told", ["", "soon", "-1", "1e9", "99999999999999999999", "Thu, 99 Foo 2026 00:00:00 GMT", "NaN", "٣"]
)
def test_retry_after_that_makes_no_sense(told: str) -> None:
    assert wait_of({"retry-after": told}) is None


def test_a_rate_limit_carries_its_wait() -> None:
    found = error_of(answer(429, retry_after="12"), PLAIN, "")
    assert found is not None and found.retry_after == 12
    assert found.status().details[1].type_url.endswith("RetryInfo")
    found = error_of(answer(429, retry_after="999999999"), PLAIN, "")
    assert found is not None and found.status().details[1].type_url.endswith("RetryInfo")


def test_an_unavailable_upstream_may_name_a_wait() -> None:
    found = error_of(answer(503, retry_after="3"), PLAIN, "")
    assert found is not None and found.retry_after == 3


def test_github_tells_rate_limits_as_403() -> None:
    now = int(time.time())
    used_up = answer(403, x_ratelimit_remaining="0", x_ratelimit_reset=str(now + 60), date=formatdate(now, usegmt=True))
    found = error_of(used_up, GITHUB, "")
    assert reason(found) == "UPSTREAM_RATE_LIMITED"
    assert found is not None and found.retry_after == 60
    assert reason(error_of(answer(403, retry_after="5"), GITHUB, "")) == "UPSTREAM_RATE_LIMITED"
    assert reason(error_of(answer(403, x_ratelimit_remaining="10"), GITHUB, "")) == "UPSTREAM_AUTHENTICATION"
    assert reason(error_of(used_up, PLAIN, "")) == "UPSTREAM_AUTHENTICATION"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"ok":true}', ""),
        (b'{"ok":false,"error":"invalid_auth"}', "UPSTREAM_AUTHENTICATION"),
        (b'{"ok":false,"error":"ratelimited"}', "UPSTREAM_RATE_LIMITED"),
        (b'{"ok":false,"error":"internal_error"}', "INTEGRATION_UNAVAILABLE"),
        (b'{"ok":false,"error":"channel_not_found"}', "UPSTREAM_REJECTED"),
        (b'{"ok":false}', "UPSTREAM_REJECTED"),
        (b'{"ok":0}', ""),
        (b'{"other":false}', ""),
        (b"[false]", ""),
        (b"not json", ""),
    ],
)
def test_slack_tells_errors_in_a_200(body: bytes, expected: str) -> None:
    found = error_of(answer(200, body), SLACK, "")
    assert reason(found) == expected
    if expected == "UPSTREAM_REJECTED" and b"channel" in body:
        assert found is not None and found.metadata["upstream_message"] == "channel_not_found"


def test_json_comes_as_received() -> None:
    body = b'{ "b": 1.10, "a": 18446744073709551615 }\n'
    for kind in ("application/json", "application/json; charset=utf-8", "application/vnd.github+json", "text/json"):
        assert tool_answer(answer(200, body, kind)).json == body
    assert tool_answer(answer(200, b" null ")).json == b" null "


def test_text_becomes_a_json_string() -> None:
    assert orjson.loads(tool_answer(answer(200, 'a"ü\n'.encode(), "text/plain")).json) == 'a"ü\n'
    assert orjson.loads(tool_answer(answer(200, b"\xfc", "text/csv; charset=latin-1")).json) == "ü"
    assert orjson.loads(tool_answer(answer(200, b"\xff", "text/plain; charset=nope")).json) == "�"


def test_anything_else_stays_raw() -> None:
    found = tool_answer(answer(200, b"\x89PNG", "image/png"))
    assert (found.raw, found.json, found.content_type) == (b"\x89PNG", b"", "image/png")


def test_no_body_is_null() -> None:
    assert tool_answer(answer(204, b"", "")).json == b"null"


@pytest.mark.parametrize("body", [b"{", b"\xff", b"NaN", b"<html>", b"[" * 100_000])
def test_false_json(body: bytes) -> None:
    with pytest.raises(TrunklineError) as caught:
        tool_answer(answer(200, body))
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED


DOTTED = ErrorMap(
    code_field="error.codes.0",
    message_field="error.text",
    rate_limited=frozenset({"7"}),
    retry_after_field="error.wait",
    reset_header="X-Reset",
    remaining_header="X-Left",
)


@pytest.mark.parametrize(
    ("wait", "expected"), [(1.25, 1.25), ("30.5", 30.5), (0, 0), (True, None), (-1, None), ("soon", None), ({}, None)]
)
def test_waits_in_the_body_keep_their_fractions(wait: object, expected: float | None) -> None:
    found = error_of(answer(400, orjson.dumps({"error": {"codes": [7], "wait": wait}})), DOTTED, "")
    assert reason(found) == "UPSTREAM_RATE_LIMITED"
    assert found is not None and found.retry_after == expected


def test_the_header_tells_before_the_body() -> None:
    body = orjson.dumps({"error": {"wait": 9}})
    assert wait_of({"retry-after": "2"}, DOTTED, body) == 2
    now = int(time.time())
    told = {"x-left": "0", "x-reset": str(now + 30), "date": formatdate(now, usegmt=True)}
    assert wait_of(told, DOTTED, body) == 30
    assert wait_of({}, DOTTED, body) == 9


def test_dates_without_a_zone_are_utc() -> None:
    told = {"retry-after": "Thu, 01 Jan 2026 00:01:00 -0000", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    assert wait_of(told) == 60


@pytest.mark.parametrize("form", ["hunter-22", "%2Fhunter%2F", "aHVudGVy"])
def test_parts_of_a_secret_are_masked(form: str) -> None:
    secret = orjson.dumps({"refresh_token": "hunter-22", "client_secret": "/hunter/", "n": 1, "x": "aHVudGVy"}).decode()
    assert mask(f"got {form}.", secret) == "got ***."


def test_deep_answers_end() -> None:
    body = b'{"message":"no","x":' + b"[" * 900 + b"]" * 900 + b"}"
    found = error_of(answer(400, body), PLAIN, "", frozenset({"phone"}))
    assert found is not None and found.metadata["upstream_message"] == "no"


def test_named_fields_are_masked_wherever_they_came_from() -> None:
    body = orjson.dumps({"message": "no +4712345678 for anna@example.com at 12345", "detail": {"phone": "+4712345678"}})
    parameters = {"people": [{"mail": ["anna@example.com"]}], "code": 12345, "short": "no"}
    names = frozenset({"phone", "mail", "code", "short"})
    found = error_of(answer(400, body), PLAIN, "", names, parameters)
    assert found is not None and found.metadata["upstream_message"] == "no *** for *** at ***"
    assert "12345" not in found.message
