"""Bursts that leave a provider that failed, and quotas that providers told."""

from __future__ import annotations

import asyncio

import pytest
from google.protobuf.duration_pb2 import Duration
from trunkline.v1.common_pb2 import AttemptOutcome, ProviderQuota
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse
from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.opening import BreakerKey
from unit.domain_parts import TENANT, Hang, World, answer, broken, used
from virtual_time import virtual_time

REQUEST = CompleteRequest(prompt="Say hello.", max_tokens=100)
GOOD = answer("Hello", usage=used())
SKIPPED = AttemptOutcome.ATTEMPT_OUTCOME_SKIPPED


class Fails(Hang):
    """Fails after a while."""


async def burst(world: World, calls: int) -> list[CompleteResponse | BaseException]:
    """So many calls at once; a hanging provider takes 0.2 s, and then answers unless it fails."""
    world.providers.hung = GOOD

    async def late(step: object) -> None:
        await asyncio.sleep(0.2)
        if isinstance(step, Fails):
            raise broken(retry=False)

    world.providers._play = late  # type: ignore[method-assign,assignment]
    made = (world.completions.complete(world.call(), REQUEST) for _ in range(calls))
    return list(await asyncio.gather(*made, return_exceptions=True))


def asked(world: World, provider: str) -> int:
    return sum(target.provider == provider for target in world.providers.calls)


def test_an_outage_of_all_is_not_multiplied() -> None:
    world = World({"alpha": [Fails()], "beta": [Fails()]})
    found = virtual_time(burst(world, 200))
    assert all(isinstance(one, TrunklineError) for one in found)
    # The reserve of the retry budget goes to find out; the others learn of it.
    assert (asked(world, "alpha"), asked(world, "beta")) == (200, 10)


def test_one_that_answers_serves_the_whole_burst() -> None:
    world = World({"alpha": [Fails()], "beta": [Hang()]})
    found = virtual_time(burst(world, 200))
    assert all(isinstance(one, CompleteResponse) for one in found)
    assert asked(world, "beta") == 200


def test_when_those_that_went_before_leave_another_one_goes() -> None:
    async def scene() -> int:
        world = World({"alpha": [broken(retry=False)], "beta": [Hang()]})
        world.resilience.retries.tokens = 1.0
        calls = [world.call(), world.call()]
        first = asyncio.create_task(world.completions.complete(calls[0], REQUEST))
        await world.providers.waiting.wait()
        second = asyncio.create_task(world.completions.complete(calls[1], REQUEST))
        await asyncio.sleep(1)
        assert asked(world, "beta") == 1
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        # As the budget interceptor does for a call that was cancelled.
        await close(calls[0])
        await asyncio.sleep(1)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        return asked(world, "beta")

    assert virtual_time(scene()) == 2


async def close(call: Call) -> None:
    assert call.tab is not None
    await call.tab.close(1, "CALLER_CANCELLED")


def exhausted(seconds: int) -> list[ProviderQuota]:
    return [ProviderQuota(unit="requests", limit=10, remaining=0, resets_after=Duration(seconds=10 * seconds))]


def told(world: World, seconds: int) -> None:
    """Alpha has told that a call comes back every `seconds`."""
    loop = asyncio.get_running_loop()
    standing = world.resilience.standing(BreakerKey(TENANT, "alpha-main", "m"))
    standing.quotas.learn(exhausted(seconds), loop.time())


@pytest.mark.parametrize(("seconds", "provider"), [(5, "beta"), (0, "alpha")])
def test_another_candidate_is_called_while_a_quota_is_used_up(seconds: int, provider: str) -> None:
    async def scene() -> CompleteResponse:
        world = World({"alpha": [GOOD], "beta": [GOOD]})
        if seconds:
            told(world, seconds)
        return await world.completions.complete(world.call(), REQUEST)

    found = virtual_time(scene())
    assert found.provider == provider
    if seconds:
        assert found.attempts[0].outcome == SKIPPED


def test_the_only_candidate_is_waited_for_as_its_quota_comes_back() -> None:
    async def scene() -> tuple[CompleteResponse, float]:
        world = World({"alpha": [GOOD]})
        told(world, 5)
        before = asyncio.get_running_loop().time()
        found = await world.completions.complete(world.call(30), REQUEST)
        return found, asyncio.get_running_loop().time() - before

    found, took = virtual_time(scene())
    assert took == pytest.approx(5.0, abs=0.01)
    assert found.attempts[0].waited.ToMilliseconds() == pytest.approx(5000, abs=10)


def test_a_quota_that_comes_back_too_late_refuses_with_the_time() -> None:
    async def scene() -> TrunklineError:
        world = World({"alpha": [GOOD]})
        told(world, 50)
        with pytest.raises(TrunklineError) as caught:
            await world.completions.complete(world.call(30), REQUEST)
        assert not world.providers.calls
        return caught.value

    error = virtual_time(scene())
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED
    assert error.retry_after == pytest.approx(50.0, abs=0.1)
