"""Limits of a tenant and of a key through a whole server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, llm, refusal
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc.error_details_pb2 import QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status
from harness import TENANT, Stack
from trunkline.v1 import access_pb2_grpc
from trunkline.v1.access_pb2 import CreateApiKeyRequest, Tenant, UpdateTenantRequest
from trunkline.v1.common_pb2 import CallContext, CallLimit, LimitScope
from upstream import MODEL, Upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")
Mock = tuple[Stack, Upstream]


@pytest_asyncio.fixture(loop_scope="module")
async def access(mock: Mock, channel: grpc.aio.Channel) -> AsyncIterator[Any]:
    """Set the tenant's limits; none are left behind."""
    stub = access_pb2_grpc.AccessServiceStub(channel)

    async def limit(*limits: CallLimit) -> None:
        request = UpdateTenantRequest(
            tenant=Tenant(tenant_id=TENANT, limits=limits), update_mask=FieldMask(paths=["limits"])
        )
        operator = mock[0].metadata(mock[0].operator_key)
        assert list((await stub.UpdateTenant(request, metadata=operator)).tenant.limits) == list(limits)

    yield limit
    await limit()


def told(status: Status) -> tuple[Sequence[str], float]:
    """Whom a refusal names, and when to come back (s)."""
    failure, retry = QuotaFailure(), RetryInfo()
    assert [detail for detail in status.details if detail.Unpack(failure)]
    assert [detail for detail in status.details if detail.Unpack(retry)]
    return [violation.subject for violation in failure.violations], retry.retry_delay.ToTimedelta().total_seconds()


async def test_requests_of_a_user(mock: Mock, channel: grpc.aio.Channel, access: Any) -> None:
    running = mock[0]
    await access(CallLimit(scope=LimitScope.LIMIT_SCOPE_USER, requests_per_minute=2))

    def call(user: str) -> Any:
        request = ask(running.model, context=CallContext(agent_id="tests", user_id=user))
        return llm(channel).Complete(request, metadata=running.metadata(), timeout=5)

    for user in ("ann", "ann", "bob"):
        await call(user)
    code, info, status = await refusal(call("ann"))
    assert (code, info.reason, info.metadata["limited"]) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "RATE_LIMITED",
        "requests",
    )
    subjects, wait = told(status)
    assert subjects == ["user/ann"] and 20 < wait <= 30


async def test_tokens_of_a_model_are_those_really_used(mock: Mock, channel: grpc.aio.Channel, access: Any) -> None:
    running = mock[0]
    await access(CallLimit(scope=LimitScope.LIMIT_SCOPE_MODEL, subject=running.model, tokens_per_minute=600))
    # Each is expected to use over 500 tokens and uses 14: the fifth would not fit otherwise.
    for _ in range(5):
        await llm(channel).Complete(ask(running.model, max_tokens=500), metadata=running.metadata(), timeout=5)
    mock[1].stall = 30.0
    seen = len(mock[1].requests)
    first = llm(channel).Complete(ask(running.model, max_tokens=500), metadata=running.metadata(), timeout=60)
    waiting = asyncio.ensure_future(first)
    while len(mock[1].requests) == seen:
        await asyncio.sleep(0.01)
    mock[1].stall = 0.0
    request = ask(running.model, max_tokens=500)
    _, info, status = await refusal(llm(channel).Complete(request, metadata=running.metadata(), timeout=5))
    first.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (info.reason, info.metadata["limited"]) == ("RATE_LIMITED", "tokens")
    assert told(status)[0] == [f"model/{running.model}"]


async def test_calls_of_a_key_in_flight(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, upstream = mock
    made = await access_pb2_grpc.AccessServiceStub(channel).CreateApiKey(
        CreateApiKeyRequest(roles=["agent"], max_concurrent=1, tokens_per_minute=10**6), metadata=running.metadata()
    )
    assert (made.key.max_concurrent, made.key.tokens_per_minute) == (1, 10**6)
    metadata = running.metadata(made.secret)
    upstream.stall = 30.0
    seen = len(upstream.requests)
    first = llm(channel).Complete(ask(f"vllm/{MODEL}"), metadata=metadata, timeout=60)
    waiting = asyncio.ensure_future(first)
    while len(upstream.requests) == seen:
        await asyncio.sleep(0.01)
    _, info, status = await refusal(llm(channel).Complete(ask(running.model), metadata=metadata, timeout=5))
    assert (info.reason, info.metadata["limited"]) == ("RATE_LIMITED", "concurrency")
    assert told(status) == ([f"key/{made.key.key_id}"], 1.0)
    upstream.stall = 0.0
    first.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5):
        while True:  # The cancelled call gives its place back.
            try:
                await llm(channel).Complete(ask(running.model), metadata=metadata, timeout=5)
                break
            except grpc.aio.AioRpcError as error:
                assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
                await asyncio.sleep(0.02)
