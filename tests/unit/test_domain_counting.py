"""Token counts: the provider's own where there is one, else a local estimate."""

from __future__ import annotations

import pytest
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline_server.domain.errors import Reason, TrunklineError
from unit.domain_parts import TENANT, World, answer, broken, integration

ASK = CompleteRequest(model="alpha/m", prompt="hello world")
# Two words, and what the format of a chat adds.
ESTIMATE = 2 + 6


def world(**more: object) -> World:
    made = World({"alpha": [answer()], "beta": [answer()]}, **more)  # type: ignore[arg-type]
    made.providers.counts = {"alpha": 41, "beta": 42}
    return made


async def test_the_provider_counts() -> None:
    made = world()
    found = await made.counts.count(made.call(), ASK)
    assert (found.input_tokens, found.estimated, found.method, found.model) == (41, False, "provider", "alpha/m")
    # It costs nothing.
    assert made.admission.asks == []


async def test_an_alias_counts_for_its_first_model() -> None:
    made = world(aliases={"best": ["beta/m", "alpha/m"]})
    found = await made.counts.count(made.call(), CompleteRequest(model="best", prompt="hi"))
    assert (found.input_tokens, found.model) == (42, "beta/m")


async def test_a_provider_that_does_not_count_leaves_it_to_the_next_one() -> None:
    made = world()
    del made.providers.counts["alpha"]
    found = await made.counts.count(made.call(), CompleteRequest(model="m", prompt="hi"))
    assert (found.input_tokens, found.model) == (42, "beta/m")


@pytest.mark.parametrize("failing", [True, False])
async def test_without_a_count_there_is_an_estimate(failing: bool) -> None:
    made = world()
    made.providers.counts = {"alpha": broken()} if failing else {}
    found = await made.counts.count(made.call(), ASK)
    assert (found.input_tokens, found.estimated, found.method) == (ESTIMATE, True, "o200k_base")
    assert found.model == "alpha/m"


async def test_a_model_that_nobody_offers_is_estimated() -> None:
    made = world()
    found = await made.counts.count(made.call(), CompleteRequest(model="openai/gpt-4o", prompt="hello world"))
    assert (found.input_tokens, found.estimated, found.model) == (ESTIMATE, True, "openai/gpt-4o")
    assert made.providers.calls == []


async def test_texts_do_not_leave_the_region_to_be_counted() -> None:
    made = world(
        tenant=Tenant(tenant_id=TENANT, data_residency="eu"),
        integrations=[integration("alpha", region="us-east-1"), integration("beta", region="eu-west-1")],
    )
    assert (await made.counts.count(made.call(), ASK)).estimated
    assert made.providers.calls == []
    assert not (await made.counts.count(made.call(), CompleteRequest(model="beta/m", prompt="hi"))).estimated


async def test_an_integration_that_is_switched_off_counts_nothing() -> None:
    off = integration("alpha")
    off.status = IntegrationStatus.INTEGRATION_STATUS_DISABLED
    made = world(integrations=[off])
    assert (await made.counts.count(made.call(), ASK)).estimated
    assert made.providers.calls == []


async def test_what_does_not_fit_the_model_can_be_counted() -> None:
    made = world()
    large = CompleteRequest(model="alpha/m", prompt="word " * 200_000)
    assert not (await made.counts.count(made.call(), large)).estimated


async def test_the_provider_gets_a_part_of_the_time_only() -> None:
    made = world()
    call = made.call(1.0)
    await made.counts.count(call, ASK)
    assert made.providers.deadlines[0].at < call.deadline.at


async def test_a_deadline_that_has_passed_is_told() -> None:
    made = world()
    with pytest.raises(TrunklineError) as caught:
        await made.counts.count(made.call(-1.0), ASK)
    assert caught.value.reason == Reason.ERROR_REASON_CALLER_DEADLINE
