"""Admission of a call with several choices under limits of models and providers."""

from __future__ import annotations

import pytest
from trunkline.v1.common_pb2 import CallLimit, LimitScope
from trunkline.v1.completion_pb2 import CompleteRequest, RecoveryPolicy
from trunkline_server.domain.admission import by_subject
from trunkline_server.domain.call import Call, Caller
from trunkline_server.domain.errors import TrunklineError
from unit.domain_parts import TENANT, World, answer

EACH_PROVIDER = CallLimit(scope=LimitScope.LIMIT_SCOPE_PROVIDER, requests_per_minute=5, tokens_per_minute=900)


def world() -> World:
    return World({"alpha": [answer()], "beta": [answer()]})


def call(world: World, *limits: CallLimit) -> Call:
    made = world.call()
    made.caller = Caller(TENANT, "k", frozenset({"*"}), limits=by_subject(limits))
    return made


def request(**fields: object) -> CompleteRequest:
    return CompleteRequest(prompt="Hello there", max_tokens=100, **fields)  # type: ignore[arg-type]


async def test_the_first_choice_is_asked_for() -> None:
    one = world()
    await one.completions.complete(call(one, EACH_PROVIDER), request())
    (ask,) = one.admission.asks
    assert [rate.subject for rate in ask.rates] == ["provider/alpha"]
    assert 100 < ask.tokens < 200  # The most that may be written, and an estimate of what is read.


async def test_a_long_answer_is_not_expected_in_full() -> None:
    one = world()
    await one.completions.complete(call(one), CompleteRequest(prompt="Hello", max_tokens=50_000))
    assert one.admission.asks[0].tokens < 2000


async def test_a_provider_at_its_limit_is_left_out() -> None:
    one = world()
    one.admission.at_limit = {"provider/alpha"}
    found = await one.completions.complete(call(one, EACH_PROVIDER), request())
    assert found.provider == "beta"
    assert [[rate.subject for rate in ask.rates] for ask in one.admission.asks] == [
        ["provider/alpha"],
        ["provider/beta"],
    ]
    assert found.route.eligible == 1 and found.route.considered == 2
    assert await one.settlements.drain(5) == 0
    assert one.admission.held == {}


async def test_all_at_their_limits() -> None:
    one = world()
    one.admission.at_limit = {"provider/alpha", "provider/beta"}
    with pytest.raises(TrunklineError) as caught:
        await one.completions.complete(call(one, EACH_PROVIDER), request())
    assert (caught.value.reason_name, caught.value.metadata["subject"]) == ("RATE_LIMITED", "provider/beta")
    assert one.providers.calls == []


async def test_the_callers_own_limit_is_not_got_round() -> None:
    one = world()
    one.admission.at_limit = {"tenant"}
    tenant = CallLimit(scope=LimitScope.LIMIT_SCOPE_TENANT, requests_per_minute=5)
    with pytest.raises(TrunklineError, match="tenant is at its limit"):
        await one.completions.complete(call(one, tenant, EACH_PROVIDER), request())
    assert len(one.admission.asks) == 1


async def test_without_fallback_nobody_else_is_tried() -> None:
    one = world()
    one.admission.at_limit = {"provider/alpha"}
    with pytest.raises(TrunklineError, match="provider/alpha is at its limit"):
        await one.completions.complete(call(one, EACH_PROVIDER), request(recovery=RecoveryPolicy(allow_fallback=False)))
