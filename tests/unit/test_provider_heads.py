"""What headers tell: quotas in every provider's words, ids of requests."""

from __future__ import annotations

import pytest
from conformance.recordings import every
from trunkline_server.domain.duration import seconds
from trunkline_server.heads import quotas, request_id

NOW = 1_790_000_000.0
Told = dict[str, tuple[int | None, int | None, float | None]]


def told(headers: dict[str, str]) -> Told:
    return {
        quota.unit: (
            quota.limit if quota.HasField("limit") else None,
            quota.remaining if quota.HasField("remaining") else None,
            seconds(quota.resets_after) if quota.HasField("resets_after") else None,
        )
        for quota in quotas(headers, NOW)
    }


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {
                "x-ratelimit-limit-requests": "500",
                "x-ratelimit-remaining-requests": "499",
                "x-ratelimit-reset-requests": "120ms",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "1m30.5s",
            },
            {"requests": (500, 499, 0.12), "tokens": (None, 0, 90.5)},
        ),
        (
            {
                "anthropic-ratelimit-input-tokens-limit": "100000",
                "anthropic-ratelimit-input-tokens-remaining": "99000",
                "anthropic-ratelimit-input-tokens-reset": "2026-09-21T14:13:50Z",
            },
            {"input-tokens": (100_000, 99_000, 30.0)},
        ),
        ({"x-ratelimit-limit-tokens-minute": "100000"}, {"tokens-minute": (100_000, None, None)}),
        (
            {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "1790000007000"},
            {"requests": (50, 3, 7.0)},
        ),
        # A date in the past, and what is no number.
        ({"anthropic-ratelimit-requests-reset": "1970-01-01T00:00:00Z"}, {"requests": (None, None, 0.0)}),
        ({"x-ratelimit-remaining-tokens": "many", "x-ratelimit-reset-tokens": "soon"}, {"tokens": (None, None, None)}),
        ({"x-ratelimit-limit-tokens": "9" * 40, "content-type": "text/plain"}, {"tokens": (None, None, None)}),
        ({"x-request-id": "r", "date": "now"}, {}),
    ],
)
def test_quotas(headers: dict[str, str], expected: Told) -> None:
    assert told(headers) == expected


def test_every_recorded_quota_is_read() -> None:
    with_quotas = [one for one in every() if any("ratelimit-remaining" in name for name in one.headers)]
    if not with_quotas:
        pytest.skip("no recorded traffic")
    for one in with_quotas:
        assert any(quota.HasField("remaining") for quota in quotas(one.headers, NOW)), one.id


def test_the_id_of_the_request() -> None:
    assert request_id({"request-id": "req_1"}) == "req_1"
    assert request_id({"x-amzn-requestid": "a"}) == "a"
    assert request_id({}) == ""
