"""FAULTS 20: one idempotency key, 200 calls: one execution, identical answers, a changed body always refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, status_of
from faults.crowd import FULL, Crowd, crowd, until
from faults.report import report
from google.rpc.error_details_pb2 import ErrorInfo

pytestmark = pytest.mark.asyncio(loop_scope="module")
CALLS, CHANGED = 200, 50
ROUNDS = 20 if FULL else 2


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    async with crowd(tmp_path_factory.mktemp("idempotency")) as opened:
        yield opened


async def refusals(calls: list[Any]) -> int:
    """How many of the calls are refused for their changed body; any other end fails."""
    for found in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(found, grpc.aio.AioRpcError), found
        info = ErrorInfo()
        assert status_of(found).details[0].Unpack(info)
        assert (found.code(), info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")
    return len(calls)


def as_bytes(answer: Any) -> tuple[bytes, ...]:
    """An answer, or the events of one."""
    parts = answer if isinstance(answer, list) else [answer]
    return tuple(part.SerializeToString(deterministic=True) for part in parts)


@pytest.mark.parametrize("form", ["whole", "streamed"])
@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_one_key(both: Crowd, form: str, round_: int) -> None:
    both.expect(stall=1.0, chunks=10, pace=0.02)
    call = both.whole if form == "whole" else both.streamed
    key = f"{form}-{round_}"
    request, changed = (ask(both.model, prompt=prompt, request_id=key) for prompt in ("mine", "another"))

    def bodies() -> list[Any]:
        return [call(number, changed) for number in range(CHANGED)]

    calls = [asyncio.create_task(call(round_, request))]
    await until(lambda: both.state.open == 1)
    # Before the others come, among them, and after the end.
    refused = await refusals(bodies())
    calls += [asyncio.create_task(call(number, request)) for number in range(1, CALLS)]
    refused += await refusals(bodies())
    answers = await asyncio.gather(*calls)
    refused += await refusals(bodies())
    answers += [await call(number, request) for number in range(4)]
    different = len({as_bytes(answer) for answer in answers})
    if round_ == 0:
        report(20, f"executions of one key x {CALLS}, {form}", len(both.state.requests), "1")
        report(20, "different answers to it", different, "1")
        report(20, f"changed bodies refused, of {3 * CHANGED}", refused, str(3 * CHANGED))
    assert (len(both.state.requests), different) == (1, 1)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_all_at_once_with_changed_bodies_among_them(both: Crowd, round_: int) -> None:
    """Whichever body comes first has the key; the other one is refused, always."""
    both.expect(stall=1.0)
    bodies = [ask(both.model, prompt=prompt, request_id=f"race-{round_}") for prompt in ("one", "other")]
    found = await asyncio.gather(
        *(both.whole(number, bodies[number // 2 % 2]) for number in range(CALLS)), return_exceptions=True
    )
    sides = [[found[number] for number in range(CALLS) if number // 2 % 2 == side] for side in (0, 1)]
    won, lost = sorted(sides, key=lambda side: isinstance(side[0], BaseException))
    assert len({as_bytes(answer) for answer in won}) == 1

    async def failed(error: BaseException) -> None:
        raise error

    await refusals([failed(error) for error in lost])
    if round_ == 0:
        report(20, "executions where two bodies race for a key", len(both.state.requests), "1")
    assert len(both.state.requests) == 1
