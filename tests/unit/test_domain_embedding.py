"""Vectors: route, admit, attempt, settle."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping, Sequence

import pytest
from trunkline.v1.caching_pb2 import CacheMode
from trunkline.v1.common_pb2 import AttemptOutcome, Usage, UsageSource
from trunkline.v1.llm_pb2 import EmbeddingEncoding, EmbedRequest
from trunkline_server.domain import attempts as attempts_module
from trunkline_server.domain.embedding import embeddings
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.money import to_nano
from trunkline_server.domain.ports import Vectors
from unit.domain_parts import Hang, World, broken, tenant_budget

PACKED = [struct.pack("<3f", 0.5, -1.0, 2.0), struct.pack("<3f", 0.0, 1.5, 3.0)]
GOOD = Vectors(PACKED, Usage(input_tokens=10, source=UsageSource.USAGE_SOURCE_PROVIDER), "m-1")
FAILED = AttemptOutcome.ATTEMPT_OUTCOME_FAILED
SUCCEEDED = AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED


def request(**more: object) -> EmbedRequest:
    return EmbedRequest(**({"model": "alpha/m", "inputs": ["one", "two"]} | more))  # type: ignore[arg-type]


def anywhere(**more: object) -> EmbedRequest:
    """A request that leaves the choice of the model to the router."""
    return request(model="", model_requirements={"capabilities": ["embeddings"]}, **more)


def world(script: Mapping[str, Sequence[object]], *, able: Sequence[str] = (), **more: object) -> World:
    """A world whose models make vectors: those of `able`, or all."""
    made = World(script, **more)  # type: ignore[arg-type]
    for name in script:
        known = made.router._catalogue.find(name, "m")
        if known is not None and (not able or name in able):
            known.capabilities[:] = ["embeddings"]
    return made


async def failure(made: World, asked: EmbedRequest, seconds: float = 30.0) -> TrunklineError:
    call = made.call(seconds)
    with pytest.raises(TrunklineError) as caught:
        await made.embeddings.embed(call, asked)
    assert call.tab is not None
    await call.tab.close(caught.value.code, caught.value.reason_name)
    assert await made.settlements.drain(5) == 0
    assert made.admission.held == {}
    return caught.value


async def test_an_answer_tells_what_it_cost_and_how_it_came() -> None:
    made = world({"alpha": [GOOD]}, budgets=[tenant_budget(10**12)])
    call = made.call()
    call.method = "trunkline.v1.LLMService/Embed"
    found = await made.embeddings.embed(call, request())
    assert [(one.index, list(one.values)) for one in found.embeddings] == [(0, [0.5, -1.0, 2.0]), (1, [0.0, 1.5, 3.0])]
    assert (found.dimensions, found.model_used, found.provider) == (3, "m-1", "alpha")
    # 10 input tokens at 1 USD per million.
    assert found.cost_details.nano_usd == to_nano(found.cost) == 10_000
    assert (found.usage.input_tokens, found.usage.HasField("output_tokens")) == (10, False)
    assert (found.request_id, found.trace_id) == ("r-1", call.trace_id)
    assert [(one.number, one.outcome, one.cost_nano_usd) for one in found.attempts] == [(1, SUCCEEDED, 10_000)]
    assert found.HasField("latency")
    assert await made.settlements.drain(5) == 0
    (record,) = made.admission.records
    assert record is not None
    assert (record.method, record.provider, record.cost_details.nano_usd) == (call.method, "alpha", 10_000)
    assert (made.admission.spent, made.admission.held) == (10_000, {})


async def test_packed_vectors_are_the_bytes_themselves() -> None:
    made = world({"alpha": [GOOD]})
    found = await made.embeddings.embed(made.call(), request(encoding=EmbeddingEncoding.EMBEDDING_ENCODING_PACKED))
    assert [(one.index, one.packed) for one in found.embeddings] == list(enumerate(PACKED))
    assert all(not one.values for one in found.embeddings)


@pytest.mark.parametrize("length", [1, 31, 32, 4095, 4096, 40_000])
def test_values_are_the_floats_of_the_bytes(length: int) -> None:
    numbers = [float(at % 97) / 8 for at in range(length)]
    (found,) = embeddings([struct.pack(f"<{length}f", *numbers)], EmbeddingEncoding.EMBEDDING_ENCODING_FLOAT)
    assert list(found.values) == numbers
    assert found.packed == b""


async def test_a_model_without_a_price_for_output_has_a_price() -> None:
    made = world({"alpha": [GOOD]}, prices={"alpha/m": (10**9, 0)})
    known = made.router._catalogue.find("alpha", "m")
    assert known is not None
    del known.prices[1:]
    found = await made.embeddings.embed(made.call(), request())
    assert (found.cost_details.nano_usd, found.cost_details.price_unknown) == (10_000, False)


async def test_usage_that_is_not_told_is_estimated() -> None:
    made = world({"alpha": [Vectors(PACKED, Usage())]})
    found = await made.embeddings.embed(made.call(), request(inputs=["one two", "three"]))
    assert (found.usage.input_tokens, found.usage.source) == (3, UsageSource.USAGE_SOURCE_ESTIMATED)
    assert found.cost_details.estimated


async def test_another_provider_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts_module, "delay", lambda pause, failures, told: 0.0)
    part = broken(usage=Usage(input_tokens=4))
    made = world({"alpha": [part], "beta": [GOOD]})
    found = await made.embeddings.embed(made.call(), anywhere())
    assert [(one.provider, one.outcome) for one in found.attempts] == [("alpha", FAILED), ("beta", SUCCEEDED)]
    # 4 tokens of the failed attempt at 1 USD, and 10 at 2 USD per million.
    assert [one.cost_nano_usd for one in found.attempts] == [4_000, 20_000]
    assert await made.settlements.drain(5) == 0
    assert found.cost_details.nano_usd == made.admission.spent == 24_000


async def test_one_provider_is_tried_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts_module, "delay", lambda pause, failures, told: 0.0)
    made = world({"alpha": [broken()]})
    error = await failure(made, request())
    assert (error.reason, error.metadata["attempts"]) == (Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, "3")
    assert len(made.providers.calls) == 3


async def test_requirements_choose_among_embedding_models_only() -> None:
    made = world({"alpha": [GOOD], "beta": [GOOD]}, able=["beta"])
    found = await made.embeddings.embed(made.call(), anywhere())
    assert found.provider == "beta"
    # A named model is the caller's choice.
    assert (await made.embeddings.embed(made.call(), request())).provider == "alpha"


async def test_an_option_that_cannot_be_honoured_is_refused_by_name() -> None:
    made = world({"beta": [GOOD]})
    error = await failure(made, request(model="beta/m", dimensions=2))
    assert error.reason == Reason.ERROR_REASON_UNSUPPORTED_PARAMETER
    assert error.metadata["beta/m"] == "parameter: dimensions: beta does not shorten vectors"
    assert made.providers.calls == []


async def test_cache_modes_are_refused() -> None:
    made = world({"alpha": [GOOD]})
    error = await failure(made, request(cache={"mode": CacheMode.CACHE_MODE_EXACT}))
    assert (error.reason, error.metadata["field"]) == (Reason.ERROR_REASON_UNSUPPORTED_PARAMETER, "cache.mode")
    await made.embeddings.embed(made.call(), request(cache={"mode": CacheMode.CACHE_MODE_OFF}))


async def test_the_hold_bounds_the_cost_and_a_budget_refuses_it() -> None:
    text = "x" * 1000
    made = world({"alpha": [GOOD]}, budgets=[tenant_budget(10**12)])
    await made.embeddings.embed(made.call(), request(inputs=[text]))
    # No text has more tokens than bytes; a token costs 1,000 nano-USD, and no output is held.
    assert 1_000_000 <= made.admission.asks[0].amount < 1_200_000
    poor = world({"alpha": [GOOD]}, budgets=[tenant_budget(900_000)], limit=900_000)
    error = await failure(poor, request(inputs=[text]))
    assert error.reason == Reason.ERROR_REASON_BUDGET_EXCEEDED
    assert poor.providers.calls == []


async def test_only_the_longest_text_must_fit_the_context_window() -> None:
    made = world({"alpha": [GOOD]})
    known = made.router._catalogue.find("alpha", "m")
    assert known is not None
    known.context_window = 100
    # What may just fit is sent: plain English runs at up to six bytes a token.
    await made.embeddings.embed(made.call(), request(inputs=["x" * 600] * 100))
    error = await failure(made, request(inputs=["short", "x" * 3000]))
    assert error.metadata["alpha/m"].startswith("context_window")


async def test_a_call_that_is_cancelled_is_charged() -> None:
    made = world({"alpha": [Hang()]})
    call = made.call()
    task = asyncio.create_task(made.embeddings.embed(call, request(inputs=["one two three"])))
    await made.providers.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert call.tab is not None
    await call.tab.close(1, "CALLER_CANCELLED")
    assert (made.admission.spent, made.admission.held) == (3_000, {})
