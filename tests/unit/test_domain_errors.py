"""Errors as they travel, deadlines, and callers."""

from __future__ import annotations

import asyncio
import time

import pytest
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    QuotaFailure,
    ResourceInfo,
    RetryInfo,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from trunkline_server.domain.call import Caller
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import duration, seconds
from trunkline_server.domain.errors import (
    MAX_DETAILS_BYTES,
    ProviderError,
    Reason,
    TrunklineError,
    already_exists,
    invalid_fields,
    live_check_failed,
    not_found,
    quota,
    store_unavailable,
)
from unit.domain_parts import World, answer

LIMITED = Reason.ERROR_REASON_RATE_LIMITED
TEXTS = st.text(max_size=3000)


def details(error: TrunklineError) -> dict[str, Message]:
    found: dict[str, Message] = {}
    for packed in error.status().details:
        for kind in (ErrorInfo, BadRequest, PreconditionFailure, QuotaFailure, ResourceInfo, RetryInfo):
            detail = kind()
            if packed.Unpack(detail):
                assert kind.__name__ not in found
                found[kind.__name__] = detail
    return found


@pytest.mark.parametrize(
    ("error", "code", "kinds"),
    [
        (invalid_fields([("a.b", "is required")]), Code.INVALID_ARGUMENT, {"BadRequest"}),
        (not_found("integration", "x"), Code.NOT_FOUND, {"ResourceInfo"}),
        (already_exists("budget", "x"), Code.ALREADY_EXISTS, {"ResourceInfo"}),
        (live_check_failed("x", "refused"), Code.FAILED_PRECONDITION, {"PreconditionFailure"}),
        (quota(LIMITED, "too many", "tenant", 2.5), Code.RESOURCE_EXHAUSTED, {"QuotaFailure", "RetryInfo"}),
        (store_unavailable("Redis"), Code.UNAVAILABLE, {"RetryInfo"}),
        (ProviderError(Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "slow"), Code.DEADLINE_EXCEEDED, set()),
    ],
)
def test_each_case_has_its_code_and_details(error: TrunklineError, code: int, kinds: set[str]) -> None:
    found = details(error)
    assert error.status().code == error.code == code
    assert set(found) == kinds | {"ErrorInfo"}
    info = found["ErrorInfo"]
    assert isinstance(info, ErrorInfo)
    assert (info.domain, info.reason) == ("trunkline.dev", error.reason_name)


def test_only_what_another_try_can_mend_is_retryable() -> None:
    assert store_unavailable("Redis").retryable
    assert not not_found("integration", "x").retryable


@pytest.mark.parametrize(("given_", "sent"), [(2.5, 2500), (-1.0, 0), (0.0, 0)])
def test_retry_after_travels_in_milliseconds(given_: float, sent: int) -> None:
    retry = details(quota(LIMITED, "too many", "tenant", given_))["RetryInfo"]
    assert isinstance(retry, RetryInfo)
    assert retry.retry_delay.ToMilliseconds() == sent


def test_many_violations_are_counted_and_as_many_as_fit_are_named() -> None:
    error = invalid_fields([(f"field_{number}", "x" * 200) for number in range(50)])
    assert "and 49 more" in error.message
    bad = details(error)["BadRequest"]
    assert isinstance(bad, BadRequest)
    assert 8 < len(bad.field_violations) < 15


@settings(deadline=None, max_examples=60)
@given(
    TEXTS,
    st.dictionaries(st.text(max_size=300), TEXTS, max_size=20),
    st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=40),
)
def test_details_stay_small(message: str, metadata: dict[str, str], violations: list[tuple[str, str]]) -> None:
    bad = invalid_fields(violations)
    both = TrunklineError(LIMITED, message, metadata=metadata, details=bad.details, retry_after=1.0)
    for error in (bad, both):
        assert error.status().ByteSize() <= MAX_DETAILS_BYTES
        assert "ErrorInfo" in details(error)


def test_metadata_of_many_candidates_leaves_room_for_the_retry() -> None:
    metadata = {f"provider/model-{number}": "x" * 600 for number in range(16)}
    found = details(TrunklineError(LIMITED, "x" * 5000, metadata=metadata, retry_after=5.0))
    assert set(found) == {"ErrorInfo", "RetryInfo"}
    info = found["ErrorInfo"]
    assert isinstance(info, ErrorInfo)
    assert info.metadata["provider/model-0"] == "x" * 512


# ── Deadlines ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deadline_only_comes_sooner() -> None:
    deadline = Deadline.after(10)
    assert deadline.sooner(1).at < deadline.at
    assert deadline.sooner(100).at == deadline.at
    assert 0 < deadline.remaining() <= 10
    deadline.check()


def test_a_passed_deadline_is_the_callers() -> None:
    deadline = Deadline(time.monotonic() - 1)
    assert deadline.remaining() < 0
    with pytest.raises(TrunklineError) as caught:
        deadline.check()
    assert caught.value.reason == Reason.ERROR_REASON_CALLER_DEADLINE


async def test_a_deadline_ends_a_wait() -> None:
    with pytest.raises(TimeoutError):
        async with Deadline.after(0.01).timeout():
            await asyncio.Event().wait()


@given(st.integers(0, 10**15))
def test_durations_keep_their_nanoseconds(nanos: int) -> None:
    assert abs(duration(nanos / 1e9).ToNanoseconds() - nanos) <= 64
    assert seconds(duration(nanos / 1e9)) == pytest.approx(nanos / 1e9)


# ── Callers ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("held", "may"), [("llm.complete", True), ("llm.*", True), ("*", True), ("llm.models", False), ("llmx.*", False)]
)
def test_permissions(held: str, may: bool) -> None:
    assert Caller("t", "k", frozenset({held})).may("llm.complete") is may


async def test_a_call_without_a_caller_has_no_identity() -> None:
    call = World({"alpha": [answer()]}).call()
    assert call.tenant_id == "acme"
    call.caller = None
    with pytest.raises(AssertionError, match="not authenticated"):
        _ = call.identity
