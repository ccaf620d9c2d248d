"""Completions through a whole server: what they hold, how they end, and what is recorded of them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc
import pytest
from e2e.calls import ask, fields_of, llm, read, refusal, status_of, stream
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from harness import INPUT_PRICE, OUTPUT_PRICE, Stack, holds
from integration.redis_parts import until
from trunkline.v1.common_pb2 import CallContext, UsageSource
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.llm_pb2 import CountTokensRequest, ExplainRouteRequest, GetModelRequest, ListModelsRequest
from trunkline_server.domain.fold import fold
from trunkline_server.transport.methods import full_names
from upstream import Upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")
Mock = tuple[Stack, Upstream]
CANCELLED = 1


@pytest.fixture(autouse=True)
def _calm(mock: Mock) -> None:
    state = mock[1]
    state.chunks, state.pace, state.status, state.stall, state.cut_after = 5, 0.0, 200, 0.0, None
    state.requests.clear()
    state.closed_at.clear()


async def test_whole_answer_is_complete_and_recorded(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    answer = await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=10)
    assert answer.completion == "word " * 5
    assert (answer.provider, answer.model_used) == ("vllm", "mock-1")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (9, 5)
    cost = (9 * INPUT_PRICE + 5 * OUTPUT_PRICE) // 1_000_000
    assert answer.cost_details.nano_usd == cost == answer.cost.nanos
    assert len(answer.trace_id) == 32
    assert answer.budget[0].budget_id == "monthly"
    record = await running.recorded(answer.request_id)
    assert record is not None
    assert (record.cost_details.nano_usd, record.status_code) == (cost, 0)
    assert record.context.agent_id == "tests"
    assert b"Say something." not in record.SerializeToString()
    assert "Say something." not in running.logs()


async def test_folded_stream_equals_the_whole_answer(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    events, error = await read(stream(channel, ask(running.model), metadata=running.metadata(), timeout=10))
    assert error is None
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert events[0].WhichOneof("event") == "started"
    assert events[-1].WhichOneof("event") == "finished"
    folded = fold(events)
    assert folded.completion == "word0 word1 word2 word3 word4 "
    whole = await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=10)
    for name in ("usage", "finish", "cost", "cost_details", "provider", "model_used"):
        assert getattr(folded, name) == getattr(whole, name), name


async def test_cancelled_stream_closes_the_upstream_and_is_charged(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    state.chunks, state.pace = 200, 0.02
    request = ask(running.model, request_id="cancel-me")
    call = stream(channel, request, metadata=running.metadata(), timeout=20)
    seen = 0
    async for _ in call:
        seen += 1
        if seen == 6:
            call.cancel()
            break
    cancelled = time.monotonic()
    while not state.closed_at and time.monotonic() < cancelled + 5:
        await asyncio.sleep(0.005)
    print(f"upstream closed {1000 * (state.closed_at[0] - cancelled):.1f} ms after the cancel")
    assert state.open == 0
    record = await running.recorded("cancel-me")
    assert record is not None
    assert record.status_code == CANCELLED
    assert record.usage.output_tokens > 0
    assert record.usage.source == UsageSource.USAGE_SOURCE_ESTIMATED
    assert record.cost_details.nano_usd > 0

    async def none_held() -> bool:
        return await holds(running) == 0

    # Settlements travel beside the answers.
    await until(none_held)


async def test_deadline_ends_a_slow_upstream(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    state.stall = 30
    call = llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=0.3)
    code, info, _ = await refusal(call)
    assert (code, info.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "CALLER_DEADLINE")
    await asyncio.sleep(0.2)
    assert state.open == 0

    async def none_held() -> bool:
        return await holds(running) == 0

    # Settlements travel beside the answers.
    await until(none_held)


async def test_cut_stream_is_never_silent(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    state.chunks, state.cut_after = 10, 3
    events, error = await read(stream(channel, ask(running.model), metadata=running.metadata(), timeout=10))
    assert error is not None
    assert error.code() == grpc.StatusCode.UNAVAILABLE
    info = ErrorInfo()
    assert status_of(error).details[0].Unpack(info)
    assert info.reason == "STREAM_TRUNCATED"
    assert events[-1].WhichOneof("event") == "usage"
    assert events[-1].usage.output_tokens > 0


@pytest.mark.parametrize(
    ("change", "code", "reason", "fields"),
    [
        ({"prompt": ""}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", {"prompt"}),
        ({"max_tokens": -1}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", {"max_tokens"}),
        (
            {"model": "", "model_requirements": {"capabilities": ["telepathy"]}},
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_MODEL_REQUIREMENTS",
            {"model_requirements.capabilities"},
        ),
        (
            {"context": {"agent_id": "a", "tenant_id": "other"}},
            grpc.StatusCode.PERMISSION_DENIED,
            "TENANT_MISMATCH",
            set(),
        ),
        (
            {"cache": {"mode": 3}},
            grpc.StatusCode.INVALID_ARGUMENT,
            "UNSUPPORTED_PARAMETER",
            {"cache.mode"},
        ),
        ({"model": "nobody/knows"}, grpc.StatusCode.NOT_FOUND, "NOT_FOUND", set()),
        ({"prompt": "x" * 5_000_000}, grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", set()),
    ],
)
async def test_bad_input_is_refused_with_details(
    mock: Mock,
    channel: grpc.aio.Channel,
    change: dict[str, object],
    code: grpc.StatusCode,
    reason: str,
    fields: set[str],
) -> None:
    running, state = mock
    request = CompleteRequest(
        **{"model": running.model, "prompt": "x", "context": {"agent_id": "a"}} | change  # type: ignore[arg-type]
    )
    found, info, status = await refusal(llm(channel).Complete(request, metadata=running.metadata(), timeout=10))
    assert (found, info.reason, info.domain) == (code, reason, "trunkline.dev")
    assert fields <= fields_of(status)
    assert "Traceback" not in str(status)
    assert not state.requests


async def test_bad_bytes_are_refused(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, _ = mock
    raw: Any = channel.unary_unary("/trunkline.v1.LLMService/Complete")
    code, info, _ = await refusal(raw(b"\xff\xff\xff", metadata=running.metadata(), timeout=5))
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


@pytest.mark.parametrize("key", ["", "tl_aaaaaaaaaaaaaaaa_wrong"])
async def test_bad_keys_are_refused(mock: Mock, channel: grpc.aio.Channel, key: str) -> None:
    running, _ = mock
    metadata = running.metadata(key) if key else ()
    code, info, _ = await refusal(llm(channel).Complete(ask(running.model), metadata=metadata, timeout=5))
    assert code == grpc.StatusCode.UNAUTHENTICATED
    assert info.reason == ("CREDENTIAL_INVALID" if key else "CREDENTIAL_MISSING")


async def test_failing_provider_is_retried_and_named(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    state.status = 500
    code, info, _ = await refusal(llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=10))
    assert (code, info.reason) == (grpc.StatusCode.UNAVAILABLE, "UPSTREAM_UNAVAILABLE")
    assert len(state.requests) == 3
    assert info.metadata["attempts"] == "3"

    async def none_held() -> bool:
        return await holds(running) == 0

    # Settlements travel beside the answers.
    await until(none_held)


async def test_one_request_id_is_executed_once(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    request = ask(running.model, request_id="only-once")
    first = await llm(channel).Complete(request, metadata=running.metadata(), timeout=5)
    again = await llm(channel).Complete(request, metadata=running.metadata(), timeout=5)
    assert first == again
    assert len(state.requests) == 1
    request.max_tokens = 17
    code, info, _ = await refusal(llm(channel).Complete(request, metadata=running.metadata(), timeout=5))
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")


async def test_models_routes_and_counts(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, _ = mock
    stub, metadata = llm(channel), running.metadata()
    listed = await stub.ListModels(ListModelsRequest(reachable_only=True), metadata=metadata)
    assert [model.name for model in listed.models] == [running.model]
    everything = await stub.ListModels(ListModelsRequest(page_size=10), metadata=metadata)
    assert everything.total_size > 1600
    assert everything.models[0].integration_ids == ["mock"]
    rest = await stub.ListModels(
        ListModelsRequest(page_size=10, page_token=everything.next_page_token), metadata=metadata
    )
    assert rest.models[0].name != everything.models[0].name
    one = await stub.GetModel(GetModelRequest(name="openai/gpt-4o"), metadata=metadata)
    assert one.model.provider == "openai"
    assert one.model.prices
    counted = await stub.CountTokens(
        CountTokensRequest(request=CompleteRequest(model="openai/gpt-4o", prompt="hello world")), metadata=metadata
    )
    assert (counted.estimated, counted.method) == (True, "o200k_base")
    assert counted.input_tokens == 2 + 6
    request = ask("", model_requirements={"capabilities": ["vision"], "data_residency": "eu"})
    explained = await stub.ExplainRoute(ExplainRouteRequest(request=request), metadata=metadata)
    assert [candidate.rejected_by for candidate in explained.candidates] == ["capability"]
    assert not explained.HasField("selected")
    code, info, _ = await refusal(stub.Complete(request, metadata=metadata, timeout=5))
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_MODEL_REQUIREMENTS")
    assert info.metadata[running.model].startswith("capability")


async def test_health_names_every_service(mock: Mock, channel: grpc.aio.Channel) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    for name in ("", "liveness", "readiness", *full_names()):
        found = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=2)
        assert found.status == health_pb2.HealthCheckResponse.SERVING, name


async def test_unserved_methods_say_so(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, _ = mock
    for path in ("AnalyticsService/ListRecommendations", "CacheService/GetCacheStatus"):
        raw: Any = channel.unary_unary(f"/trunkline.v1.{path}")
        code, info, _ = await refusal(raw(b"", metadata=running.metadata(), timeout=5))
        assert (code, info.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")
        assert info.metadata["method"] == f"trunkline.v1.{path}"


async def test_budget_is_never_overspent(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    request = ask(running.model, max_tokens=1_000_000, context=CallContext(agent_id="tests"))
    # A million output tokens are held at 2 USD; the budget of 1,000 USD admits at most 499 of 600 at once.
    state.stall = 3.0
    calls = [llm(channel).Complete(request, metadata=running.metadata(), timeout=30) for _ in range(600)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    refused = [result for result in results if isinstance(result, grpc.aio.AioRpcError)]
    assert 600 - len(refused) <= 499
    reasons = set()
    for error in refused:
        info = ErrorInfo()
        assert status_of(error).details[0].Unpack(info)
        reasons.add(info.reason)
        assert dict(error.trailing_metadata() or ())["grpc-retry-pushback-ms"] == "-1"
    assert reasons == {"BUDGET_EXCEEDED"}

    async def none_held() -> bool:
        return await holds(running) == 0

    # Settlements travel beside the answers.
    await until(none_held)
