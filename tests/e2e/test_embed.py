"""Vectors and token counts through a whole server."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Any

import grpc
import orjson
import pytest
import pytest_asyncio
from e2e.calls import fields_of, llm, refusal
from harness import INPUT_PRICE, Stack, holds, provider
from trunkline.v1 import integration_pb2_grpc
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.integration_pb2 import CreateIntegrationRequest
from trunkline.v1.llm_pb2 import CountTokensRequest, EmbeddingEncoding, EmbedRequest
from upstream import COUNTED, MODEL, Upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")
Mock = tuple[Stack, Upstream]


def embed(model: str, *inputs: str, **fields: Any) -> EmbedRequest:
    """A small request."""
    return EmbedRequest(model=model, inputs=inputs, context=CallContext(agent_id="tests"), **fields)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counting(mock: Mock, channel: grpc.aio.Channel) -> AsyncIterator[str]:
    """A model of a provider that counts."""
    running, state = mock
    made = provider("counting", state.url, ["claude-test"], profile="anthropic")
    made.configuration.authentication.secret = "sk-test-upstream-secret"
    stub: Any = integration_pb2_grpc.IntegrationServiceStub(channel)
    await stub.CreateIntegration(
        CreateIntegrationRequest(integration_id="counting", type=made.type, configuration=made.configuration),
        metadata=running.metadata(),
    )
    yield "anthropic/claude-test"


@pytest.fixture(autouse=True)
def as_before(mock: Mock) -> None:
    """An upstream that works and has seen nothing."""
    state = mock[1]
    state.status, state.stall = 200, 0.0
    state.requests.clear()


async def test_vectors_come_in_order_and_are_paid_for(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    texts = ["x" * (at % 50 + 1) for at in range(600)]
    request = embed(running.model, *texts, request_id="embed-1")
    found = await llm(channel).Embed(request, metadata=running.metadata(), timeout=20)
    assert [(one.index, list(one.values)) for one in found.embeddings] == [
        (at, [len(text), 0.5, -1.0]) for at, text in enumerate(texts)
    ]
    assert (found.dimensions, found.model_used, found.provider) == (3, MODEL, "vllm")
    # The profile sends at most 256 texts at a time.
    assert sorted(len(orjson.loads(body)["input"]) for body in state.requests) == [88, 256, 256]
    assert found.usage.input_tokens == 600
    assert found.cost_details.nano_usd == 600 * INPUT_PRICE // 1_000_000
    assert (len(found.attempts), found.request_id, len(found.trace_id)) == (1, "embed-1", 32)
    recorded = await running.recorded("embed-1")
    assert recorded is not None
    assert recorded.method == "trunkline.v1.LLMService/Embed"
    assert recorded.cost_details.nano_usd == found.cost_details.nano_usd
    assert await holds(running) == 0
    # The same request again is answered from what was kept.
    again = await llm(channel).Embed(request, metadata=running.metadata(), timeout=20)
    assert (len(again.embeddings), len(state.requests)) == (600, 3)


async def test_packed_vectors_are_bytes(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, _ = mock
    request = embed(running.model, "abc", encoding=EmbeddingEncoding.EMBEDDING_ENCODING_PACKED, dimensions=2)
    found = await llm(channel).Embed(request, metadata=running.metadata(), timeout=20)
    assert (found.embeddings[0].packed, found.dimensions) == (struct.pack("<2f", 3, 0.5), 2)
    assert not found.embeddings[0].values


async def test_what_cannot_be_honoured_is_refused_by_name(mock: Mock, channel: grpc.aio.Channel, counting: str) -> None:
    running, state = mock
    stub, options = llm(channel), {"metadata": running.metadata(), "timeout": 20}
    code, info, status = await refusal(stub.Embed(embed(running.model, "a", purpose="query"), **options))
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UNSUPPORTED_PARAMETER")
    assert fields_of(status) == {"purpose"}
    assert info.metadata[running.model].startswith("parameter: purpose:")
    code, info, _ = await refusal(stub.Embed(embed(counting, "a"), **options))
    assert info.metadata[counting] == "parameter: model: Anthropic serves no embeddings"
    code, _, status = await refusal(stub.Embed(embed(running.model, "a", "", purpose="poetry"), **options))
    assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, {"inputs", "purpose"})
    assert state.requests == []


async def test_a_failure_is_tried_again_and_told(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    state.status = 503
    call = llm(channel).Embed(embed(running.model, "a"), metadata=running.metadata(), timeout=20)
    code, info, _ = await refusal(call)
    assert (code, info.reason) == (grpc.StatusCode.UNAVAILABLE, "UPSTREAM_UNAVAILABLE")
    assert (info.metadata["attempts"], len(state.requests)) == ("3", 3)
    assert await holds(running) == 0


async def test_a_caller_who_leaves_is_not_answered_and_holds_nothing(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    state.stall = 30.0
    call = llm(channel).Embed(embed(running.model, "a"), metadata=running.metadata(), timeout=60)
    while not state.open:
        await asyncio.sleep(0.01)
    call.cancel()
    async with asyncio.timeout(10):
        while state.open or await holds(running):
            await asyncio.sleep(0.01)


async def test_the_provider_counts_where_it_can(mock: Mock, channel: grpc.aio.Channel, counting: str) -> None:
    running, state = mock
    stub, options = llm(channel), {"metadata": running.metadata(), "timeout": 20}
    request = CountTokensRequest(request=CompleteRequest(model=counting, prompt="hello world"))
    found = await stub.CountTokens(request, **options)
    assert (found.input_tokens, found.estimated, found.method, found.model) == (COUNTED, False, "provider", counting)
    (asked,) = map(orjson.loads, state.requests)
    assert (asked["model"], asked["messages"][0]["role"]) == ("claude-test", "user")
    state.status = 500
    found = await stub.CountTokens(request, **options)
    assert (found.input_tokens, found.estimated, found.method, found.model) == (2 + 6, True, "o200k_base", counting)
    state.status, state.stall = 200, 30.0
    found = await stub.CountTokens(request, metadata=running.metadata(), timeout=2)
    assert found.estimated
    request.request.model = running.model
    assert (await stub.CountTokens(request, **options)).estimated
