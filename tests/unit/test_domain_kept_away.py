"""Calls that find a breaker open: who waits, who goes elsewhere, and what they are told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_server.domain.breaker import Breaker, BreakerRule
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from unit.domain_parts import TENANT, Hang, World, answer, broken, used

GOOD = answer(usage=used())
Turn = Callable[[float], None]


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Turn:
    """Turns the clock on."""
    clock, turned = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock() + sum(turned))
    return turned.append


def request() -> CompleteRequest:
    return CompleteRequest(prompt="Say hello.", max_tokens=100)


def the_breaker(world: World, provider: str = "alpha") -> Breaker:
    return world.resilience.breaker(TENANT, f"{provider}-main", "m", BreakerRule())


def fail(world: World, times: int) -> None:
    for _ in range(times):
        the_breaker(world).failed(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, time.monotonic())


async def failure(world: World, asked: CompleteRequest) -> TrunklineError:
    with pytest.raises(TrunklineError) as caught:
        await world.completions.complete(world.call(), asked)
    return caught.value


async def test_a_rate_limited_model_is_left_alone_for_as_long_as_it_told(turn: Turn) -> None:
    limited = broken("UPSTREAM_RATE_LIMITED", http_status=429, retry_after=20.0)
    world = World({"alpha": [limited, GOOD], "beta": [GOOD]})
    for _ in range(6):
        assert (await world.completions.complete(world.call(), request())).provider == "beta"
    assert [target.provider for target in world.providers.calls].count("alpha") == 1
    turn(20.0)
    assert (await world.completions.complete(world.call(), request())).provider == "alpha"
    assert the_breaker(world).enter()


async def test_no_provider_tells_when_the_first_takes_calls_again() -> None:
    world = World({"alpha": [GOOD], "beta": [GOOD]})
    fail(world, 5)
    the_breaker(world, "beta").busy(12.0, time.monotonic())
    error = await failure(world, request())
    assert error.reason == Reason.ERROR_REASON_NO_PROVIDER_AVAILABLE
    assert error.retry_after is not None and 11.0 < error.retry_after <= 12.0
    assert error.metadata["beta/m"].startswith("rate_limited: asked to be left alone with UPSTREAM_RATE_LIMITED")


async def test_calls_without_another_candidate_wait_for_the_probe(turn: Turn) -> None:
    world = World({"alpha": [GOOD]})
    fail(world, 5)
    turn(30.0)
    assert await the_breaker(world).claim(Deadline.after(9.0))
    probe = time.monotonic()
    calls = [asyncio.create_task(world.completions.complete(world.call(), request())) for _ in range(20)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert not world.providers.calls
    the_breaker(world).succeeded(probe)
    assert all(one.completion for one in await asyncio.gather(*calls))


async def test_calls_that_waited_in_vain_are_told_when_to_come_again(turn: Turn) -> None:
    world = World({"alpha": [GOOD]})
    fail(world, 5)
    turn(30.0)
    assert await the_breaker(world).claim(Deadline.after(9.0))
    probe = time.monotonic()
    waiting = asyncio.create_task(failure(world, request()))
    for _ in range(20):
        await asyncio.sleep(0)
    the_breaker(world).failed(Reason.ERROR_REASON_UPSTREAM_TIMEOUT, probe)
    error = await waiting
    assert error.reason == Reason.ERROR_REASON_NO_PROVIDER_AVAILABLE
    assert error.retry_after is not None and 29.0 < error.retry_after <= 30.0
    assert "UPSTREAM_TIMEOUT" in error.metadata["alpha/m"]


@pytest.mark.parametrize(("is_probe", "free"), [(True, True), (False, False)])
async def test_a_cancelled_call_frees_only_its_own_probe(turn: Turn, is_probe: bool, free: bool) -> None:
    world = World({"alpha": [Hang()]})
    breaker = the_breaker(world)

    def open_for_a_probe() -> None:
        fail(world, 5)
        turn(30.0)

    if is_probe:
        open_for_a_probe()
    call = world.call(3600.0)
    task = asyncio.create_task(world.completions.complete(call, request()))
    await world.providers.waiting.wait()
    if not is_probe:
        open_for_a_probe()
        assert await breaker.claim(call.deadline)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert call.tab is not None
    await call.tab.close(1, "CALLER_CANCELLED")
    assert await breaker.claim(call.deadline) is free
