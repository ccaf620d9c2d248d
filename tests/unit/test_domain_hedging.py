"""Hedging: a second request beside a slow one."""

from __future__ import annotations

import asyncio

import pytest
from google.protobuf.duration_pb2 import Duration
from trunkline.v1.common_pb2 import AttemptOutcome
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, RecoveryPolicy
from trunkline_server.domain.errors import Reason, TrunklineError
from unit.domain_parts import Hang, Outcome, World, answer, broken, tenant_budget, used
from virtual_time import virtual_time

SUCCEEDED, FAILED, CANCELLED = (
    AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED,
    AttemptOutcome.ATTEMPT_OUTCOME_FAILED,
    AttemptOutcome.ATTEMPT_OUTCOME_CANCELLED,
)
GOOD = answer("Hello", usage=used())


def request(**recovery: object) -> CompleteRequest:
    policy = RecoveryPolicy(hedge_after=Duration(nanos=50_000_000), **recovery)  # type: ignore[arg-type]
    return CompleteRequest(prompt="Say hello.", max_tokens=100, recovery=policy)


def hedge(world: World, seconds: float = 30.0, **recovery: object) -> CompleteResponse:
    return virtual_time(world.completions.complete(world.call(seconds), request(**recovery)))


def worlds(**script: list[Outcome]) -> World:
    return World(script, budgets=[tenant_budget(10**12)])


def test_a_quick_answer_is_the_only_call() -> None:
    world = worlds(alpha=[GOOD], beta=[GOOD])
    found = hedge(world)
    assert [one.outcome for one in found.attempts] == [SUCCEEDED]
    assert len(world.providers.calls) == 1


def test_the_second_answers_for_a_slow_first_which_is_cancelled_and_charged() -> None:
    world = worlds(alpha=[Hang()], beta=[GOOD])
    found = hedge(world)
    assert found.provider == "beta"
    assert [(one.provider, one.outcome, one.hedge) for one in found.attempts] == [
        ("alpha", CANCELLED, False),
        ("beta", SUCCEEDED, True),
    ]
    # What a cancelled attempt used is unknown, so all that was asked for is charged.
    assert found.attempts[0].usage.output_tokens == 100
    assert found.cost_details.nano_usd == sum(one.cost_nano_usd for one in found.attempts)
    assert world.admission.held == {}
    assert world.admission.spent == found.cost_details.nano_usd


def test_without_another_candidate_the_same_one_is_asked_twice() -> None:
    world = worlds(alpha=[Hang(), GOOD])
    found = hedge(world)
    assert [(one.provider, one.outcome) for one in found.attempts] == [("alpha", CANCELLED), ("alpha", SUCCEEDED)]


def slow(world: World, then: Outcome) -> CompleteResponse:
    """The answer of a call in a world where hanging lasts 0.2 s and ends in `then`."""

    async def scene() -> CompleteResponse:
        play = world.providers._play

        async def late(step: Outcome) -> None:
            if isinstance(step, Hang):
                await asyncio.sleep(0.2)
                step = then
            await play(step)

        world.providers._play = late  # type: ignore[method-assign]
        return await world.completions.complete(world.call(), request())

    return virtual_time(scene())


def test_when_both_fail_the_call_goes_on_to_a_third() -> None:
    found = slow(worlds(alpha=[Hang()], beta=[broken()], gamma=[GOOD]), broken())
    assert [(one.provider, one.outcome) for one in found.attempts] == [
        ("alpha", FAILED),
        ("beta", FAILED),
        ("gamma", SUCCEEDED),
    ]


def test_the_first_answers_when_the_second_fails() -> None:
    world = worlds(alpha=[Hang()], beta=[broken()])
    world.providers.hung = GOOD
    found = slow(world, GOOD)
    assert [(one.provider, one.outcome) for one in found.attempts] == [("alpha", SUCCEEDED), ("beta", FAILED)]


def test_the_hold_covers_both() -> None:
    dear = World({"alpha": [Hang()], "beta": [GOOD]}, budgets=[tenant_budget(10**12)], limit=10**12)
    hedge(dear)
    single = World({"alpha": [GOOD], "beta": [GOOD]}, budgets=[tenant_budget(10**12)])
    virtual_time(single.completions.complete(single.call(), CompleteRequest(prompt="Say hello.", max_tokens=100)))
    assert dear.admission.asks[0].amount > single.admission.asks[0].amount


def test_a_cancelled_call_cancels_both() -> None:
    world = worlds(alpha=[Hang()], beta=[Hang()])

    async def scene() -> None:
        call = world.call()
        ask = asyncio.create_task(world.completions.complete(call, request()))
        await asyncio.sleep(1)
        ask.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ask
        assert call.tab is not None
        await call.tab.close(1, "CALLER_CANCELLED")

    virtual_time(scene())
    (record,) = world.admission.records
    assert record is not None
    assert [one.outcome for one in record.attempts] == [CANCELLED, CANCELLED]


async def test_a_stream_cannot_be_hedged() -> None:
    world = worlds(alpha=[GOOD])
    with pytest.raises(TrunklineError) as caught:
        async for _ in world.completions.stream(world.call(), request()):
            pass
    assert caught.value.reason == Reason.ERROR_REASON_UNSUPPORTED_PARAMETER
    assert caught.value.metadata["field"] == "recovery.hedge_after"
