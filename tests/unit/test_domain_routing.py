"""The rules, the order, and how a tenant becomes candidates."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from google.protobuf.duration_pb2 import Duration
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.completion_pb2 import CompleteRequest, RecoveryPolicy
from trunkline.v1.configuration_pb2 import CircuitBreaker, IntegrationType, PriceOverride
from trunkline.v1.content_pb2 import JsonSchemaFormat, Media, MediaKind, Message, Part, ResponseFormat
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.requirements_pb2 import ModelRequirements, Quality
from trunkline.v1.route_pb2 import RouteBasis
from trunkline_server.domain.breaker import BreakerRule
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.money import to_money
from trunkline_server.domain.needs import implied
from trunkline_server.domain.ports import BudgetLimit
from trunkline_server.domain.router import breaker_rule
from trunkline_server.domain.routes.plan import Plan, no_provider
from trunkline_server.domain.routes.planner import NAMES
from unit.domain_parts import TENANT, World, answer, integration

ANSWER = [answer()]
USD = 10**9
PRICES = {"alpha/m": (USD, 2 * USD), "beta/m": (USD // 10, USD // 5), "gamma/m": (5 * USD, 20 * USD)}


async def planned(world: World, request: CompleteRequest, *, hard: bool = False) -> Plan:
    budgets = [BudgetLimit("b", "2026-11", 1, hard, (), None)]
    return world.router.plan(await world.router.roads(TENANT), world.call(), request, budgets)


def three(**more: object) -> World:
    return World(dict.fromkeys(("alpha", "beta", "gamma"), ANSWER), prices=PRICES, **more)  # type: ignore[arg-type]


def asking(**requirements: object) -> CompleteRequest:
    return CompleteRequest(prompt="hi", model_requirements=ModelRequirements(**requirements))  # type: ignore[arg-type]


def paced(world: World, provider: str, first: float) -> None:
    """The provider begins to answer after so many seconds."""
    world.resilience.breaker(TENANT, f"{provider}-main", "m", BreakerRule()).paced(first, first, 0)


def order(plan: Plan) -> list[str]:
    return [choice.candidate.name for choice in plan.choices]


def rejected(plan: Plan) -> Mapping[str, str]:
    return {rejection.candidate.name: rejection.rule for rejection in plan.rejections}


async def test_the_cheapest_comes_first() -> None:
    plan = await planned(three(), asking(capabilities=["text"]))
    assert order(plan) == ["beta/m", "alpha/m", "gamma/m"]
    assert plan.course.basis == RouteBasis.ROUTE_BASIS_REQUIREMENTS
    declared = await planned(three(cost_optimization=False), asking())
    assert order(declared) == ["alpha/m", "beta/m", "gamma/m"]


async def test_at_the_same_cost_the_quicker_comes_first() -> None:
    world = World({"alpha": ANSWER, "beta": ANSWER}, prices={"alpha/m": (1, 1), "beta/m": (1, 1)})
    assert order(await planned(world, asking())) == ["alpha/m", "beta/m"]
    paced(world, "alpha", 2.0)
    paced(world, "beta", 1.0)
    assert order(await planned(world, asking())) == ["beta/m", "alpha/m"]


async def test_at_the_same_cost_a_gateway_is_preferred() -> None:
    through = integration("portkey", models=["m"], options={"provider": "alpha"})
    world = World({"alpha": ANSWER}, prices={"alpha/m": (1, 1)}, integrations=[integration("alpha"), through])
    plan = await planned(world, asking())
    assert [choice.candidate.target.profile for choice in plan.choices] == ["portkey", "alpha"]


@pytest.mark.parametrize("name", ["m", "beta/m", "beta-main/m"])
async def test_a_model_can_be_named(name: str) -> None:
    plan = await planned(three(), CompleteRequest(model=name, prompt="hi"))
    assert order(plan)[0] == "beta/m"
    assert plan.course.basis == RouteBasis.ROUTE_BASIS_EXPLICIT
    assert len(plan.choices) == (3 if name == "m" else 1)


async def test_an_alias_keeps_its_order_and_fallbacks_follow() -> None:
    world = three(aliases={"fast": ["gamma/m", "beta/m"], "spare": ["alpha/m"]})
    request = CompleteRequest(model="fast", prompt="hi", recovery=RecoveryPolicy(fallback_models=["spare", "gamma/m"]))
    plan = await planned(world, request)
    assert order(plan) == ["gamma/m", "beta/m", "alpha/m"]
    assert (plan.course.basis, plan.course.rule) == (RouteBasis.ROUTE_BASIS_ALIAS, "fast")
    assert (world.router.aliases_of("beta/m"), world.router.resolve("fast")) == (["fast"], "gamma/m")
    assert world.router.resolve("beta/m") == "beta/m"


@pytest.mark.parametrize("name", ["nope", "alpha/*"])
async def test_an_unknown_model_is_not_found(name: str) -> None:
    with pytest.raises(TrunklineError) as caught:
        await planned(three(), CompleteRequest(model=name, prompt="hi"))
    assert caught.value.reason == Reason.ERROR_REASON_NOT_FOUND


@pytest.mark.parametrize(
    ("requirements", "left", "rule"),
    [
        ({"capabilities": ["tools"]}, [], "capability"),
        ({"max_cost_per_token": to_money(2000)}, ["beta/m", "alpha/m"], "max_cost_per_token"),
        ({"min_quality": 0.6}, ["alpha/m", "gamma/m"], "min_quality"),
        ({"quality": Quality.QUALITY_PREMIUM}, ["gamma/m"], "quality"),
        ({"min_context_tokens": 100_001}, [], "context_window"),
        ({"min_context_tokens": 100_000}, ["beta/m", "alpha/m", "gamma/m"], ""),
        ({"data_residency": "eu"}, [], "residency"),
    ],
)
async def test_requirements_reject(requirements: Mapping[str, object], left: list[str], rule: str) -> None:
    plan = await planned(three(), asking(**requirements))
    assert order(plan) == left
    assert set(rejected(plan).values()) == ({rule} if rule else set())


async def test_a_long_request_does_not_fit() -> None:
    plan = await planned(three(), CompleteRequest(prompt="x" * 1_000_000))
    assert set(rejected(plan).values()) == {"context_window"}


async def test_residency_binds_regions_and_their_parts() -> None:
    made = [
        integration("alpha", region="eu"),
        integration("beta", region="eu-west"),
        integration("gamma", region="europe"),
    ]
    world = three(integrations=made)
    assert order(await planned(world, asking(data_residency="eu"))) == ["beta/m", "alpha/m"]
    strict = three(integrations=made, tenant=Tenant(tenant_id=TENANT, data_residency="eu"))
    assert rejected(await planned(strict, asking())) == {"gamma/m": "residency"}
    with pytest.raises(TrunklineError) as caught:
        await planned(strict, asking(data_residency="us"))
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_MODEL_REQUIREMENTS


async def test_latency_counts_only_once_it_was_seen() -> None:
    world = three()
    request = asking(max_latency=Duration(seconds=1))
    assert len((await planned(world, request)).choices) == 3
    paced(world, "beta", 1.5)
    assert rejected(await planned(world, request)) == {"beta/m": "max_latency"}


async def test_disabled_open_and_unsupported_are_rejected_by_name() -> None:
    world = three()
    roads = await world.router.roads(TENANT)
    disabled = integration("alpha")
    disabled.status = IntegrationStatus.INTEGRATION_STATUS_DISABLED
    world = three(integrations=[disabled, integration("beta"), integration("gamma")])
    for _ in range(5):
        gamma = world.resilience.breaker(TENANT, "gamma-main", "m", BreakerRule())
        gamma.failed(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, gamma.clock())
    plan = await planned(world, CompleteRequest(prompt="hi", seed=1))
    assert rejected(plan) == {"alpha/m": "integration_disabled", "beta/m": "parameter", "gamma/m": "breaker_open"}
    error = no_provider(plan)
    assert error.retry_after is not None and 29.0 < error.retry_after <= 30.0
    assert error.metadata["beta/m"] == "parameter: seed: is not known"
    assert set(rejected(plan).values()) <= set(NAMES)
    assert len(roads.table.candidates) == 3


async def test_options_that_nobody_honours_are_the_callers_to_change() -> None:
    error = no_provider(await planned(three(), CompleteRequest(model="beta/m", prompt="hi", seed=1)))
    assert error.reason == Reason.ERROR_REASON_UNSUPPORTED_PARAMETER
    assert (error.metadata["field"], error.metadata["beta/m"]) == ("seed", "parameter: seed: is not known")
    assert [bad.field for bad in error.details[0].field_violations] == ["seed"]


async def test_unknown_prices_bind_where_money_or_quality_is_asked_for() -> None:
    world = World({"alpha": ANSWER}, prices={"other/m": (1, 1)}, integrations=[integration("alpha", models=["m"])])
    assert order(await planned(world, asking())) == ["alpha/m"]
    assert rejected(await planned(world, asking(), hard=True)) == {"alpha/m": "price_unknown"}
    for wanted in (
        {"max_cost_per_token": to_money(1)},
        {"quality": Quality.QUALITY_STANDARD},
        {"min_context_tokens": 1},
    ):
        assert len((await planned(world, asking(**wanted))).rejections) == 1


async def test_a_tenant_without_providers_is_told_so() -> None:
    tool = integration("alpha")
    tool.type = IntegrationType.INTEGRATION_TYPE_API
    plan = await planned(three(integrations=[tool]), asking())
    error = no_provider(plan)
    assert "CreateIntegration" in error.message
    assert (error.metadata, error.retry_after) == ({}, None)


async def test_unknown_capabilities_are_refused() -> None:
    with pytest.raises(TrunklineError) as caught:
        await planned(three(), asking(capabilities=["text", "telepathy"]))
    assert caught.value.reason == Reason.ERROR_REASON_INVALID_MODEL_REQUIREMENTS
    assert "telepathy" in caught.value.message


def test_content_implies_capabilities() -> None:
    assert implied(CompleteRequest(prompt="hi")) == ({"text"}, 0)
    image = Part(media=Media(kind=MediaKind.MEDIA_KIND_IMAGE))
    request = CompleteRequest(
        messages=[Message(parts=[Part(text="what is this?"), image])],
        top_logprobs=1,
        response_format=ResponseFormat(json_schema=JsonSchemaFormat(schema_json=b"{}")),
    )
    request.tools.add(name="look")
    assert implied(request)[0] == {"text", "vision", "tools", "logprobs", "structured_output"}


async def test_what_content_implies_binds_the_router_but_not_a_named_model() -> None:
    image = CompleteRequest(messages=[Message(parts=[Part(media=Media(kind=MediaKind.MEDIA_KIND_IMAGE))])])
    assert set(rejected(await planned(three(), image)).values()) == {"capability"}
    image.model = "alpha/m"
    assert order(await planned(three(), image)) == ["alpha/m"]


async def test_roads_are_worked_out_once_for_each_view() -> None:
    world = three()
    first = await world.router.roads(TENANT)
    assert await world.router.roads(TENANT) is first
    world.directory.view = type(world.view)(world.view.tenant, {}, {}, ())
    assert (await world.router.roads(TENANT)).table.candidates == []


async def test_targets_take_what_is_configured_then_the_connector_then_the_default() -> None:
    world = three()
    own = integration("alpha")
    target = world.router.target(own, "sesame", "m")
    assert (target.endpoint, target.timeout, target.secret) == ("https://alpha.example", 30.0, "sesame")
    own.configuration.endpoint = "https://own.example"
    own.configuration.timeout.seconds = 7
    target = world.router.target(own, "", "m")
    assert (target.endpoint, target.timeout) == ("https://own.example", 7.0)
    assert "sesame" not in repr(world.router.target(own, "sesame"))


async def test_prices_of_the_tenant_come_first() -> None:
    overrides = [
        PriceOverride(model="m", input_nano_usd_per_million=3, output_nano_usd_per_million=4),
        PriceOverride(model="*", input_nano_usd_per_million=8, output_nano_usd_per_million=9),
    ]
    made = [
        integration("alpha", models=["m", "new"], overrides=overrides),
        integration("beta", overrides=overrides[1:]),
    ]
    roads = await three(integrations=made).router.roads(TENANT)
    lists = {one.name: one.prices for one in roads.table.candidates}
    assert {name: found.dearest_output for name, found in lists.items() if found} == {
        "alpha/m": 4,
        "alpha/new": 9,
        "beta/m": USD // 5,
    }
    assert lists["alpha/m"] is not None
    assert lists["alpha/m"].version == "tenant/7"


async def test_models_found_by_the_last_check_serve_where_nothing_else_is_known() -> None:
    local = integration("vllm")
    local.last_check.CopyFrom(HealthCheck(models=["tiny"]))
    world = World({"vllm": ANSWER}, prices=PRICES, integrations=[local])
    assert order(await planned(world, asking())) == ["vllm/tiny"]


def test_breaker_rules_of_integrations() -> None:
    assert breaker_rule(CircuitBreaker()) == BreakerRule()
    configured = CircuitBreaker(failure_threshold=2, window=Duration(seconds=10), open_duration=Duration(seconds=3))
    assert breaker_rule(configured) == BreakerRule(2, 10.0, 3.0)
