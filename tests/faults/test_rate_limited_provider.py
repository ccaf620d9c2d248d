"""FAULTS row 7: a provider answers 429 with Retry-After to everything, and another one can serve."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import grpc
from e2e.calls import ask, llm
from faults.report import report
from faults.scale import pick
from harness import Stack, provider, stack
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.llm_pb2 import ExplainRouteRequest
from upstream import MODEL, upstream

SECONDS = pick(6.0, 30.0)
CALLERS = 16
RETRY_AFTER = 2


def spare(url: str) -> Integration:
    """The dearer one: the router takes it only where the other is out of reach."""
    found = provider("spare", url, [MODEL])
    for price in found.configuration.llm_provider.price_overrides:
        price.input_nano_usd_per_million *= 2
        price.output_nano_usd_per_million *= 2
    return found


async def opened_after(running: Stack, begin: float) -> float:
    """Seconds until every worker that is asked keeps calls away from the limited provider."""
    in_a_row, first = 0, begin
    async with asyncio.timeout(20):
        while in_a_row < 8:
            options = [("grpc.use_local_subchannel_pool", 1)]
            async with grpc.aio.insecure_channel(running.target, options=options) as channel:
                request = ExplainRouteRequest(request=ask(running.model))
                found = await llm(channel).ExplainRoute(request, metadata=running.metadata(), timeout=5)
            rule = next(one.rejected_by for one in found.candidates if one.integration_id == "limited")
            if not in_a_row:
                first = time.monotonic()
            in_a_row = in_a_row + 1 if rule == "rate_limited" else 0
    return first - begin


async def test_a_rate_limited_provider_is_left_alone(tmp_path: Path) -> None:
    async with (
        upstream(status=429, failed_head={"retry-after": str(RETRY_AFTER)}) as limited,
        upstream(chunks=2) as other,
        stack(
            tmp_path,
            [provider("limited", limited.url, [MODEL]), spare(other.url)],
            model=f"vllm/{MODEL}",
            workers=2,
        ) as running,
    ):
        outcomes: Counter[str] = Counter()
        begin = time.monotonic()

        async def caller() -> None:
            options = [("grpc.use_local_subchannel_pool", 1)]
            async with grpc.aio.insecure_channel(running.target, options=options) as channel:
                while time.monotonic() < begin + SECONDS:
                    try:
                        answer = await llm(channel).Complete(
                            ask(running.model), metadata=running.metadata(), timeout=10
                        )
                        outcomes[answer.attempts[-1].integration_id] += 1
                    except grpc.aio.AioRpcError as error:
                        outcomes[f"{error.code().name}: {error.details()}"] += 1

        callers = [asyncio.create_task(caller()) for _ in range(CALLERS)]
        opened = await opened_after(running, begin)
        await asyncio.gather(*callers)

    demand, calls = outcomes.total(), len(limited.requests) + len(other.requests)
    served = outcomes["spare"] / demand
    report(7, f"upstream calls for each of {demand} calls in {SECONDS:.0f} s", calls / demand, "≤ 1.2")
    report(7, "breaker open after, s", opened, "≤ 5")
    report(7, "served by the fallback, %", 100 * served, "≥ 99")
    assert demand > 100
    assert calls <= 1.2 * demand
    assert opened <= 5.0
    assert served >= 0.99, outcomes
    # It is asked again when its time has passed: not never.
    assert len(limited.requests) >= SECONDS / RETRY_AFTER / 2
